"""Values for requests of every kind, from good to nonsense, made from botocore's models."""

import random
from collections import defaultdict
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from helpers import catalog
from helpers.sandbox.services.marketplace.listings import listing
from helpers.sandbox.settings import ROLE_ARN

MEDIUM, CHAT = catalog.model("cohere-medium"), catalog.model("command-r-08-2024")
# Values that mean something here, so that requests get further than the first check.
NAMES = ("e", "m", "c", "chat", "x", "y", "AllTraffic", "a-b", "-", "a_b", "", "n" * 64, "é")
TEXTS = (
    *NAMES,
    ROLE_ARN,
    MEDIUM.package_arn("us-east-1"),
    MEDIUM.package_arn("eu-west-1"),
    CHAT.package_arn("us-east-1", "ml.p5.48xlarge"),
    "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e",
    "arn:::::",
    MEDIUM.listing_id,
    listing(MEDIUM.listing_id).product_id,
    listing(MEDIUM.listing_id).proposal_id,
    "sagemaker",
    "AmazonSageMaker",
    "AWSMarketplace",
    "ml.g5.xlarge",
    "\x00",
    "\ud800",
    "a" * 5000,
)
JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    2**63,
    2**200,
    1e308,
    0.5,
    "",
    "x",
    [],
    {},
    [[]],
    {"a": {}},
    [None],
)


_SOLD = listing(MEDIUM.listing_id)
_FREE = listing(catalog.model("command-light").listing_id)  # nobody has subscribed to it yet
_VARIANT = {
    "VariantName": "AllTraffic",
    "ModelName": "e",
    "InitialInstanceCount": 1,
    "InstanceType": "ml.g5.xlarge",
}
_PARTY = {"PartyType": "Acceptor", "AgreementType": "PurchaseAgreement", "Status": "ACTIVE"}
# Requests that work, or could: by changing one thing in them, others get past the first checks.
_SCALED = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/e/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
_TRACKING = {
    "TargetValue": 4.0,
    "PredefinedMetricSpecification": {
        "PredefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution"
    },
}
GOOD: dict[str, dict[str, Any]] = {
    "RegisterScalableTarget": {**_SCALED, "MinCapacity": 1, "MaxCapacity": 2},
    "DeregisterScalableTarget": _SCALED,
    "PutScalingPolicy": {
        **_SCALED,
        "PolicyName": "p",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": _TRACKING,
    },
    "PutScheduledAction": {
        **_SCALED,
        "ScheduledActionName": "a",
        "Schedule": "rate(1 minute)",
        "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 3},
    },
    "DescribeScalingActivities": {"ServiceNamespace": "sagemaker", "IncludeNotScaledActivities": True},
    "CreateModel": {
        "ModelName": "m",
        "PrimaryContainer": {"ModelPackageName": MEDIUM.package_arn("us-east-1")},
        "EnableNetworkIsolation": True,
        "ExecutionRoleArn": ROLE_ARN,
    },
    "CreateEndpointConfig": {"EndpointConfigName": "c", "ProductionVariants": [_VARIANT]},
    "CreateEndpoint": {"EndpointName": "x", "EndpointConfigName": "e"},
    "UpdateEndpoint": {"EndpointName": "e", "EndpointConfigName": "e"},
    "UpdateEndpointWeightsAndCapacities": {
        "EndpointName": "e",
        "DesiredWeightsAndCapacities": [{"VariantName": "AllTraffic", "DesiredWeight": 1.0}],
    },
    "DescribeModelPackage": {"ModelPackageName": MEDIUM.package_arn("us-east-1")},
    "ListEndpoints": {"MaxResults": 1, "SortBy": "Name", "SortOrder": "Ascending", "NameContains": "e"},
    "SearchAgreements": {
        "catalog": "AWSMarketplace",
        "filters": [{"name": name, "values": [text]} for name, text in _PARTY.items()],
    },
    "CreateAgreementRequest": {
        "intent": "NEW",
        "agreementProposalIdentifier": _FREE.proposal_id,
        "requestedTerms": [{"id": term["id"]} for term in _FREE.terms().values()],
    },
    "SearchListings": {
        "searchText": "Cohere",
        "filters": [{"filterType": "FULFILLMENT_OPTION_TYPE", "filterValues": ["SAGEMAKER_MODEL"]}],
    },
    "GetListing": {"listingId": MEDIUM.listing_id},
    "ListFulfillmentOptions": {"productId": _SOLD.product_id},
    "ListPurchaseOptions": {"filters": [{"filterType": "PRODUCT_ID", "filterValues": [_SOLD.product_id]}]},
    "GetOffer": {"offerId": _SOLD.offer_id},
    "GetOfferTerms": {"offerId": _SOLD.offer_id, "maxResults": 1},
    "GetProducts": {
        "ServiceCode": "AmazonSageMaker",
        "Filters": [{"Type": "TERM_MATCH", "Field": "instanceName", "Value": "ml.g5.xlarge"}],
        "MaxResults": 1,
    },
    "ListServiceQuotas": {"ServiceCode": "sagemaker", "MaxResults": 5},
}


