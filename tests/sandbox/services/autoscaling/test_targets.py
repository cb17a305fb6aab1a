"""Scalable targets, as boto3's own client sees them."""

import pytest
from botocore.exceptions import ClientError

from helpers.sandbox.services.authorization.policy import Decision
from helpers.sandbox.services.iam import Roles

from ...practice_world import error, variant
from .practice import DIMENSION, RESOURCE, TARGET, Practice


@pytest.fixture
def practice():
    return Practice()


def refused(call, code, message="", **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    found = caught.value.response["Error"]
    assert found["Code"] == code
    assert message in found["Message"]
    return found["Message"]


def test_a_variant_is_registered_and_described(practice):
    arn = practice.register(1, 4, Tags={"made-by": "me"})
    (target,) = practice.client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert target.pop("CreationTime") == practice.world.clock.now
    assert target == {
        **TARGET,
        "MinCapacity": 1,
        "MaxCapacity": 4,
        "RoleARN": "arn:aws:iam::123456789012:role/aws-service-role/sagemaker.application-autoscaling."
        "amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
        "SuspendedState": dict.fromkeys(
            ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"], False
        ),
        "ScalableTargetARN": arn,
    }
    assert practice.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"made-by": "me"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ResourceId": "endpoint/nobody/variant/AllTraffic"}, "Could not find endpoint"),
        ({"ResourceId": "endpoint/e/variant/Another"}, "Could not find variant Another"),
        ({"ResourceId": "variant/AllTraffic"}, "endpoint/NAME/variant/NAME"),
        ({"ResourceId": "endpoint/e/variant/AllTraffic/more"}, "endpoint/NAME/variant/NAME"),
        ({"MinCapacity": 0}, "at least 1"),
        ({"MinCapacity": -1}, "at least 1"),
        ({"MinCapacity": 5}, "Maximum capacity cannot be less than minimum capacity"),
        ({"ScalableDimension": "ecs:service:DesiredCount"}, "Unsupported service namespace"),
        ({"ScalableDimension": "sagemaker:inference-component:DesiredCopyCount"}, "Marketplace"),
        ({"ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"}, "Marketplace"),
        ({"ScalableDimension": "sagemaker:nothing"}, "enum value set"),
    ],
)
def test_what_is_no_variant_or_has_no_limits_is_refused(practice, changes, message):
    params = {**TARGET, "MinCapacity": 1, "MaxCapacity": 4, **changes}
    refused(practice.client.register_scalable_target, "ValidationException", message, **params)
    assert practice.client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_a_new_target_needs_both_limits_and_an_old_one_keeps_what_is_not_given(practice):
    register = practice.client.register_scalable_target
    refused(register, "ValidationException", "MaxCapacity is required", **TARGET, MinCapacity=1)
    arn = practice.register(1, 4)
    suspended = {"DynamicScalingInSuspended": True}
    assert register(**TARGET, MaxCapacity=3, SuspendedState=suspended)["ScalableTargetARN"] == arn
    (target,) = practice.client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 3)
    assert target["SuspendedState"]["DynamicScalingInSuspended"]
    refused(register, "ValidationException", "Maximum capacity", **TARGET, MinCapacity=4)


def test_registering_brings_the_endpoint_within_its_limits(practice):
    practice.register(2, 4)
    assert practice.count == 2
    (activity,) = practice.activities()
    assert activity["StatusCode"] == "InProgress"
    assert activity["Cause"] == "minimum capacity was set to 2"
    assert activity["Description"] == "Setting desired instance count to 2."
    practice.goes_on(10)
    (activity,) = practice.activities()
    assert activity["StatusCode"] == "Successful"
    assert activity["StatusMessage"].endswith("Change successfully fulfilled by sagemaker.")
    practice.client.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=1)
    assert practice.count == 1
    assert practice.activities()[-1]["Cause"] == "maximum capacity was set to 1"


def test_an_endpoint_that_is_being_created_keeps_its_capacity(practice):
    practice.world.create_endpoint("new")
    resource = {**TARGET, "ResourceId": "endpoint/new/variant/AllTraffic"}
    practice.client.register_scalable_target(**resource, MinCapacity=2, MaxCapacity=4)
    assert practice.activities() == []


