"""A good request of every operation that the sandbox answers, in an order in which each works."""

from collections.abc import Callable, Iterator
from typing import Any

from helpers.sandbox.aws.service import Service
from helpers.sandbox.services.autoscaling import AutoScaling
from helpers.sandbox.services.clock import Clock
from helpers.sandbox.services.cloudwatch.alarms import Alarms
from helpers.sandbox.services.iam import Roles
from helpers.sandbox.services.pricing import Pricing
from helpers.sandbox.services.quotas import Quotas, quota_code
from helpers.sandbox.settings import ROLE_ARN

from .practice_world import MEDIUM, World, listing, variant

SOLD = listing(MEDIUM.listing_id)
ENDPOINT = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"
TAGS = [{"Key": "made-by", "Value": "tests"}]
Before = Callable[[Service, str], None]


def walk(before: Before = lambda service, operation: None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each operation's name and the JSON of its answer; `before` is called before it is asked for."""
    world, pricing, quotas = World(), Pricing(), Quotas()

    def ask(service: Service, operation: str, **params: Any) -> tuple[str, dict[str, Any]]:
        before(service, operation)
        return operation, service._run(operation, params, world.context)[1]

    yield from _marketplace(world, ask)
    yield from _sagemaker(world, ask)
    yield ask(pricing, "GetProducts", ServiceCode="AmazonSageMaker", MaxResults=1)
    yield ask(quotas, "ListServiceQuotas", ServiceCode="sagemaker", MaxResults=5)
    yield ask(quotas, "ListAWSDefaultServiceQuotas", ServiceCode="sagemaker", MaxResults=5)
    quota = {"ServiceCode": "sagemaker", "QuotaCode": quota_code("ml.g5.xlarge")}
    yield ask(quotas, "GetServiceQuota", **quota)
    yield ask(quotas, "GetAWSDefaultServiceQuota", **quota)
    yield ask(quotas, "RequestServiceQuotaIncrease", **quota, DesiredValue=5)
    yield ask(quotas, "ListRequestedServiceQuotaChangeHistoryByQuota", **quota)


def _marketplace(world: World, ask: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    find, agree = world.discovery, world.agreements
    of_product = [{"filterType": "PRODUCT_ID", "filterValues": [SOLD.product_id]}]
    yield ask(find, "SearchListings", searchText="Cohere")
    yield ask(find, "GetListing", listingId=SOLD.id)
    yield ask(find, "ListFulfillmentOptions", productId=SOLD.product_id)
    yield ask(find, "ListPurchaseOptions", filters=of_product)
    yield ask(find, "GetOffer", offerId=SOLD.offer_id)
    yield ask(find, "GetOfferTerms", offerId=SOLD.offer_id)
    terms = [{"id": term["id"]} for term in SOLD.terms().values()]
    wanted = {"intent": "NEW", "agreementProposalIdentifier": SOLD.proposal_id, "requestedTerms": terms}
    yield ask(agree, "CreateAgreementRequest", **wanted)
    yield ask(agree, "AcceptAgreementRequest", agreementRequestId=next(iter(agree._quotes)))
    world.clock.wait(1)
    agreement = next(iter(agree._agreements))
    party = {"PartyType": "Acceptor", "AgreementType": "PurchaseAgreement"}
    filters = [{"name": name, "values": [value]} for name, value in party.items()]
    yield ask(agree, "SearchAgreements", catalog="AWSMarketplace", filters=filters)
    for operation in ("DescribeAgreement", "GetAgreementTerms", "GetAgreementEntitlements"):
        yield ask(agree, operation, agreementId=agreement)


def _scaling(world: World, ask: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    clock = Clock(1.0, world.clock)
    alarms = Alarms(clock)
    alarms.connect()
    scaling = AutoScaling(world.service, alarms, clock, Roles())
    of_sagemaker = {"ServiceNamespace": "sagemaker"}
    target = {
        **of_sagemaker,
        "ResourceId": "endpoint/e/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    yield ask(scaling, "RegisterScalableTarget", **target, MinCapacity=1, MaxCapacity=2)
    arn = next(iter(scaling.describe_scalable_targets(of_sagemaker, world.context)["ScalableTargets"]))
    arn = arn["ScalableTargetARN"]
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    tracking = {"TargetValue": 1.0, "PredefinedMetricSpecification": metric}
    policy = {"PolicyName": "p", "PolicyType": "TargetTrackingScaling", **target}
    yield ask(scaling, "PutScalingPolicy", **policy, TargetTrackingScalingPolicyConfiguration=tracking)
    action = {"ScheduledActionName": "a", **target}
    change = {"MinCapacity": 1, "MaxCapacity": 2}
    yield ask(scaling, "PutScheduledAction", **action, Schedule="rate(1 day)", ScalableTargetAction=change)
    kinds = ("ScalableTargets", "ScalingPolicies", "ScheduledActions", "ScalingActivities")
    for kind in kinds:
        yield ask(scaling, f"Describe{kind}", **of_sagemaker)
    yield ask(scaling, "TagResource", ResourceARN=arn, Tags={"a": "b"})
    yield ask(scaling, "ListTagsForResource", ResourceARN=arn)
    yield ask(scaling, "UntagResource", ResourceARN=arn, TagKeys=["a"])
    yield ask(scaling, "DeleteScheduledAction", **action)
    yield ask(scaling, "DeleteScalingPolicy", PolicyName="p", **target)
    yield ask(scaling, "DeregisterScalableTarget", **target)


def _sagemaker(world: World, ask: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    sagemaker, package = world.service, MEDIUM.package_arn("us-east-1")
    model = {"PrimaryContainer": {"ModelPackageName": package}, "EnableNetworkIsolation": True}
    model["ExecutionRoleArn"] = ROLE_ARN
    hub = {"HubName": "SageMakerPublicHub", "HubContentType": "Model"}
    yield ask(sagemaker, "ListHubContents", **hub, MaxResults=1)
    yield ask(sagemaker, "DescribeHubContent", **hub, HubContentName=MEDIUM.jumpstart_ids[0])
    yield ask(sagemaker, "ListModelPackages")
    yield ask(sagemaker, "DescribeModelPackage", ModelPackageName=package)
    yield ask(sagemaker, "CreateModel", ModelName="m", **model)
    yield ask(sagemaker, "CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=[variant()])
    yield ask(sagemaker, "CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    world.clock.wait(3)
    yield ask(sagemaker, "UpdateEndpoint", EndpointName="e", EndpointConfigName="c")
    world.clock.wait(3)
    weights = [{"VariantName": "AllTraffic", "DesiredWeight": 1.0}]
    changed = {"EndpointName": "e", "DesiredWeightsAndCapacities": weights}
    yield ask(sagemaker, "UpdateEndpointWeightsAndCapacities", **changed)
    world.clock.wait(3)
    yield from _scaling(world, ask)
    yield ask(sagemaker, "AddTags", ResourceArn=ENDPOINT, Tags=TAGS)
    yield ask(sagemaker, "ListTags", ResourceArn=ENDPOINT)
    yield ask(sagemaker, "DeleteTags", ResourceArn=ENDPOINT, TagKeys=["made-by"])
    for kind, name in (("Endpoint", "e"), ("EndpointConfig", "c"), ("Model", "m")):
        yield ask(sagemaker, f"Describe{kind}", **{f"{kind}Name": name})
        yield ask(sagemaker, f"List{kind}s", MaxResults=1)
        yield ask(sagemaker, f"Delete{kind}", **{f"{kind}Name": name})
    agreement = next(iter(world.agreements._agreements))
    yield ask(world.agreements, "CancelAgreement", agreementId=agreement)