class Known:
    """What answers have told: by a member's name, the texts that stood there last."""

    def __init__(self) -> None:
        self._texts: defaultdict[str, list[str]] = defaultdict(list)

    def learn(self, answer: Any) -> None:
        """Remember every text in an answer."""
        for name, each in answer.items() if isinstance(answer, dict) else ():
            if isinstance(each, str):
                self._texts[name.lower()] = [*self._texts[name.lower()][-20:], each]
            self.learn(each)
        for each in answer if isinstance(answer, list) else ():
            self.learn(each)

    def like(self, name: str, chance: random.Random) -> str | None:
        """A text that stood under that name (for ResourceArn: under any ARN's)."""
        wanted = name.lower()
        texts = self._texts.get(wanted, [])
        if wanted == "resourcearn":
            texts = [text for key, each in self._texts.items() if key.endswith("arn") for text in each]
        return chance.choice(texts) if texts else None


NOTHING = Known()


def mutated(good: Any, chance: random.Random) -> Any:
    """The same with a part or two left out, put twice, or made nonsense; one time in three as it is."""
    if chance.random() < 0.06:
        return chance.choice((*JUNK, *TEXTS))
    if isinstance(good, dict):
        return {key: mutated(each, chance) for key, each in good.items() if chance.random() > 0.03}
    if isinstance(good, list):
        return [mutated(each, chance) for each in good for _ in range(chance.choice((1,) * 12 + (0, 2)))]
    return good


def value(shape: Shape, chance: random.Random, known: Known = NOTHING, name: str = "") -> Any:
    """A JSON value that suits the shape, or sometimes does not; a text may be one that is `known`."""
    if chance.random() < 0.02:
        return chance.choice(JUNK)
    if isinstance(shape, StructureShape):
        required = shape.required_members
        members = {name: member for name, member in shape.members.items() if _given(name, required, chance)}
        names = {name: member.serialization.get("name", name) for name, member in members.items()}
        return {names[name]: value(member, chance, known, name) for name, member in members.items()}
    if isinstance(shape, ListShape):
        return [value(shape.member, chance, known, name) for _ in range(chance.choice((0, 1, 1, 1, 2, 3)))]
    if isinstance(shape, MapShape):
        return {chance.choice(NAMES): value(shape.value, chance) for _ in range(chance.randint(0, 2))}
    if shape.type_name == "string" and chance.random() < 0.7 and (text := known.like(name, chance)):
        return text
    return _scalar(shape, chance)


def _given(name: str, required: list[str], chance: random.Random) -> bool:
    likely = ("PrimaryContainer", "ModelPackageName", "InstanceType", "InitialInstanceCount", "ModelName")
    return chance.random() < (0.97 if name in required else 0.9 if name in likely else 0.12)


def _scalar(shape: Shape, chance: random.Random) -> Any:
    if shape.type_name == "boolean":
        return chance.random() < 0.7
    if shape.type_name in ("integer", "long"):
        return chance.choice((1, 1, 2, 0, 100, -1, 10**6))
    if shape.type_name in ("float", "double"):
        return chance.choice((1.0, 0.0, 0.5, -1.0, 1e30))
    if shape.type_name == "timestamp":
        return chance.choice((0, 1795000000.5, -1e18, "2026-11-22T00:00:00Z", "x"))
    words = shape.metadata.get("enum") or ()
    if words and chance.random() < 0.9:
        return chance.choice((*words[:3], *words, *(("ml.g5.xlarge",) if "ml.g5.xlarge" in words else ())))
    return chance.choice(NAMES[:4] if chance.random() < 0.4 else TEXTS)


GENERATION: dict[str, tuple[Any, ...]] = {
    "prompt": ("Hi", "Tell me", "", "é" * 40, "word " * 2500, "\ud800", 7),
    "message": ("Hi", "", [], "<|im_end|>"),
    "messages": (
        [{"role": "user", "content": "Hi"}],
        [],
        [{"role": "x"}],
        [7],
        [{"role": "user", "content": [7]}],
    ),
    "temperature": (0, 0.0, 1, 5, 5.1, -1, "hot", 1e300),
    "k": (0, 1, 500, 501, -1, 1.5),
    "p": (0.01, 0.75, 1, 0, 2, "x"),
    "num_generations": (1, 2, 0, 6),
    "stop_sequences": ([], ["a"], [""], "a", [7], ["a", "b", "c", "d", "e", "f"]),
    "return_likelihoods": ("NONE", "GENERATION", "ALL", "all"),
    "truncate": ("NONE", "START", "END", 7),
    "stream": (True, True, False, "yes"),
    "frequency_penalty": (0, 0.5, 2),
    "presence_penalty": (0, 0.5, 2),
    "logit_bias": ({"1": 2},),
    "chat_history": ([{"role": "USER", "message": "a"}, {"role": "CHATBOT", "message": "b"}], [{}], 7),
    "preamble": ("Be brief.", 7),
    "documents": ([{"title": "a", "snippet": "b"}], ["a"], [7], 7),
    "seed": (0, 7, -1, 2**64),
    "raw_prompting": (True, False, 0),
    "tools": ([], [{}]),
    "made_up": (1,),
}


def spoil(body: bytes, chance: random.Random) -> bytes:
    """The body, now and then cut off, stuffed, or replaced by what is not JSON."""
    if chance.random() > 0.06:
        return body
    nonsense = (
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"NaN",
        b"\x00",
        b'"x"',
    )
    return chance.choice((body[: len(body) // 2], body + body, body[::-1], *nonsense))