def test_deregistering_takes_policies_alarms_and_actions_along(practice):
    gone = "No scalable target found for service namespace: sagemaker, resource ID: " + RESOURCE
    refused(practice.client.deregister_scalable_target, "ObjectNotFoundException", gone, **TARGET)
    practice.register()
    practice.track()
    assert len(practice.cloudwatch.alarms) == 2
    practice.client.deregister_scalable_target(**TARGET)
    assert not practice.cloudwatch.alarms
    assert practice.client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []
    refused(
        practice.client.put_scaling_policy,
        "ObjectNotFoundException",
        "No scalable target registered for service namespace: sagemaker, resource ID: "
        f"{RESOURCE}, scalable dimension: {DIMENSION}",
        **TARGET,
        PolicyName="p",
    )


def test_deleting_the_endpoint_deregisters_its_variants(practice):
    practice.register()
    practice.track()
    practice.world.sagemaker("DeleteEndpoint", EndpointName="e")
    assert practice.client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert not practice.cloudwatch.alarms


class Nothing(Roles):
    def decide(self, role_arn, asked):
        assert asked.action == "application-autoscaling:DeregisterScalableTarget"
        return Decision("implicitDeny")


def test_who_may_not_deregister_may_not_delete_either():
    practice = Practice(roles=Nothing())
    practice.register()
    said = error(practice.world.sagemaker, "DeleteEndpoint", EndpointName="e")
    assert "An Application AutoScaling scalable target exists for a variant being deleted" in said
    assert practice.world.status() == "InService"
    practice.client.deregister_scalable_target(**TARGET)
    practice.world.sagemaker("DeleteEndpoint", EndpointName="e")


def test_the_instance_type_of_a_variant_that_scales_stays(practice):
    practice.register()
    practice.world.create_config("other", variant(instance_type="ml.g5.2xlarge"))
    practice.world.create_config("same", variant())
    update = {"EndpointName": "e", "RetainAllVariantProperties": True}
    said = error(practice.world.sagemaker, "UpdateEndpoint", **update, EndpointConfigName="other")
    assert f"Deregister {RESOURCE}" in said
    practice.world.sagemaker("UpdateEndpoint", **update, EndpointConfigName="same")
    practice.world.clock.wait(3)
    practice.client.deregister_scalable_target(**TARGET)
    practice.world.sagemaker("UpdateEndpoint", **update, EndpointConfigName="other")


def test_pages_of_targets(practice):
    practice.faults.set("quota", {"instance_type": "ml.g5.xlarge", "limit": 100})
    for number in range(7):
        practice.world.create_endpoint(f"e{number}")
        resource = {**TARGET, "ResourceId": f"endpoint/e{number}/variant/AllTraffic"}
        practice.client.register_scalable_target(**resource, MinCapacity=1, MaxCapacity=2)
    paginator = practice.client.get_paginator("describe_scalable_targets")
    pages = list(paginator.paginate(ServiceNamespace="sagemaker", PaginationConfig={"PageSize": 3}))
    assert [len(each["ScalableTargets"]) for each in pages] == [3, 3, 1]
    ask = practice.client.describe_scalable_targets
    wanted = ["endpoint/e1/variant/AllTraffic", "endpoint/nobody/variant/AllTraffic"]
    found = ask(ServiceNamespace="sagemaker", ResourceIds=wanted)["ScalableTargets"]
    assert [each["ResourceId"] for each in found] == wanted[:1]
    refused(ask, "InvalidNextTokenException", ServiceNamespace="sagemaker", NextToken="!")
    refused(ask, "ValidationException", "MaxResults", ServiceNamespace="sagemaker", MaxResults=51)


def test_tags_are_a_target_s(practice):
    client, arn = practice.client, practice.register()
    client.tag_resource(ResourceARN=arn, Tags={"a": "1", "b": "2"})
    client.untag_resource(ResourceARN=arn, TagKeys=["a", "nothing"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2"}
    many = {str(number): "" for number in range(50)}
    refused(client.tag_resource, "TooManyTagsException", ResourceARN=arn, Tags=many)
    refused(client.list_tags_for_resource, "ResourceNotFoundException", ResourceARN=arn + "x")


def test_other_services_targets_are_not_ours(practice):
    target = "AnyScaleFrontendService.DescribeScalableTargets"
    ask = practice.scaling.operation_of
    assert ask("POST", "/", target, b'{"ServiceNamespace": "ecs"}') is None
    for body in (b'{"ServiceNamespace": "sagemaker"}', b"{}", b"not JSON"):
        assert ask("POST", "/", target, body) == "DescribeScalableTargets"


def test_the_metric_decides_nothing_before_there_is_a_policy(practice):
    practice.register()
    practice.goes_on(300, users=100)
    assert practice.count == 1
    assert practice.activities() == []
