"""The permissions that a request needs: actions, resources and condition keys.

Source: the Service Authorization Reference, "API operations" and "Actions" of each service (2026-11). Most
operations need the action of their name; the tables below have the others.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from helpers.sandbox.aws.service import Context

from .conditions import tag_keys
from .policy import Decision, Permission

Params = Mapping[str, Any]
# signing name -> prefix of its actions, where they differ
_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
_ALSO = {
    "aws-marketplace:AcceptAgreementRequest": ["aws-marketplace:Subscribe"],
    "scheduler:DeleteScheduleGroup": ["scheduler:DeleteSchedule"],
}
# the service-linked role by which Application Auto Scaling scales endpoints (its user guide)
SCALING_SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
SCALING_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
_WITHOUT_PERMISSION = ("sts:GetCallerIdentity", "sts:GetSessionToken")  # IAM User Guide: always allowed
_OF_SAGEMAKER = {"ModelName": "model", "EndpointConfigName": "endpoint-config", "EndpointName": "endpoint"}
_TAGGING = {"sagemaker": "sagemaker:AddTags", "scheduler": "scheduler:TagResource"}


class Tags(Protocol):
    """What knows the tags of SageMaker's resources; `sagemaker.SageMaker` is one."""

    def tags_of(self, arn: str, context: Context) -> Mapping[str, str]:
        """Return a resource's tags; none if it does not exist."""


class Roles(Protocol):
    """What knows the account's roles; `iam.Roles` is one."""

    def role_arn(self, name: str) -> str | None:
        """Return the ARN, with the path, of the role of that name; None if there is none."""

    def policies(self, arn: str) -> dict[str, str]:
        """Return name -> JSON of a role's identity-based policies; none if there is no such role."""

    def decide(self, arn: str, asked: Permission) -> Decision:
        """Return what a role's identity-based policies say of a permission."""


def needed(
    service: str, operation: str, params: Params, context: Context, roles: Roles, tags: Tags
) -> list[Permission]:
    """Return the permissions that a call needs; `service` is the name that requests to it are signed for.

    Parameters of other types than the model's, which the service refuses later, count as missing.
    """
    action = f"{_PREFIXES.get(service, service)}:{operation}"
    if action in _WITHOUT_PERMISSION:
        return []
    resources = list(_RESOURCES.get(service, _not_told)(operation, params, context))
    if service == "iam" and (name := _text(params, "RoleName")):
        resources = [roles.role_arn(name) if operation != "CreateRole" else _new_role(name, params, context)]
    asked_tags = tag_keys("request", dict(_tags_of(params)))
    found = [
        Permission(each, resource, {**asked_tags, **_resource_tags(resource, context, tags)})
        for each in (action, *_ALSO.get(action, ()))
        for resource in resources
    ]
    if asked_tags and operation.startswith("Create") and service in _TAGGING:
        keys = {**asked_tags, "sagemaker:taggingaction": operation}
        found.append(Permission(_TAGGING[service], resources[0], keys))
    if service == "application-autoscaling":
        found += _to_scale(operation, params, context, roles, tags)
    return found + [
        Permission("iam:PassRole", role, {"iam:passedtoservice": f"{service}.amazonaws.com"})
        for role in _passed_roles(params)
    ]


def _of_sagemaker(operation: str, params: Params, context: Context) -> Iterator[str]:
    """Yield the resource that the operation is named for first: that is the one which tags are put on."""
    if operation.startswith("List") and operation != "ListTags":
        yield "*"
        return
    given = {kind: _text(params, name) for name, kind in _OF_SAGEMAKER.items()}
    named = [kind for kind, name in given.items() if name]
    arns = [_text(params, "ResourceArn"), _text(params, "ModelPackageName")]
    place = f"arn:aws:sagemaker:{context.region}:{context.account}"
    found = [f"{place}:{kind}/{given[kind].lower()}" for kind in reversed(named)]
    yield from found or [next((arn for arn in arns if arn), "*")]


def _of_scheduler(operation: str, params: Params, context: Context) -> Iterator[str]:
    place, name = f"arn:aws:scheduler:{context.region}:{context.account}", _text(params, "Name")
    if operation.endswith("ScheduleGroup"):
        yield f"{place}:schedule-group/{name}"
    elif operation.endswith("Schedule"):
        yield f"{place}:schedule/{_text(params, 'GroupName') or 'default'}/{name}"
    else:
        yield _text(params, "ResourceArn") or "*"


