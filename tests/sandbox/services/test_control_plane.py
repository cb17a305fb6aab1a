"""Clients that were written for the real service, against the really started sandbox."""

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError

from helpers import catalog

MEDIUM = catalog.model("cohere-medium")
OTHER = catalog.model("command-r-plus-08-2024")  # which no other test subscribes to
FAST = {"Delay": 1, "MaxAttempts": 20}


@pytest.fixture(scope="module")
def sagemaker(aws):
    return aws("sagemaker")


def product_of(aws, model):
    listing = aws("marketplace-discovery").get_listing(listingId=model.listing_id)
    return listing["associatedEntities"][0]["product"]["productId"]


def active_agreements(aws, product_id):
    filters = {
        "PartyType": "Acceptor",
        "AgreementType": "PurchaseAgreement",
        "ResourceIdentifier": product_id,
        "Status": "ACTIVE",
    }
    found = aws("marketplace-agreement").search_agreements(
        catalog="AWSMarketplace",
        filters=[{"name": name, "values": [value]} for name, value in filters.items()],
    )
    return [each["agreementId"] for each in found["agreementViewSummaries"]]


def subscribe(aws, model):
    """From the listing to the agreement, with nothing known beforehand but the listing's id."""
    discovery, agreements = aws("marketplace-discovery"), aws("marketplace-agreement")
    by_product = {"filterType": "PRODUCT_ID", "filterValues": [product_of(aws, model)]}
    offer_id = discovery.list_purchase_options(filters=[by_product])["purchaseOptions"][0]["purchaseOptionId"]
    pages = discovery.get_paginator("get_offer_terms").paginate(
        offerId=offer_id, PaginationConfig={"PageSize": 1}
    )
    terms = [term for page in pages for each in page["offerTerms"] for term in each.values()]
    request = agreements.create_agreement_request(
        intent="NEW",
        agreementProposalIdentifier=discovery.get_offer(offerId=offer_id)["agreementProposalId"],
        requestedTerms=[{"id": term["id"]} for term in terms],
    )
    accepted = agreements.accept_agreement_request(agreementRequestId=request["agreementRequestId"])
    return accepted["agreementId"]


@pytest.fixture
def subscribed(aws):
    """Subscribed to Medium: as it was before, afterwards."""
    if active_agreements(aws, product_of(aws, MEDIUM)):
        yield
        return
    agreement_id = subscribe(aws, MEDIUM)
    yield
    aws("marketplace-agreement").cancel_agreement(agreementId=agreement_id)


@pytest.fixture
def endpoint(sagemaker, subscribed):
    """The name of an endpoint that is InService."""
    name = "control-plane"
    sagemaker.create_model(
        ModelName=name,
        PrimaryContainer={"ModelPackageName": MEDIUM.package_arn("us-east-1")},
        EnableNetworkIsolation=True,
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": name,
                "InstanceType": "ml.p3.2xlarge",
                "InitialInstanceCount": 1,
            }
        ],
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=FAST)
    yield name
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig=FAST)
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)


def test_boto3_waits_describes_and_pages(sagemaker, endpoint):
    assert sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"] == "InService"
    for operation, member in (
        ("list_models", "Models"),
        ("list_endpoint_configs", "EndpointConfigs"),
        ("list_endpoints", "Endpoints"),
    ):
        pages = sagemaker.get_paginator(operation).paginate(
            NameContains=endpoint, PaginationConfig={"PageSize": 1}
        )
        assert len(pages.build_full_result()[member]) == 1
    arn = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    assert pages.build_full_result()["Tags"] == [{"Key": "a", "Value": "b"}]


def test_boto3_gets_the_errors_of_sagemaker(sagemaker, endpoint):
    with pytest.raises(ClientError) as caught:
        sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)
    assert caught.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Cannot create already existing endpoint "
        f'"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{endpoint}".',
    }
    with pytest.raises(sagemaker.exceptions.ResourceLimitExceeded, match="is 1 Instances, with current"):
        sagemaker.create_endpoint(EndpointName="one-too-many", EndpointConfigName=endpoint)
    with pytest.raises(WaiterError):
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="nobody", WaiterConfig=FAST)


