"""Model packages by ARN, the catalogue's and the account's own; DescribeModelPackage, ListModelPackages."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from helpers import catalog
from helpers.sandbox.aws.service import Context

from ..marketplace.listings import listing
from . import listing as lists
from .errors import refused
from .own_packages import API_OF_PACKAGE, PUBLISHED, own_arn, own_packages
from .state import State


@dataclass(frozen=True)
class Package:
    """A model package in one region."""

    arn: str
    model: catalog.Model
    own: bool = False

    @property
    def name(self) -> str:
        """The last part of the ARN, which is the same in every region."""
        return self.arn.rpartition("/")[2]

    @property
    def instance_types(self) -> list[str]:
        """The instance types that this package runs on."""
        return [kind for kind, package in self.model.packages.items() if package == self.name]


def find(name: str, context: Context) -> Package:
    """Return the package of an ARN, or of the account's own by name, as AWS takes both.

    Raises ValidationException for an unknown one, or an ARN of another region.
    """
    arn = own_arn(name, context) if name in API_OF_PACKAGE else name
    parts = arn.split(":")
    if len(parts) == 6 and parts[3] != context.region:
        raise refused(f"ARN should be scoped to correct region: {context.region}")
    if arn in (own := own_packages(context)):
        return Package(arn, own[arn], own=True)
    model = catalog.model_of_package(arn)
    if model is None or context.region not in model.regions or arn != _arn(arn, context):
        raise refused(f"ModelPackage {arn} does not exist.")  # wording (not established)
    return Package(arn, model)


def _arn(arn: str, context: Context) -> str:
    account = catalog.publishing_accounts()[context.region]
    return f"arn:aws:sagemaker:{context.region}:{account}:model-package/{arn.rpartition('/')[2]}"


class PackageOperations(State):
    """DescribeModelPackage and ListModelPackages."""

    def describe_model_package(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the package; that AWS needs no subscription for it: (not established)."""
        package = find(params["ModelPackageName"], context)
        return {
            "ModelPackageName": package.name,
            "ModelPackageArn": package.arn,
            "ModelPackageDescription": package.model.name,
            "CreationTime": published(package.model),
            "InferenceSpecification": _inference(package),
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "CertifyForMarketplace": not package.own,
        }

    def list_model_packages(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the account's own packages; those of Marketplace belong to sellers."""
        rows = [_row(Package(arn, model, own=True)) for arn, model in own_packages(context).items()]
        return lists.answer("ModelPackageSummaryList", rows, params)


def _row(package: Package) -> lists.Row:
    created = published(package.model)
    summary = {
        "ModelPackageName": package.name,
        "ModelPackageArn": package.arn,
        "ModelPackageDescription": package.model.name,
        "CreationTime": created,
        "ModelPackageStatus": "Completed",
    }
    return lists.Row(package.name, created, created, "Completed", summary)


def _inference(package: Package) -> dict[str, Any]:
    listing_id = package.model.listing_id
    return {
        "Containers": [{"ProductId": listing(listing_id).product_id} if listing_id else {}],
        "SupportedRealtimeInferenceInstanceTypes": package.instance_types,
        "SupportedContentTypes": ["application/json"],
        "SupportedResponseMIMETypes": ["application/json"],
    }


def published(model: catalog.Model) -> datetime:
    """Return the catalogue's date of a model (YYYY-MM-DD or YYYY-MM) as a time."""
    as_of = model.as_of or PUBLISHED
    return datetime.fromisoformat(as_of if len(as_of) > 7 else f"{as_of}-01").replace(tzinfo=UTC)
