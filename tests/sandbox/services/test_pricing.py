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


def ask(operation, instance_type, faults=None, service=None, **params):
    query = {"ServiceCode": "sagemaker", "QuotaCode": quota_code(instance_type), **params}
    return (service or Quotas(faults)).call(operation, query, CONTEXT)


def quota(instance_type, faults=None):
    return ask("GetServiceQuota", instance_type, faults)["Quota"]


WITH_QUOTA = [each for each in catalog.instance_types() if each.sandbox_quota]


@pytest.mark.parametrize("instance", WITH_QUOTA, ids=lambda each: each.type)
def test_a_quota_is_the_number_that_create_endpoint_enforces(instance):
    said = quota(instance.type)
    assert said["QuotaName"] == f"{instance.type} for endpoint usage"
    assert said["Value"] == instance.sandbox_quota == endpoint_quota(instance.type, Faults())


@pytest.mark.parametrize("instance_type", ["ml.m5.large", "ml.p2.xlarge"])
def test_a_type_without_a_value_of_its_own_has_the_default(instance_type):
    assert "NoSuchResourceException" in error(quota, instance_type)
    assert ask("GetAWSDefaultServiceQuota", instance_type)["Quota"]["Value"] == 0


def test_a_quotas_code_is_aws_own_where_it_is_known():
    assert quota_code("ml.g5.xlarge") == "L-1928E07B"


def test_a_new_instance_type_is_one_entry(monkeypatch):
    known = asdict(catalog.instance_type("ml.g5.xlarge"))
    entry = {**known, "type": "ml.g99.xlarge", "sandbox_quota": 3, "quota_code": ""}
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


def names(operation):
    query, found = {"ServiceCode": "sagemaker"}, {}
    while query is not None:
        page = Quotas().call(operation, query, CONTEXT)
        found.update({each["QuotaCode"]: each["QuotaName"] for each in page["Quotas"]})
        query = {**query, "NextToken": page["NextToken"]} if "NextToken" in page else None
    assert len(set(found.values())) == len(found)
    return set(found.values())


def test_every_quota_has_a_default_and_some_have_a_value_of_their_own():
    applied, all_of_them = names("ListServiceQuotas"), names("ListAWSDefaultServiceQuotas")
    assert applied == {f"{each.type} for endpoint usage" for each in WITH_QUOTA}
    assert {f"{each.type} for endpoint usage" for each in catalog.instance_types()} <= all_of_them
    assert "ml.m5.large for endpoint usage" in all_of_them


def test_a_request_for_more_stays_open_and_is_made_once():
    service, history = Quotas(), "ListRequestedServiceQuotaChangeHistoryByQuota"
    more = {"service": service, "DesiredValue": 3}
    assert ask(history, "ml.g5.xlarge", service=service) == {"RequestedQuotas": []}
    made = ask("RequestServiceQuotaIncrease", "ml.g5.xlarge", **more)["RequestedQuota"]
    assert (made["Status"], made["DesiredValue"]) == ("PENDING", 3)
    (found,) = ask(history, "ml.g5.xlarge", service=service)["RequestedQuotas"]
    assert (found["Id"], found["Status"]) == (made["Id"], "CASE_OPENED")
    assert ask(history, "ml.g5.xlarge", service=service, Status="APPROVED") == {"RequestedQuotas": []}
    assert ask(history, "ml.g5.2xlarge", service=service) == {"RequestedQuotas": []}
    again = error(ask, "RequestServiceQuotaIncrease", "ml.g5.xlarge", **more)
    assert again.startswith("ResourceAlreadyExistsException: ")
    assert quota("ml.g5.xlarge")["Value"] == catalog.instance_type("ml.g5.xlarge").sandbox_quota


def test_a_request_for_no_more_than_there_is_is_refused():
    refused = error(ask, "RequestServiceQuotaIncrease", "ml.g5.xlarge", DesiredValue=2)
    assert refused.startswith("IllegalArgumentException: ")


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
