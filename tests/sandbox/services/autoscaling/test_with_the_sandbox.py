"""Automatic scaling in the started sandbox: real clients, CloudWatch, permissions, and the clock's speed."""

import json
import time
from contextlib import nullcontext, suppress
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from helpers.catalog.data import document
from helpers.sandbox.services.authorization import client as policies
from helpers.sandbox.services.authorization.permissions import SCALING_ROLE
from helpers.sandbox.services.runtime.client import capacity

from ...deployed import deployed
from .practice import DIMENSION, PER_INSTANCE

NAME = "scaled"
RESOURCE = f"endpoint/{NAME}/variant/AllTraffic"
TARGET = {"ServiceNamespace": "sagemaker", "ResourceId": RESOURCE, "ScalableDimension": DIMENSION}
DIMENSIONS = [{"Name": "EndpointName", "Value": NAME}, {"Name": "VariantName", "Value": "AllTraffic"}]


@pytest.fixture(scope="module")
def session(sandbox):
    capacity(sandbox, clock_speed=600)
    with deployed(NAME) as session:
        yield session


def until(condition):
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def test_it_scales_out_and_its_alarms_are_seen(session):
    scaling, cloudwatch = session.client("application-autoscaling"), session.client("cloudwatch")
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    role = session.client("iam").get_role(RoleName=target["RoleARN"].rpartition("/")[2])["Role"]
    assert role["Arn"] == target["RoleARN"]
    made = scaling.put_scaling_policy(
        **TARGET,
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 4.0,
            "CustomizedMetricSpecification": {
                "Namespace": "Mine",
                "MetricName": "Queue",
                "Statistic": "Average",
                "Dimensions": DIMENSIONS,
            },
        },
    )
    high = made["Alarms"][0]["AlarmName"]
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[high])["MetricAlarms"]
    assert alarm["Threshold"] == 4
    assert alarm["AlarmActions"] == [made["PolicyARN"]]

    def has_scaled():
        now = datetime.now(UTC)
        data = [{"MetricName": "Queue", "Value": 9.0, "Timestamp": now, "Dimensions": DIMENSIONS}]
        cloudwatch.put_metric_data(Namespace="Mine", MetricData=data)
        described = session.client("sagemaker").describe_endpoint(EndpointName=NAME)
        return described["ProductionVariants"][0]["CurrentInstanceCount"] == 2

    until(has_scaled)
    activities = scaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    assert f"monitor alarm {high} in state ALARM triggered policy p" in activities[-1]["Cause"]
    scaling.deregister_scalable_target(**TARGET)
    assert cloudwatch.describe_alarms(AlarmNames=[high])["MetricAlarms"] == []


def test_an_alarm_of_the_reader_s_own_follows_its_metric(session):
    cloudwatch = session.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="slow",
        Namespace="Mine",
        MetricName="Latency",
        ExtendedStatistic="p95",
        Period=60,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        Threshold=100,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )

    def state(*values):
        if values:
            data = [{"MetricName": "Latency", "Value": value} for value in values]
            cloudwatch.put_metric_data(Namespace="Mine", MetricData=data)
        return cloudwatch.describe_alarms(AlarmNames=["slow"])["MetricAlarms"][0]["StateValue"]

    assert state() in ("INSUFFICIENT_DATA", "OK")
    until(lambda: state(*[1] * 8, 500, 600) == "ALARM")
    until(lambda: state() == "OK")


def test_who_may_not_scale_is_told_which_permission_is_missing(session, sandbox):
    scaling = session.client("application-autoscaling")
    register = {"Effect": "Allow", "Action": "application-autoscaling:*", "Resource": "*"}
    try:
        policies.set(sandbox, json.dumps({"Version": "2012-10-17", "Statement": [register]}))
        with pytest.raises(ClientError, match="not authorized to perform: sagemaker:DescribeEndpoint"):
            scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    finally:
        policies.clear(sandbox)
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        scaling.deregister_scalable_target(**TARGET)


@pytest.mark.parametrize(
    ("without", "action"),
    [
        ("", ""),
        ("LetItScale", "application-autoscaling:RegisterScalableTarget"),
        ("ChangeWhatHasTheTag", "sagemaker:UpdateEndpointWeightsAndCapacities"),
        ("MakeTheRoleThatScalesIt", "iam:CreateServiceLinkedRole"),
        ("MakeTheAlarmsThatScaleIt", "cloudwatch:PutMetricAlarm"),
    ],
)
def test_the_reader_s_policy_is_what_scaling_needs(session, sandbox, without, action):
    whole = document("iam-policy")
    left = [each for each in whole["Statement"] if each["Sid"] != without]
    scaling, iam = session.client("application-autoscaling"), session.client("iam")
    with suppress(ClientError):
        iam.delete_role(RoleName=SCALING_ROLE)
    policies.set(sandbox, json.dumps({**whole, "Statement": left}))
    try:
        with pytest.raises(ClientError, match=action) if action else nullcontext():
            scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
            scaling.put_scaling_policy(
                **TARGET,
                PolicyName="p",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": 4.0,
                    "PredefinedMetricSpecification": PER_INSTANCE,
                },
            )
            for kind in ("scalable_targets", "scaling_policies", "scaling_activities"):
                getattr(scaling, f"describe_{kind}")(ServiceNamespace="sagemaker")
            scaling.delete_scaling_policy(**TARGET, PolicyName="p")
            scaling.deregister_scalable_target(**TARGET)
    finally:
        policies.clear(sandbox)
        with suppress(ClientError):
            scaling.deregister_scalable_target(**TARGET)


def test_what_else_can_be_scaled_is_moto_s(session):
    scaling = session.client("application-autoscaling")
    table = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/t",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    scaling.register_scalable_target(**table, MinCapacity=1, MaxCapacity=2)
    found = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert [each["ResourceId"] for each in found] == ["table/t"]
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
