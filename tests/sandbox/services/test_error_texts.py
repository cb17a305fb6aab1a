"""AWS's own words, where they are known, from the requests that people really get wrong.

Each text was quoted by a user of the real service or stands in AWS's documentation; `test_sagemaker.py` and
`test_runtime.py` test the rules behind them.
"""

import pytest

from helpers.sandbox.faults.switch import Faults

from ..practice_world import MEDIUM, World, error, variant

ACCOUNT = "123456789012"
ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
CAPACITY = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please "
    "retry using a different ML instance type or after some time. Consider configuring InstancePools in your "
    "EndpointConfig with multiple instance types for priority-based fallback to improve capacity "
    "availability."
)
QUOTA = (
    "ResourceLimitExceeded: The account-level service limit 'ml.g5.xlarge for endpoint usage' is 0 "
    "Instances, with current utilization of 0 Instances and a request delta of 1 Instances. Please use AWS "
    "Service Quotas to request an increase for this quota. If AWS Service Quotas is not available, contact "
    "AWS support to request an increase for this quota."
)


@pytest.fixture
def ready():
    return World().ready()


def test_nobody_has_subscribed():
    # amazon-sagemaker-examples#1552
    text = "ValidationException: Caller is not subscribed to the marketplace offering."
    assert error(World().create_model) == text


def test_an_environment_on_a_package(ready):
    container = {"ModelPackageName": MEDIUM.package_arn("us-east-1"), "Environment": {"A": "b"}}
    text = "ValidationException: Environment variable map cannot be specified when using a ModelPackage"
    assert error(ready.create_model, "m2", PrimaryContainer=container).startswith(text)


def test_an_instance_type_that_the_api_does_not_know(ready):
    # sagemaker-python-sdk#1623
    told = error(ready.create_config, "c2", variant(instance_type="ml.t3.medium"))
    assert told.startswith(
        "ValidationException: 1 validation error detected: Value 'ml.t3.medium' at "
        "'productionVariants.1.member.instanceType' failed to satisfy constraint: "
        "Member must satisfy enum value set: ["
    )


def test_an_instance_type_that_the_region_does_not_have():
    # amazon-sagemaker-examples#4128
    switch = Faults()
    switch.set("not-in-region", {"instance_type": "ml.g5.xlarge", "region": "us-east-1"})
    world = World(switch)
    world.subscribe()
    world.create_model()
    assert error(world.create_config) == (
        "ValidationException: Instance type ml.g5.xlarge is not supported for the chosen region. "
        "Please choose some other instance type."
    )
    world.create_config("c", variant(instance_type="ml.g5.2xlarge"))
    elsewhere = World(switch, "eu-west-1")
    elsewhere.subscribe()
    elsewhere.create_model()
    elsewhere.create_config()


def test_a_role_that_is_not_there(ready):
    role = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    assert error(ready.create_model, "m2", ExecutionRoleArn=role) == (
        f"ValidationException: Could not assume role {role}. Please ensure that the role exists and allows "
        "principal 'sagemaker.amazonaws.com' to assume the role."
    )


def test_a_container_that_is_never_started():
    # aws-genai-llm-chatbot#30
    switch = Faults()
    switch.set("no-start", {})
    told = World(switch).deployed().describe()
    text = "Request to service failed. If failure persists after retry, contact customer support."
    assert (told["EndpointStatus"], told["FailureReason"]) == ("Failed", text)


def test_a_quota_of_nothing():
    switch = Faults()
    switch.set("quota", {"instance_type": "ml.g5.xlarge"})
    assert error(World(switch).ready().create_endpoint) == QUOTA


def test_no_capacity():
    # deep-learning-containers#6673
    switch = Faults()
    switch.set("no-capacity", {})
    world = World(switch).deployed()
    assert (world.status(), world.describe()["FailureReason"]) == ("Failed", CAPACITY)


@pytest.mark.parametrize(
    ("operation", "member", "text"),
    [
        ("DescribeEndpoint", "EndpointName", f'Could not find endpoint "{ARN}:endpoint/nobody".'),
        ("DeleteEndpoint", "EndpointName", f'Could not find endpoint "{ARN}:endpoint/nobody".'),
        (
            "DescribeEndpointConfig",
            "EndpointConfigName",
            f'Could not find endpoint configuration "{ARN}:endpoint-config/nobody".',
        ),
    ],
)
def test_nobody_is_there(ready, operation, member, text):
    assert error(ready.sagemaker, operation, **{member: "nobody"}) == f"ValidationException: {text}"


def test_a_name_that_is_taken(ready):
    text = f'Cannot create already existing endpoint configuration "{ARN}:endpoint-config/c".'
    assert error(ready.create_config) == f"ValidationException: {text}"
    ready.create_endpoint()
    assert error(ready.create_endpoint).startswith(
        f'ValidationException: Cannot create already existing endpoint "{ARN}:endpoint/e"'
    )


def test_invocations_of_what_is_not_there(ready):
    # amazon-sagemaker-examples#293; cohere-aws@5bc4e25:tests/client_test.py
    assert error(ready.route, "nobody") == f"ValidationError: Endpoint nobody of account {ACCOUNT} not found."
    ready.create_endpoint()
    ready.clock.wait(3)
    assert error(ready.route, "e", "invalid-variant") == (
        "ValidationError: Variant invalid-variant not found for Request"
    )


def test_another_regions_package():
    world = World()
    container = {"ModelPackageName": MEDIUM.package_arn("eu-west-1")}
    told = error(world.create_model, PrimaryContainer=container)
    assert told.startswith("ValidationException: ")
    assert "region" in told
