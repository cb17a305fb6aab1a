import json
from dataclasses import asdict

import pytest

from helpers import catalog
from helpers.sandbox.aws.service import Context
from helpers.sandbox.faults import Faults
from helpers.sandbox.services import quotas
from helpers.sandbox.services.pricing import Pricing
from helpers.sandbox.services.quotas import Quotas, endpoint_quota, quota_code

from ..practice_world import World, error

CONTEXT = Context("us-east-1", "123456789012")


def products(*filters, **params):
    wanted = [{"Type": kind, "Field": field, "Value": value} for kind, field, value in filters]
    query = {"ServiceCode": "AmazonSageMaker", "Filters": wanted, **params}
    return [json.loads(each) for each in Pricing().call("GetProducts", query, CONTEXT)["PriceList"]]


def usd(product):
    """The price the way clients of the price list dig for it."""
    (term,) = product["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    assert dimension["unit"] == "Hrs"
    return float(dimension["pricePerUnit"]["USD"])


def hosting(instance_type, region="us-east-1"):
    return products(
        ("TERM_MATCH", "component", "Hosting"),
        ("TERM_MATCH", "instanceName", instance_type),
        ("TERM_MATCH", "regionCode", region),
    )


@pytest.mark.parametrize("instance", catalog.instance_types(), ids=lambda each: each.type)
def test_the_price_of_an_instance_type(instance):
    prices = [usd(product) for product in hosting(instance.type)]
    assert prices == ([] if instance.usd_per_hour is None else [instance.usd_per_hour])


def test_no_price_is_made_up_for_another_region():
    assert hosting("ml.g5.xlarge", "eu-west-1") == []


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("EQUALS", "ml.g5.xlarge", 1),
        ("CONTAINS", "ml.g5.", 2),
        ("ANY_OF", "ml.g5.xlarge,ml.g5.2xlarge,ml.x", 2),
        ("NONE_OF", "ml.g5.xlarge", len(products()) - 1),
        ("TERM_MATCH", "ml.g5", 0),
    ],
)
def test_filter_types(kind, value, found):
    assert len(products((kind, "instanceName", value))) == found


def test_products_come_in_pages():
    query = {"ServiceCode": "AmazonSageMaker", "MaxResults": 5}
    first = Pricing().call("GetProducts", query, CONTEXT)
    rest = Pricing().call("GetProducts", {**query, "NextToken": first["NextToken"]}, CONTEXT)
    assert sorted(first["PriceList"] + rest["PriceList"]) == sorted(map(json.dumps, products()))


def test_other_services_have_no_prices():
    call = Pricing().call
    assert "NotFound" in error(call, "GetProducts", {"ServiceCode": "AmazonEC2"}, CONTEXT)


# Quotas


def quota(instance_type, faults=None):
    query = {"ServiceCode": "sagemaker", "QuotaCode": quota_code(instance_type)}
    return Quotas(faults).call("GetServiceQuota", query, CONTEXT)["Quota"]


@pytest.mark.parametrize("instance", catalog.instance_types(), ids=lambda each: each.type)
def test_a_quota_is_the_number_that_create_endpoint_enforces(instance):
    said = quota(instance.type)
    assert said["QuotaName"] == f"{instance.type} for endpoint usage"
    assert said["Value"] == instance.sandbox_quota == endpoint_quota(instance.type, Faults())


def test_a_type_that_the_catalogue_lacks_has_no_quota():
    assert quota("ml.m5.large")["Value"] == 0


def test_a_new_instance_type_is_one_entry(monkeypatch):
    entry = {**asdict(catalog.instance_type("ml.g5.xlarge")), "type": "ml.g99.xlarge", "sandbox_quota": 3}
    listed = (*catalog.instance_types(), catalog.InstanceType(**entry))
    monkeypatch.setattr(catalog, "instance_types", lambda: listed)
    quotas._codes.cache_clear()
    try:
        assert quota("ml.g99.xlarge")["Value"] == 3
    finally:
        quotas._codes.cache_clear()


def test_a_fault_changes_what_is_said_and_what_is_enforced():
    class Less(Faults):
        def quota(self, instance_type, usual):
            return 0

    assert quota("ml.g5.xlarge", Less())["Value"] == 0
    world = World(Less()).ready()
    assert "is 0 Instances, with current utilization of 0 Instances and a request delta of 1" in (
        error(world.create_endpoint)
    )


def test_every_quota_is_listed_once():
    query, found = {"ServiceCode": "sagemaker"}, {}
    while query is not None:
        page = Quotas().call("ListServiceQuotas", query, CONTEXT)
        found.update({each["QuotaCode"]: each["QuotaName"] for each in page["Quotas"]})
        query = {**query, "NextToken": page["NextToken"]} if "NextToken" in page else None
    assert len(set(found.values())) == len(found)
    assert {f"{each.type} for endpoint usage" for each in catalog.instance_types()} <= set(found.values())


@pytest.mark.parametrize(
    "query",
    [
        {"ServiceCode": "sagemaker", "QuotaCode": "L-00000000"},
        {"ServiceCode": "vpc", "QuotaCode": "L-00000000"},
    ],
)
def test_an_unknown_quota(query):
    refused = error(Quotas().call, "GetServiceQuota", query, CONTEXT)
    assert refused.startswith("NoSuchResourceException: ")
