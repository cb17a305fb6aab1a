"""AWS Price List for SageMaker hosting: the prices of data/instances.json in AWS's format.

The file has prices for us-east-1; other regions get an empty list.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from helpers import catalog

from ..aws.paging import page
from ..aws.service import AwsError, Context, Service

REGION = "us-east-1"
LOCATION = "US East (N. Virginia)"

# filter type -> test of (the attribute's value, the filter's value)
MATCHES: dict[str, Callable[[str, str], bool]] = {
    "TERM_MATCH": lambda value, condition: value == condition,
    "EQUALS": lambda value, condition: value == condition,
    "CONTAINS": lambda value, condition: condition in value,
    "ANY_OF": lambda value, condition: value in condition.split(","),
    "NONE_OF": lambda value, condition: value not in condition.split(","),
}


class Pricing(Service):
    """The service `pricing`: GetProducts for AmazonSageMaker."""

    service_name = "pricing"
    regions = frozenset({"us-east-1", "eu-central-1", "ap-south-1"})  # botocore, get_available_regions

    def get_products(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the products that match every filter, each as JSON text."""
        if params["ServiceCode"] != "AmazonSageMaker":
            # wording (not established)
            raise AwsError("NotFoundException", "The sandbox has prices for AmazonSageMaker only.")
        products = [_product(t) for t in catalog.instance_types() if t.usd_per_hour is not None]
        matching = [p for p in products if all(_matches(p, f) for f in params.get("Filters", []))]
        chosen, token = page(
            matching,
            lambda product: (product["product"]["sku"],),
            size=params.get("MaxResults", 100),
            token=params.get("NextToken"),
            # wording (not established)
            bad_token=AwsError("InvalidNextTokenException", "The next token is not valid."),
        )
        found = {"FormatVersion": "aws_v1", "PriceList": [json.dumps(product) for product in chosen]}
        return {**found, **({"NextToken": token} if token else {})}


def _matches(product: dict[str, Any], condition: dict[str, str]) -> bool:
    attributes = {**product["product"]["attributes"], "productFamily": product["product"]["productFamily"]}
    value = attributes.get(condition["Field"])
    return value is not None and MATCHES[condition["Type"]](value, condition["Value"])


def _product(instance: catalog.InstanceType) -> dict[str, Any]:
    sku = hashlib.sha256(instance.type.encode()).hexdigest()[:16].upper()
    term = f"{sku}.JRTCKXETXF"  # AWS's offer term code for on-demand prices
    return {
        "product": {"sku": sku, "productFamily": "ML Instance", "attributes": _attributes(instance)},
        "serviceCode": "AmazonSageMaker",
        "terms": {"OnDemand": {term: _term(instance, sku, term)}},
        "version": instance.as_of,
        "publicationDate": instance.as_of,
    }


def _attributes(instance: catalog.InstanceType) -> dict[str, str]:
    return {
        "component": "Hosting",
        "instanceName": instance.type,
        "instanceType": f"{instance.type}-Hosting",
        "regionCode": REGION,
        "location": LOCATION,
        "locationType": "AWS Region",
        "usagetype": f"USE1-Host:{instance.type}",
        "operation": "RunInstance",
        "servicecode": "AmazonSageMaker",
        "servicename": "Amazon SageMaker",
        "gpu": str(instance.gpus),
    }


def _term(instance: catalog.InstanceType, sku: str, term: str) -> dict[str, Any]:
    price = f"{term}.6YS6EN2CT7"  # AWS's rate code for a price per hour
    return {
        "offerTermCode": "JRTCKXETXF",
        "sku": sku,
        "effectiveDate": instance.as_of,
        "termAttributes": {},
        "priceDimensions": {
            price: {
                "rateCode": price,
                "unit": "Hrs",
                "beginRange": "0",
                "endRange": "Inf",
                "description": f"{instance.type} hosting in {LOCATION}, an estimate as of {instance.as_of}: "
                f"{instance.source}",
                "appliesTo": [],
                "pricePerUnit": {"USD": f"{instance.usd_per_hour:.10f}"},
            }
        },
    }
