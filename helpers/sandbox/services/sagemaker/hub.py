"""ListHubContents and DescribeHubContent: Cohere's models in JumpStart's public hub.

Only what the catalogue knows is shown. The hub asks for two versions of each entry, its own and that of its
document's schema: both are (not established), and so is when an entry was made.
"""

import json
from typing import Any

from helpers import catalog
from helpers.sandbox.aws.service import AwsError, Context

from . import listing
from .model_packages import published
from .state import State

HUB = "SageMakerPublicHub"
_VERSION = _SCHEMA = "1.0.0"
_SUPPORT = {"offered": "Supported", "deprecated": "Deprecated", "ended": "Deprecated"}


class HubOperations(State):
    """The operations on the public hub; the account has none of its own."""

    def list_hub_contents(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return Cohere's models in the hub; it has many others, and notebooks, on AWS."""
        _check_hub(params["HubName"], context)
        found = _models(context) if params["HubContentType"] == "Model" else {}
        rows = [_row(name, model, context) for name, model in found.items()]
        return listing.answer("HubContentSummaries", rows, params)

    def describe_hub_content(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return a model of Cohere's with its package and its listing."""
        _check_hub(params["HubName"], context)
        name, kind = params["HubContentName"], params["HubContentType"]
        model = _models(context).get(name) if kind == "Model" else None
        if model is None or params.get("HubContentVersion", _VERSION) != _VERSION:
            # wording (not established)
            raise AwsError("ResourceNotFound", f"Hub content {name} of type {kind} does not exist in {HUB}.")
        document = {
            "ModelSubscriptionLink": model.listing_url,
            "HostingModelPackageArn": model.package_arn(context.region) if model.packages else None,
            "DefaultInferenceInstanceType": next(iter(model.packages), None),
            "SupportedInferenceInstanceTypes": list(model.packages),
        }
        return {
            **_summary(name, model, context),
            "HubName": HUB,
            "HubArn": _hub_arn(context),
            "HubContentDocument": json.dumps({key: value for key, value in document.items() if value}),
        }


def _models(context: Context) -> dict[str, catalog.Model]:
    here = [each for each in catalog.models() if context.region in each.regions]
    return {name: each for each in here for name in each.jumpstart_ids}


def _hub_arn(context: Context) -> str:
    return f"arn:aws:sagemaker:{context.region}:aws:hub/{HUB}"


def _check_hub(name: str, context: Context) -> None:
    if name not in (HUB, _hub_arn(context)):
        # wording (not established)
        raise AwsError("ResourceNotFound", f"Hub {name} does not exist.")


def _summary(name: str, model: catalog.Model, context: Context) -> dict[str, Any]:
    place = f"arn:aws:sagemaker:{context.region}:aws:hub-content/{HUB}/Model"
    support = _SUPPORT.get(model.status.stage)
    return {
        "HubContentName": name,
        "HubContentArn": f"{place}/{name}/{_VERSION}",
        "HubContentVersion": _VERSION,
        "HubContentType": "Model",
        "DocumentSchemaVersion": _SCHEMA,
        "HubContentDisplayName": model.name,
        "HubContentDescription": f"{model.name}: {model.status}",
        **({"SupportStatus": support} if support else {}),
        "HubContentStatus": "Available",
        "CreationTime": published(model),
    }


def _row(name: str, model: catalog.Model, context: Context) -> listing.Row:
    summary, made = _summary(name, model, context), published(model)
    return listing.Row(name, made, made, "Available", summary)
