"""Scaling policies and their alarms, as boto3's own client sees them."""

import pytest

from .practice import CONCURRENT, DIMENSIONS, PER_INSTANCE, RESOURCE, TARGET, Practice
from .test_targets import refused

CUSTOM = {"Namespace": "Mine", "MetricName": "Queue", "Statistic": "Average", "Dimensions": DIMENSIONS[:1]}
UP = [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]


@pytest.fixture
def practice():
    practice = Practice()
    practice.register()
    return practice


def tracking(practice, **members):
    return {
        **TARGET,
        "PolicyName": "p",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 4.0, **members},
    }


def stepping(steps, **more):
    configuration = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, **more}
    given = {**TARGET, "PolicyName": "s", "PolicyType": "StepScaling"}
    return {**given, "StepScalingPolicyConfiguration": configuration}


@pytest.mark.parametrize(
    ("metric", "name", "statistic", "period"),
    [
        (CONCURRENT, "ConcurrentRequestsPerModel", "Maximum", 10),
        (PER_INSTANCE, "InvocationsPerInstance", "Sum", 60),
    ],
)
def test_target_tracking_makes_two_alarms(practice, metric, name, statistic, period):
    made = practice.track(70.0, metric)
    assert made["PolicyARN"].endswith(f":resource/sagemaker/{RESOURCE}:policyName/p")
    high, low = (practice.cloudwatch.alarms[each["AlarmName"]] for each in made["Alarms"])
    assert high.name.startswith(f"TargetTracking-{RESOURCE}-AlarmHigh-")
    assert low.name.startswith(f"TargetTracking-{RESOURCE}-AlarmLow-")
    assert (high.threshold, high.evaluation_periods, high.period) == (70, 3, period)
    assert (low.threshold, low.evaluation_periods, low.period) == (63, 15, 60)
    assert (high.comparison_operator, low.comparison_operator) == (
        "GreaterThanThreshold",
        "LessThanThreshold",
    )
    for alarm in (high, low):
        assert (alarm.namespace, alarm.metric_name, alarm.statistic) == ("AWS/SageMaker", name, statistic)
        assert {each.name: each.value for each in alarm.dimensions} == {
            "EndpointName": "e",
            "VariantName": "AllTraffic",
        }
        assert alarm.alarm_actions == [made["PolicyARN"]]
        assert alarm.state_value == "INSUFFICIENT_DATA"


def test_a_policy_is_described_as_it_was_put(practice):
    made = practice.track(ScaleOutCooldown=60)
    (policy,) = practice.client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 4.0,
        "PredefinedMetricSpecification": CONCURRENT,
        "ScaleOutCooldown": 60,
    }
    assert (policy["PolicyARN"], policy["Alarms"]) == (made["PolicyARN"], made["Alarms"])


def test_putting_again_changes_the_policy_and_keeps_its_alarms(practice):
    first, second = practice.track(4.0), practice.track(8.0)
    assert (first["PolicyARN"], first["Alarms"]) == (second["PolicyARN"], second["Alarms"])
    assert practice.cloudwatch.alarms[second["Alarms"][0]["AlarmName"]].threshold == 8
    without = practice.track(8.0, DisableScaleIn=True)
    assert len(without["Alarms"]) == len(practice.cloudwatch.alarms) == 1
    assert (
        len(practice.client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]) == 1
    )


