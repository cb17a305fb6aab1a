"""What SageMaker says of a model package: its status, and the instance types that it runs on."""

from contextlib import suppress
from dataclasses import dataclass

from botocore.exceptions import ClientError

from ..connect.aws_errors import explained
from ..connect.session import Session
from ..errors import NotPermitted, Throttled, UnknownInstanceType


@dataclass(frozen=True)
class Package:
    """A model package as DescribeModelPackage has it; `status` is Completed for one that can be deployed."""

    status: str
    instance_types: tuple[str, ...]


def describe_package(session: Session, package_arn: str) -> Package:
    """Return what SageMaker says of the package. Raises ClientError for one that it does not see."""
    with explained("look at the model package"):
        told = session.client("sagemaker").describe_model_package(ModelPackageName=package_arn)
    inference = told.get("InferenceSpecification", {})
    return Package(
        told["ModelPackageStatus"], tuple(inference.get("SupportedRealtimeInferenceInstanceTypes", ()))
    )


def check_package(session: Session, package_arn: str, instance_type: str) -> None:
    """Raise UnknownInstanceType if the package is seen and does not run on the instance type.

    Where it is not seen, or you may not look, CreateModel will tell.
    """
    with suppress(NotPermitted, Throttled, ClientError):
        types = describe_package(session, package_arn).instance_types
        if types and instance_type not in types:
            raise UnknownInstanceType(
                f"The package {package_arn} does not run on {instance_type}. "
                f"Choose one of: {', '.join(types)}."
            )
