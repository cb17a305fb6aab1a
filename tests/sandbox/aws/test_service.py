import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.sandbox.aws.drift import NotInTheModel
from helpers.sandbox.aws.patterns import compiled
from helpers.sandbox.aws.service import AwsError, Context, Service, load_model
from helpers.sandbox.aws.validation import violation_message
from helpers.sandbox.aws.values import NotOfThatType, parse

NOON = datetime(2026, 1, 2, 12, 0, 0, 123000, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/r"
SAGEMAKER = load_model("sagemaker")


class Toy(Service):
    service_name = "sagemaker"

    def __init__(self, answer=None):
        self.answer = answer or {}
        self.seen = None

    def create_model(self, params, context):
        self.seen = params
        return {
            "ModelArn": f"arn:aws:sagemaker:{context.region}:{context.account}:model/{params['ModelName']}"
        }

    def create_endpoint_config(self, params, context):
        return {"EndpointConfigArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/x"}

    def describe_model(self, params, context):
        return self.answer

    def delete_model(self, params, context):
        return None

    def create_endpoint(self, params, context):
        raise AwsError("ResourceLimitExceeded", "The account-level service limit ...")


class ToyAgreements(Service):
    service_name = "marketplace-agreement"

    def cancel_agreement(self, params, context):
        raise AwsError("ResourceNotFoundException", "no", extra={"resourceId": params["agreementId"]})


def variant(**changes):
    return {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.g5.xlarge", **changes}


def config(*variants, **changes):
    return {"EndpointConfigName": "c", "ProductionVariants": list(variants), **changes}


def must(path, value, demand):
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {demand}"


NAME = r"Member must satisfy regular expression pattern: [a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?"
REFUSED = [
    ("CreateModel", {}, [must("modelName", None, "Member must not be null")]),
    ("CreateModel", {"ModelName": None}, [must("modelName", None, "Member must not be null")]),
    ("CreateModel", {"ModelName": "a_b"}, [must("modelName", "a_b", NAME)]),
    (
        "CreateModel",
        {"ModelName": "a" * 64},
        [must("modelName", "a" * 64, "Member must have length less than or equal to 63")],
    ),
    (
        "CreateModel",
        {"ModelName": "m", "ExecutionRoleArn": "arn"},
        [
            must("executionRoleArn", "arn", "Member must have length greater than or equal to 20"),
            must(
                "executionRoleArn",
                "arn",
                "Member must satisfy regular expression pattern: "
                r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
            ),
        ],
    ),
    (
        "CreateEndpointConfig",
        config(),
        [must("productionVariants", "[]", "Member must have length greater than or equal to 1")],
    ),
    (
        "CreateEndpointConfig",
        config(variant(), variant(VariantName=None)),
        [must("productionVariants.2.member.variantName", None, "Member must not be null")],
    ),
    (
        "CreateEndpointConfig",
        config(variant(InitialInstanceCount=0)),
        [
            must(
                "productionVariants.1.member.initialInstanceCount",
                0,
                "Member must have value greater than or equal to 1",
            )
        ],
    ),
    (
        "CreateModel",
        {"ModelName": "m", "VpcConfig": {"Subnets": ["s!"], "SecurityGroupIds": ["x" * 33]}},
        [
            must(
                "vpcConfig.securityGroupIds",
                f"[{'x' * 33}]",
                "Member must satisfy constraint: [Member must have length less than or equal to 32]",
            ),
            must(
                "vpcConfig.subnets",
                "[s!]",
                "Member must satisfy constraint: "
                r"[Member must satisfy regular expression pattern: [-0-9a-zA-Z]+]",
            ),
        ],
    ),
]


@pytest.mark.parametrize(("operation", "params", "sentences"), REFUSED)
def test_every_broken_constraint_is_told_as_aws_tells_it(operation, params, sentences, caller):
    with pytest.raises(AwsError) as refused:
        Toy().call(operation, params, caller)
    assert refused.value.code == "ValidationException"
    assert refused.value.status == 400
    head, _, told = refused.value.message.partition(" detected: ")
    assert head == f"{len(sentences)} validation error" + ("s" if len(sentences) > 1 else "")
    # which of several comes first is not established
    assert sorted(told.split("; ")) == sorted(sentences)


def test_an_unknown_instance_type_is_refused_with_all_that_exist(caller):
    with pytest.raises(AwsError) as refused:
        Toy().call("CreateEndpointConfig", config(variant(InstanceType="ml.t3.medium")), caller)
    start = (
        "1 validation error detected: Value 'ml.t3.medium' at 'productionVariants.1.member.instanceType' "
        "failed to satisfy constraint: Member must satisfy enum value set: [ml."
    )
    assert refused.value.message.startswith(start)
    assert "ml.g5.xlarge" in refused.value.message


def test_what_the_model_allows_reaches_the_operation(caller):
    toy = Toy()
    tags = [{"Key": "größe 東京", "Value": "a b+c=d"}]
    params = {"ModelName": "m-1", "ExecutionRoleArn": ROLE, "Tags": tags, "FromTheFuture": 1}
    toy.call("CreateModel", params, caller)
    assert toy.seen == {"ModelName": "m-1", "ExecutionRoleArn": ROLE, "Tags": tags}


def test_json_in_json_out(caller):
    reply = Toy().handle("CreateModel", b'{"ModelName": "m"}', caller)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert reply.headers["x-amzn-RequestId"]
    assert json.loads(reply.body) == {"ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m"}


def test_times_are_epoch_seconds_and_none_is_left_out(caller):
    answer = {"ModelName": "m", "ModelArn": Toy.create_model(Toy(), {"ModelName": "m"}, caller)["ModelArn"]}
    toy = Toy({**answer, "CreationTime": NOON, "ExecutionRoleArn": None})
    body = json.loads(toy.handle("DescribeModel", b'{"ModelName": "m"}', caller).body)
    assert body["CreationTime"] == NOON.timestamp()
    assert "ExecutionRoleArn" not in body


def test_an_operation_without_output_answers_an_empty_object(caller):
    assert Toy().handle("DeleteModel", b'{"ModelName": "m"}', caller).body == b"{}"


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({"ModelName": "m", "Colour": "red"}, "Colour"),
        ({"ModelName": "m"}, "misses required members"),
        ({"ModelName": 3, "CreationTime": NOON, "ModelArn": "x" * 20}, "not a string"),
        ({"ModelName": "m", "CreationTime": "today", "ModelArn": "x" * 20}, "not a timestamp"),
        ({"ModelName": "m", "CreationTime": NOON, "ModelArn": "no arn"}, "modelArn"),
    ],
)
def test_an_answer_that_aws_could_not_give_is_a_defect(answer, complaint, caller, monkeypatch):
    monkeypatch.setenv("SANDBOX_STRICT", "1")
    with pytest.raises(NotInTheModel, match=complaint):
        Toy(answer).call("DescribeModel", {"ModelName": "m"}, caller)
    with pytest.raises(NotInTheModel, match=complaint):
        Toy(answer).handle("DescribeModel", b'{"ModelName": "m"}', caller)