def _of_scaling(operation: str, params: Params, context: Context) -> Iterator[str]:
    """Yield "*", or all scalable targets: which one it is only the service knows."""
    place = f"arn:aws:application-autoscaling:{context.region}:{context.account}"
    targets = _text(params, "ResourceARN") or f"{place}:scalable-target/*"
    yield "*" if operation.startswith("Describe") else targets


def _to_scale(
    operation: str, params: Params, context: Context, roles: Roles, tags: Tags
) -> Iterator[Permission]:
    """Yield what else the caller needs of other services before an endpoint may scale.

    Source: SageMaker's developer guide, "Auto scaling prerequisites", which names the permissions; which
    operation needs which of them: (not established).
    """
    resource = _text(params, "ResourceId")
    if operation == "RegisterScalableTarget":
        name = f"{resource}/".split("/")[1].lower()
        endpoint = f"arn:aws:sagemaker:{context.region}:{context.account}:endpoint/{name}"
        keys = _resource_tags(endpoint, context, tags)
        for each in ("DescribeEndpoint", "UpdateEndpointWeightsAndCapacities"):
            yield Permission(f"sagemaker:{each}", endpoint, keys)
        yield Permission("sagemaker:DescribeEndpointConfig", None)
        if roles.role_arn(SCALING_ROLE) is None:
            role = f"arn:aws:iam::{context.account}:role/aws-service-role/{SCALING_SERVICE}/{SCALING_ROLE}"
            yield Permission("iam:CreateServiceLinkedRole", role, {"iam:awsservicename": SCALING_SERVICE})
    if operation == "PutScalingPolicy":
        alarm = f"arn:aws:cloudwatch:{context.region}:{context.account}:alarm:TargetTracking-{resource}"
        for each in ("PutMetricAlarm", "DeleteAlarms"):
            yield Permission(f"cloudwatch:{each}", alarm)
        yield Permission("cloudwatch:DescribeAlarms", "*")


def _of_cloudwatch(operation: str, params: Params, context: Context) -> Iterator[str | None]:
    """Yield changed alarms or dashboards: AlarmName, AlarmNames, or AlarmNames.member.1; None if not told."""
    kind = next((each for each in ("Alarm", "Dashboard") if operation.endswith((each, f"{each}s"))), "")
    if not kind or operation.startswith(("Describe", "List")):
        yield "*"
        return
    given = [value for name, value in params.items() if name.startswith(f"{kind}Name")]
    names = [name for value in given for name in (_listed(value) or [value]) if isinstance(name, str)]
    # a dashboard is in no region
    where = (
        f"{context.region}:{context.account}:alarm:" if kind == "Alarm" else f":{context.account}:dashboard/"
    )
    yield from (f"arn:aws:cloudwatch:{where}{name}" for name in names)
    if not names:
        yield None


def _of_iam(operation: str, params: Params, context: Context) -> Iterator[str | None]:
    yield _text(params, "RoleArn") or _text(params, "PolicySourceArn") or _text(params, "PolicyArn") or None


def _new_role(name: str, params: Params, context: Context) -> str:
    return f"arn:aws:iam::{context.account}:role{_text(params, 'Path') or '/'}{name}"


def _of_nothing(operation: str, params: Params, context: Context) -> Iterator[str]:
    yield "*"


def _not_told(operation: str, params: Params, context: Context) -> Iterator[None]:
    yield None


_RESOURCES: dict[str, Callable[[str, Params, Context], Iterator[str | None]]] = {
    "sagemaker": _of_sagemaker,
    "scheduler": _of_scheduler,
    "iam": _of_iam,
    "sts": _of_iam,
    "application-autoscaling": _of_scaling,
    "aws-marketplace": _of_nothing,
    "monitoring": _of_cloudwatch,
    "pricing": _of_nothing,
    "servicequotas": _of_nothing,
    "tagging": _of_nothing,
}


def _resource_tags(resource: str | None, context: Context, tags: Tags) -> dict[str, str]:
    known = tags.tags_of(resource, context) if resource and resource.startswith("arn:aws:sagemaker:") else {}
    return tag_keys("resource", known)


def _tags_of(params: Params) -> Iterator[tuple[str, str]]:
    for each in _listed(params.get("Tags")):
        if isinstance(each, dict) and (key := _text(each, "Key")):
            yield key, _text(each, "Value")


def _passed_roles(params: Params) -> Iterator[str]:
    # of CreateModel, of a schedule, and of a stack
    for holder, name in (
        *((params, "ExecutionRoleArn"), (params.get("Target"), "RoleArn")),
        (params, "RoleARN"),
    ):
        if isinstance(holder, dict) and (role := _text(holder, name)):
            yield role


def _text(params: Params, name: str) -> str:
    value = params.get(name)
    return value if isinstance(value, str) else ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