def test_deleting_a_policy_deletes_its_alarms(practice):
    practice.track()
    practice.client.delete_scaling_policy(**TARGET, PolicyName="p")
    assert not practice.cloudwatch.alarms
    gone = f"No scaling policy found for service namespace: sagemaker, resource ID: {RESOURCE}"
    refused(practice.client.delete_scaling_policy, "ObjectNotFoundException", gone, **TARGET, PolicyName="p")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"PredefinedMetricSpecification": CONCURRENT, "TargetValue": 0}, "greater than 0"),
        ({"PredefinedMetricSpecification": CONCURRENT, "TargetValue": -1}, "greater than 0"),
        ({}, "Exactly one"),
        (
            {"PredefinedMetricSpecification": CONCURRENT, "CustomizedMetricSpecification": CUSTOM},
            "Exactly one",
        ),
        (
            {"PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}},
            "not a metric of endpoints' variants",
        ),
        ({"PredefinedMetricSpecification": {**CONCURRENT, "ResourceLabel": "x"}}, "ResourceLabel"),
        ({"PredefinedMetricSpecification": CONCURRENT, "ScaleInCooldown": -1}, "ScaleInCooldown"),
        ({"CustomizedMetricSpecification": {"Namespace": "Mine", "MetricName": "Queue"}}, "needs Statistic"),
        ({"CustomizedMetricSpecification": {"Metrics": [{"Id": "a", "Expression": "1"}]}}, "metric math"),
    ],
)
def test_target_tracking_that_is_refused(practice, members, message):
    put = practice.client.put_scaling_policy
    refused(put, "ValidationException", message, **tracking(practice, **members))
    assert practice.client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (stepping([]), "at least one StepAdjustment"),
        (stepping(UP, Cooldown=-1), "Cooldown"),
        (stepping(UP, MinAdjustmentMagnitude=2), "MinAdjustmentMagnitude"),
        (stepping([{"ScalingAdjustment": -1}], AdjustmentType="ExactCapacity"), "must not be negative"),
        (stepping([*UP, {"ScalingAdjustment": 2, "MetricIntervalLowerBound": 5}]), "no overlap"),
        (
            stepping(
                [
                    {"ScalingAdjustment": 1, "MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 1},
                    {"ScalingAdjustment": 2, "MetricIntervalLowerBound": 2},
                ]
            ),
            "no gap",
        ),
        (
            stepping(
                [{"ScalingAdjustment": 1, "MetricIntervalLowerBound": 2, "MetricIntervalUpperBound": 1}]
            ),
            "must be greater",
        ),
        (
            stepping([{"ScalingAdjustment": 1, "MetricIntervalLowerBound": n} for n in range(21)]),
            "at most 20",
        ),
        ({**TARGET, "PolicyName": "s"}, "PolicyType is required"),
        ({**TARGET, "PolicyName": "s", "PolicyType": "StepScaling"}, "takes StepScalingPolicyConfiguration"),
        ({**TARGET, "PolicyName": "s", "PolicyType": "PredictiveScaling"}, "not supported"),
    ],
)
def test_step_scaling_that_is_refused(practice, given, message):
    refused(practice.client.put_scaling_policy, "ValidationException", message, **given)


def test_one_metric_is_tracked_once_and_a_policy_keeps_its_type(practice):
    practice.track()
    only_one = "Only one TargetTrackingScaling policy for a given metric specification is allowed."
    again = {
        **tracking(practice, PredefinedMetricSpecification=CONCURRENT),
        "PolicyName": "another",
    }
    refused(practice.client.put_scaling_policy, "ValidationException", only_one, **again)
    practice.track(metric=PER_INSTANCE, name="another")
    other_type = {**stepping(UP), "PolicyName": "p", "PolicyType": "StepScaling"}
    refused(practice.client.put_scaling_policy, "ValidationException", "policy type", **other_type)


def test_a_step_policy_names_the_alarms_that_have_it(practice):
    arn = practice.step(AdjustmentType="ChangeInCapacity", StepAdjustments=UP)
    practice.alarm("busy", arn, 1)
    (policy,) = practice.client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert [each["AlarmName"] for each in policy["Alarms"]] == ["busy"]


def test_pages_of_policies(practice):
    for number in range(23):
        practice.step(f"p{number}", AdjustmentType="ChangeInCapacity", StepAdjustments=UP)
    pages = list(
        practice.client.get_paginator("describe_scaling_policies").paginate(ServiceNamespace="sagemaker")
    )
    assert [len(each["ScalingPolicies"]) for each in pages] == [10, 10, 3]
    ask = practice.client.describe_scaling_policies
    named = ask(ServiceNamespace="sagemaker", PolicyNames=["p3", "none"])["ScalingPolicies"]
    assert [each["PolicyName"] for each in named] == ["p3"]
    dimension = {"ScalableDimension": TARGET["ScalableDimension"]}
    refused(ask, "ValidationException", "resource ID", ServiceNamespace="sagemaker", **dimension)


def test_a_customised_metric_has_alarms_of_its_own(practice):
    made = practice.client.put_scaling_policy(**tracking(practice, CustomizedMetricSpecification=CUSTOM))
    high = practice.cloudwatch.alarms[made["Alarms"][0]["AlarmName"]]
    assert (high.namespace, high.metric_name, high.statistic, high.period) == ("Mine", "Queue", "Average", 60)