@pytest.mark.parametrize("operation", ["ListTrainingJobs", "NoSuchThing", "", "Call", "__init__"])
def test_what_is_not_practised_is_an_unknown_operation(operation, caller):
    with pytest.raises(AwsError, match="does not practise") as refused:
        Toy().handle(operation, b"{}", caller)
    assert (refused.value.code, refused.value.status) == ("UnknownOperationException", 404)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"x"',
        b'{"ModelName": NaN}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"ModelName": ' + b"9" * 5000 + b"}",
        b'{"ModelName": 5}',
        b'{"ModelName": ["m"]}',
        b'{"ModelName": "m", "Tags": {}}',
        b'{"ModelName": "m", "EnableNetworkIsolation": "yes"}',
        b'{"ModelName": "m", "PrimaryContainer": "image"}',
    ],
)
def test_what_is_no_such_json_is_a_serialization_exception(body, caller):
    with pytest.raises(AwsError) as refused:
        Toy().handle("CreateModel", body, caller)
    assert (refused.value.code, refused.value.status) == ("SerializationException", 400)


def test_an_integer_must_fit(caller):
    with pytest.raises(AwsError) as refused:
        Toy().call("CreateEndpointConfig", config(variant(InitialInstanceCount=2**31)), caller)
    assert refused.value.code == "SerializationException"