def test_boto3_subscribes_and_cancels(aws, sagemaker):
    model = {
        "ModelName": "other",
        "PrimaryContainer": {"ModelPackageName": OTHER.package_arn("us-east-1")},
        "EnableNetworkIsolation": True,
    }
    product_id, agreements = product_of(aws, OTHER), aws("marketplace-agreement")
    for agreement_id in active_agreements(aws, product_id):
        agreements.cancel_agreement(agreementId=agreement_id)
    with pytest.raises(ClientError, match="Caller is not subscribed to the marketplace offering"):
        sagemaker.create_model(**model)
    agreement_id = subscribe(aws, OTHER)
    assert active_agreements(aws, product_id) == [agreement_id]
    with pytest.raises(agreements.exceptions.ConflictException):
        subscribe(aws, OTHER)
    entitlements = agreements.get_agreement_entitlements(agreementId=agreement_id)
    assert entitlements["agreementEntitlements"][0]["status"] == "PROVISIONED"
    assert len(agreements.get_agreement_terms(agreementId=agreement_id)["acceptedTerms"]) == 4
    sagemaker.create_model(**model)
    sagemaker.delete_model(ModelName="other")
    agreements.cancel_agreement(agreementId=agreement_id)
    assert agreements.describe_agreement(agreementId=agreement_id)["status"] == "CANCELLED"
    with pytest.raises(ClientError, match="Caller is not subscribed"):
        sagemaker.create_model(**model)


def test_boto3_gets_the_reason_of_a_bad_search(aws):
    agreements = aws("marketplace-agreement")
    filters = {"PartyType": "Acceptor", "AgreementType": "PurchaseAgreement", "AcceptorAccountId": "1"}
    with pytest.raises(agreements.exceptions.ValidationException) as caught:
        agreements.search_agreements(filters=[{"name": n, "values": [v]} for n, v in filters.items()])
    assert caught.value.response["reason"] == "UNSUPPORTED_FILTERS"


def test_boto3_finds_prices_and_quotas(aws):
    wanted = {"component": "Hosting", "instanceName": "ml.g5.xlarge", "regionCode": "us-east-1"}
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
    found = aws("pricing").get_products(ServiceCode="AmazonSageMaker", Filters=filters)
    assert len(found["PriceList"]) == 1
    quotas = aws("service-quotas")
    pages = quotas.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    values = {each["QuotaName"]: each["Value"] for page in pages for each in page["Quotas"]}
    assert values["ml.g5.xlarge for endpoint usage"] == 2
    assert "ml.g6.48xlarge for endpoint usage" not in values
    pages = quotas.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode="sagemaker")
    defaults = {each["QuotaName"]: each["Value"] for page in pages for each in page["Quotas"]}
    assert defaults["ml.g6.48xlarge for endpoint usage"] == 0


@pytest.mark.slow
def test_the_sagemaker_sdk_deploys_and_deletes(sandbox, subscribed, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
    from sagemaker.core.resources import Endpoint, EndpointConfig, Model, ModelPackage
    from sagemaker.core.shapes import ContainerDefinition, ProductionVariant

    session = boto3.Session(sandbox.access_key_id, sandbox.secret_access_key, region_name="us-east-1")
    here = {"session": session, "region": "us-east-1"}
    arn, name = MEDIUM.package_arn("us-east-1"), "by-the-sdk"
    assert ModelPackage.get(arn, **here).model_package_arn == arn
    model = Model.create(
        model_name=name,
        primary_container=ContainerDefinition(model_package_name=arn),
        execution_role_arn=sandbox.role_arn,
        enable_network_isolation=True,
        **here,
    )
    variant = ProductionVariant(
        variant_name="AllTraffic", model_name=name, instance_type="ml.g5.2xlarge", initial_instance_count=1
    )
    config = EndpointConfig.create(endpoint_config_name=name, production_variants=[variant], **here)
    endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=name, **here)
    endpoint.wait_for_status("InService", poll=1)
    assert name in [each.endpoint_name for each in Endpoint.get_all(**here)]
    endpoint.update_weights_and_capacities(
        desired_weights_and_capacities=[{"variant_name": "AllTraffic", "desired_weight": 2.0}]
    )
    endpoint.wait_for_status("InService", poll=1)
    assert endpoint.refresh().production_variants[0].current_weight == 2.0
    endpoint.delete()
    endpoint.wait_for_delete(poll=1)
    config.delete()
    model.delete()
    assert name not in [each.model_name for each in Model.get_all(**here)]


@pytest.mark.parametrize("service", ["marketplace-agreement", "marketplace-discovery", "pricing"])
def test_services_of_few_regions_are_in_no_other(aws, service):
    ask = {
        "marketplace-agreement": ("search_agreements", {"catalog": "AWSMarketplace"}),
        "marketplace-discovery": ("search_listings", {"searchText": "Cohere"}),
        "pricing": ("get_products", {"ServiceCode": "AmazonSageMaker"}),
    }
    operation, params = ask[service]
    with pytest.raises(ClientError, match=f"AWS has no {service} in eu-west-1: .*us-east-1"):
        getattr(aws(service, "eu-west-1"), operation)(**params)
