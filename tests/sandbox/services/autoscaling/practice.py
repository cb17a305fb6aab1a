"""Application Auto Scaling in this process: the practice world, moto's CloudWatch, and boto3's client."""

import io
from datetime import timedelta
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from helpers.sandbox.aws.service import AwsError, Service
from helpers.sandbox.faults import Faults
from helpers.sandbox.services.autoscaling import AutoScaling
from helpers.sandbox.services.clock import Clock
from helpers.sandbox.services.cloudwatch.alarms import Alarms
from helpers.sandbox.services.iam import Roles
from helpers.sandbox.settings import ACCOUNT

from ...practice_world import World

REGION = "us-east-1"
RESOURCE, DIMENSION = "endpoint/e/variant/AllTraffic", "sagemaker:variant:DesiredInstanceCount"
TARGET = {"ServiceNamespace": "sagemaker", "ResourceId": RESOURCE, "ScalableDimension": DIMENSION}
DIMENSIONS = [{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "AllTraffic"}]
CONCURRENT = {"PredefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution"}
PER_INSTANCE = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}


class Body(io.BytesIO):
    """An HTTP body as botocore reads it."""

    def stream(self, **_: Any):
        while part := self.read():
            yield part


def client_of(service: Service, world: World) -> Any:
    """boto3's client whose requests the service answers in this process."""

    def answer(request, **_: Any):
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        try:
            reply = service.handle(operation, request.body or b"", world.context)
        except AwsError as error:
            reply = service.error_reply(error)
        return AWSResponse(request.url, reply.status, reply.headers, Body(reply.body))

    name = service.service_name
    once = Config(retries={"total_max_attempts": 1})
    client = boto3.client(name, REGION, config=once, **KEYS)
    client.meta.events.register(f"before-send.{name}", answer)
    return client


class Practice:
    """Endpoint `e` with one variant in service, and everything that scales it; the clock is the world's."""

    def __init__(
        self, *, speed: float = 1.0, quota: int = 20, roles: Roles | None = None, clock: Any = None
    ) -> None:
        from moto.backends import get_backend

        self.faults = Faults()
        self.faults.set("quota", {"instance_type": "ml.g5.xlarge", "limit": quota})
        self.world = World(self.faults, clock=clock).deployed()
        self.clock = Clock(speed, self.world.clock)
        self.cloudwatch = get_backend("cloudwatch")[ACCOUNT][REGION]
        self.cloudwatch.alarms.clear()
        self.cloudwatch.metric_data.clear()
        self.alarms = Alarms(self.clock)
        self.alarms.connect()
        self.scaling = AutoScaling(self.world.service, self.alarms, self.clock, roles or Roles())
        self.world.service.scaling = self.scaling
        self.client = client_of(self.scaling, self.world)
        self.seconds = 0

    @property
    def count(self) -> int:
        """The instances that the variant shall have."""
        return self._variant()["DesiredInstanceCount"]

    @property
    def serving(self) -> int:
        """The instances that serve."""
        return self._variant()["CurrentInstanceCount"]

    def _variant(self) -> Any:
        described = self.world.service.describe_endpoint({"EndpointName": "e"}, self.world.context)
        return described["ProductionVariants"][0]

    def register(self, low: int = 1, high: int = 4, **more: Any) -> str:
        return self.client.register_scalable_target(**TARGET, MinCapacity=low, MaxCapacity=high, **more)[
            "ScalableTargetARN"
        ]

    def track(self, target: float = 4.0, metric: Any = CONCURRENT, name: str = "p", **more: Any) -> Any:
        return self.client.put_scaling_policy(
            **TARGET,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": target,
                "PredefinedMetricSpecification": metric,
                **more,
            },
        )

    def step(self, name: str = "s", **more: Any) -> str:
        return self.client.put_scaling_policy(
            **TARGET, PolicyName=name, PolicyType="StepScaling", StepScalingPolicyConfiguration=more
        )["PolicyARN"]

    def alarm(self, name: str, policy: str, periods: int) -> None:
        """An alarm of more than 4 requests at once, in so many periods, that has a policy's ARN."""
        self.cloudwatch.put_metric_alarm(
            name=name,
            namespace="AWS/SageMaker",
            metric_name="ConcurrentRequestsPerModel",
            comparison_operator="GreaterThanThreshold",
            evaluation_periods=periods,
            period=10,
            threshold=4.0,
            statistic="Maximum",
            description="",
            dimensions=DIMENSIONS,
            alarm_actions=[policy],
        )

    def changes(self) -> None:
        """The endpoint begins to change: its weights, a second before the next tick, which comes too."""
        self.world.clock.wait(9)
        weights = [{"VariantName": "AllTraffic", "DesiredWeight": 0.5}]
        self.world.sagemaker(
            "UpdateEndpointWeightsAndCapacities", EndpointName="e", DesiredWeightsAndCapacities=weights
        )
        self.world.clock.wait(1)
        self.scaling.tick()

    def measured(self, name: str, value: float, dimensions: Any = DIMENSIONS, namespace="AWS/SageMaker"):
        """A data point of now."""
        datum = {"MetricName": name, "Value": value, "Dimensions": dimensions}
        datum["Timestamp"] = self.world.clock.now.replace(tzinfo=None)
        self.cloudwatch.put_metric_data(namespace, [datum])

    def goes_on(self, seconds: float, users: Any = None) -> None:
        """Time passes in ticks of 10 of AWS's seconds; `users` at once (or by second) share the instances."""
        for _ in range(round(seconds / 10)):
            if users is not None:
                now = users(self.seconds) if callable(users) else users
                self.measured("ConcurrentRequestsPerModel", now / self.serving)
            self.seconds += 10
            self.world.clock.now += timedelta(seconds=10) / self.clock.speed
            self.scaling.tick()

    def activities(self, **more: Any) -> list[Any]:
        """The activities, the oldest first."""
        pages = self.client.get_paginator("describe_scaling_activities").paginate(
            ServiceNamespace="sagemaker", **more
        )
        return [each for page in pages for each in page["ScalingActivities"]][::-1]