def test_errors_have_the_member_names_and_the_status_of_their_shape():
    reply = Toy().error_reply(AwsError("ResourceLimitExceeded", "too many"))
    assert reply.status == 400
    assert reply.headers["x-amzn-ErrorType"] == "ResourceLimitExceeded"
    assert json.loads(reply.body) == {"__type": "ResourceLimitExceeded", "Message": "too many"}
    reply = ToyAgreements().error_reply(
        AwsError("ResourceNotFoundException", "no", extra={"resourceId": "a"})
    )
    assert reply.status == 404
    assert json.loads(reply.body) == {
        "__type": "ResourceNotFoundException",
        "message": "no",
        "resourceId": "a",
    }
    assert ToyAgreements().error_reply(AwsError("Odd", "?", 418)).status == 418


@pytest.mark.parametrize(
    ("service", "method", "path", "target", "operation"),
    [
        ("sagemaker", "POST", "/", "SageMaker.CreateModel", "CreateModel"),
        ("sagemaker", "POST", "/", "Other.CreateModel", None),
        ("sagemaker", "POST", "/", None, None),
        ("marketplace-agreement", "POST", "/", "AWSMPCommerceService_v20200301.X", "X"),
        ("marketplace-discovery", "POST", "/2026-02-05/getOffer", None, "GetOffer"),
        ("marketplace-discovery", "GET", "/2026-02-05/getOffer", None, None),
        ("marketplace-discovery", "POST", "/2026-02-05/getNothing", "X.GetOffer", None),
    ],
)
def test_a_request_names_its_operation_by_target_or_path(service, method, path, target, operation):
    named = type("Named", (Service,), {"service_name": service})()
    assert named.operation_of(method, path, target) == operation


@pytest.mark.parametrize(
    ("pattern", "match", "no_match"),
    [
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "größe 東京 ٣_.:/=+-@", "a*b"),
        (r"\p{ASCII}*", "~\t", "ü"),
        (r"\A\S[\p{Print}]*\z", "a b", " a"),
        (r"[^\p{C}]+", "a", "\x00"),
        (r"\d{2}", "12", "٣٣"),
    ],
)
def test_javas_patterns(pattern, match, no_match):
    assert compiled(pattern).fullmatch(match)
    assert not compiled(pattern).fullmatch(no_match)


def test_which_patterns_python_cannot_express():
    # Surrogate pairs, and a quantifier on "$": members that no operation of the sandbox reads.
    shapes = map(SAGEMAKER.shape_for, SAGEMAKER.shape_names)
    given = {shape.name: shape.metadata["pattern"] for shape in shapes if "pattern" in shape.metadata}
    assert {name for name, pattern in given.items() if compiled(pattern) is None} <= {
        "AthenaCatalog",
        "Catalog",
        "CustomerMetadataKey",
        "CustomerMetadataValue",
        "Database",
        "TableName",
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def near_requests(draw):
    """Input of some SageMaker operation, member names right, values anything."""
    operation = draw(st.sampled_from(SAGEMAKER.operation_names))
    members = SAGEMAKER.operation_model(operation).input_shape
    names = sorted(members.members) if members else []
    return operation, draw(st.dictionaries(st.sampled_from(names) if names else st.text(), json_values))


@settings(max_examples=300)
@given(near_requests())
def test_any_json_is_either_parsed_or_refused(request):
    operation, params = request
    shape = SAGEMAKER.operation_model(operation).input_shape
    if shape is None:
        return
    try:
        parsed = parse(shape, params)
    except NotOfThatType:
        return
    message = violation_message(shape, parsed)
    assert message is None or "validation error" in message


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_request_are_refused(body):
    with pytest.raises(AwsError) as refused:
        Toy().handle("CreateModel", body, Context("us-east-1", "123456789012"))
    assert refused.value.code in ("SerializationException", "ValidationException")
