"""Scalable targets with their policies and scheduled actions, by region, and what all operations share."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from helpers.sandbox.aws.paging import page
from helpers.sandbox.aws.service import AwsError, Context, Service, parse_json

from ..authorization.permissions import SCALING_ROLE, SCALING_SERVICE
from ..clock import Clock
from ..cloudwatch.alarms import Alarms
from ..iam import Roles
from .arithmetic import Cooldown
from .scheduling import Schedule

NAMESPACE, DIMENSION = "sagemaker", "sagemaker:variant:DesiredInstanceCount"
MOST_ACTIVITIES = 1000  # of a region; the oldest are forgotten, on AWS after six weeks


class Endpoints(Protocol):
    """What describes and scales endpoints; `sagemaker.SageMaker` is one."""

    def describe_endpoint(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the endpoint. Raises AwsError if there is none."""
        ...

    def update_endpoint_weights_and_capacities(
        self, params: dict[str, Any], context: Context
    ) -> dict[str, Any]:
        """Begin to change its variants' instance counts. Raises AwsError, for quota too."""
        ...


@dataclass
class Policy:
    """A scaling policy as it was put, its own alarms (of target tracking), and its cooldown."""

    arn: str
    created: datetime
    given: dict[str, Any]
    alarms: list[str] = field(default_factory=list)  # AlarmHigh, then AlarmLow
    cooldown: Cooldown = field(default_factory=Cooldown)

    @property
    def name(self) -> str:
        """The policy's name."""
        return str(self.given["PolicyName"])

    @property
    def tracking(self) -> dict[str, Any]:
        """TargetTrackingScalingPolicyConfiguration; {} for step scaling."""
        return dict(self.given.get("TargetTrackingScalingPolicyConfiguration", {}))

    @property
    def steps(self) -> dict[str, Any]:
        """StepScalingPolicyConfiguration; {} for target tracking."""
        return dict(self.given.get("StepScalingPolicyConfiguration", {}))


@dataclass
class Action:
    """A scheduled action as it was put, and when that was."""

    arn: str
    created: datetime
    known: datetime
    given: dict[str, Any]
    schedule: Schedule


@dataclass
class Target:
    """A variant that is scaled between `low` and `high` instances."""

    resource_id: str
    arn: str
    created: datetime
    low: int
    high: int
    tags: dict[str, str]
    suspended: dict[str, bool] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    seen: datetime | None = None  # until when its scheduled actions have been taken

    @property
    def endpoint_name(self) -> str:
        """The endpoint's name."""
        return self.resource_id.split("/")[1]

    @property
    def variant_name(self) -> str:
        """The variant's name."""
        return self.resource_id.split("/")[3]


@dataclass
class Activity:
    """A scaling activity in the members of the API; while it goes on, it `waits` for `desired` instances."""

    number: int  # of the region's activities, counted from the first
    members: dict[str, Any]
    desired: int = 0
    before: int = 0
    waits: bool = False
    policy: str = ""


@dataclass
class Region:
    """One region's targets by resource id, and its activities, the newest last."""

    targets: dict[str, Target] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)


class State(Service):
    """The base of the operations. Only the event loop's thread uses it, so it has no lock."""

    service_name: ClassVar[str] = "application-autoscaling"
    by_moto: ClassVar[bool] = True  # other services' targets are moto's

    def __init__(self, endpoints: Endpoints, alarms: Alarms, clock: Clock, roles: Roles) -> None:
        super().__init__()
        self._endpoints = endpoints
        self._alarms = alarms
        self._clock = clock
        self._roles = roles
        self._regions: dict[str, Region] = {}

    def operation_of(self, method: str, path: str, target: str | None, body: bytes = b"") -> str | None:
        """Return the operation if it is about SageMaker: moto answers for what else can be scaled."""
        try:
            namespace = parse_json(body).get("ServiceNamespace", NAMESPACE)
        except AwsError:
            namespace = NAMESPACE
        return super().operation_of(method, path, target, body) if namespace == NAMESPACE else None

    def _region(self, context: Context) -> Region:
        return self._regions.setdefault(context.region, Region())

    def _targets(self, context: Context) -> dict[str, Target]:
        return self._region(context).targets

    def _registered(self, params: dict[str, Any], context: Context, what: str = "registered") -> Target:
        """Return the target that a request names. Raises AwsError ObjectNotFoundException."""
        target = self._targets(context).get(params["ResourceId"])
        if target is None or params.get("ScalableDimension", DIMENSION) != DIMENSION:
            raise not_found(f"No scalable target {what} for {named(params)}")
        return target

    def _variant(self, target: Target, context: Context) -> tuple[str, dict[str, Any]]:
        """Return the endpoint's status and the variant's description. Raises AwsError if one is gone."""
        described = self._endpoints.describe_endpoint({"EndpointName": target.endpoint_name}, context)
        for each in described.get("ProductionVariants", []):
            if each["VariantName"] == target.variant_name:
                return described["EndpointStatus"], each
        # wording (not established)
        raise refused(f"Could not find variant {target.variant_name} of endpoint {target.endpoint_name}.")


def refused(message: str) -> AwsError:
    """Return a ValidationException (400)."""
    return AwsError("ValidationException", message)


def not_found(message: str) -> AwsError:
    """Return an ObjectNotFoundException (400)."""
    return AwsError("ObjectNotFoundException", message)


def named(params: dict[str, Any]) -> str:
    """Return how AWS names the target of a request in its errors."""
    return (
        f"service namespace: {params['ServiceNamespace']}, resource ID: {params['ResourceId']}, "
        f"scalable dimension: {params['ScalableDimension']}"
    )


def role_arn(context: Context) -> str:
    """Return the ARN of the service-linked role that scales endpoints."""
    return f"arn:aws:iam::{context.account}:role/aws-service-role/{SCALING_SERVICE}/{SCALING_ROLE}"


def new_id() -> str:
    """Return a random identifier as AWS's activities, policies and alarms have."""
    return str(uuid.uuid4())


def paged(
    member: str,
    items: list[Any],
    key: Callable[[Any], tuple[str, ...]],
    params: dict[str, Any],
    most: int = 50,
    *,
    descending: bool = False,
) -> dict[str, Any]:
    """Return a page of an answer, of MaxResults items or `most`, the most that AWS returns at once."""
    size = params.get("MaxResults", most)
    if not 1 <= size <= most:
        # wording (not established)
        raise refused(f"MaxResults is {size}; it must be from 1 to {most}.")
    # wording (not established)
    bad_token = AwsError("InvalidNextTokenException", "The next token is not valid.")
    token = params.get("NextToken")
    chosen, token = page(items, key, size=size, token=token, bad_token=bad_token, descending=descending)
    return {member: chosen, **({"NextToken": token} if token else {})}
