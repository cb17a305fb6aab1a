"""RegisterScalableTarget, DescribeScalableTargets, DeregisterScalableTarget."""

import re
from typing import Any

from helpers.sandbox.aws.service import Context

from .scaling import Scaling
from .state import DIMENSION, NAMESPACE, Target, named, paged, refused, role_arn

_RESOURCE = re.compile(r"endpoint/[^/]+/variant/[^/]+")
_NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


class TargetOperations(Scaling):
    """The operations on scalable targets."""

    def register_scalable_target(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Register a variant, or change its limits; an endpoint in service is brought within them."""
        _check_resource(params)
        targets, now = self._targets(context), self._clock.now()
        target = targets.get(params["ResourceId"])
        if target is None:
            target = self._new(params, context)
        self._variant(target, context)
        low, high = params.get("MinCapacity", target.low), params.get("MaxCapacity", target.high)
        check_limits(low, high)
        is_new = target.resource_id not in targets
        if is_new:
            self._roles.link_for_scaling()
            target.created, targets[target.resource_id] = now, target
            target.tags.update(params.get("Tags", {}))
        elif params.get("Tags"):
            # wording (not established)
            raise refused("Tags can be given only while a target is registered for the first time.")
        target.suspended.update(params.get("SuspendedState", {}))
        self._limit(target, low, high, context)
        return {"ScalableTargetARN": target.arn}

    def describe_scalable_targets(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the region's targets, by resource id."""
        wanted = params.get("ResourceIds")
        found = [
            each
            for each in self._targets(context).values()
            if (not wanted or each.resource_id in wanted)
            and params.get("ScalableDimension", DIMENSION) == DIMENSION
        ]
        answer = paged("ScalableTargets", found, lambda each: (each.resource_id,), params)
        return {**answer, "ScalableTargets": [_shown(each, context) for each in answer["ScalableTargets"]]}

    def deregister_scalable_target(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Forget the target, its policies with their alarms, and its scheduled actions."""
        self._forget(self._registered(params, context, "found"), context)
        return {}

    def _new(self, params: dict[str, Any], context: Context) -> Target:
        if missing := [name for name in ("MinCapacity", "MaxCapacity") if name not in params]:
            # wording (not established)
            raise refused(f"{missing[0]} is required to register a new scalable target.")
        arn = f"arn:aws:application-autoscaling:{context.region}:{context.account}:scalable-target/"
        low, high = params["MinCapacity"], params["MaxCapacity"]
        suspended, made = dict(_NOT_SUSPENDED), self._clock.now()
        return Target(params["ResourceId"], arn + self._short_id(), made, low, high, {}, suspended)


def check_limits(low: int, high: int) -> None:
    """Raise ValidationException for limits that no variant can have; wordings (not established).

    That a variant has one instance at least: SageMaker's developer guide, "Automatic scaling".
    """
    if low < 1:
        raise refused(f"Minimum capacity must be at least 1 for {DIMENSION}; it is {low}.")
    if high < low:
        raise refused("Maximum capacity cannot be less than minimum capacity")


def _check_resource(params: dict[str, Any]) -> None:
    """Raise ValidationException for what is not a variant's instance count; wordings (not established)."""
    if params["ScalableDimension"] != DIMENSION:
        if not params["ScalableDimension"].startswith(f"{NAMESPACE}:"):
            raise refused("Unsupported service namespace, resource type or scalable dimension")
        raise refused(
            f"{params['ScalableDimension']} is for serverless endpoints and inference components, which "
            "Marketplace model packages do not support."
        )
    if not _RESOURCE.fullmatch(params["ResourceId"]):
        raise refused(f"The resource ID must be endpoint/NAME/variant/NAME for {named(params)}")


def _shown(target: Target, context: Context) -> dict[str, Any]:
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": target.resource_id,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.low,
        "MaxCapacity": target.high,
        "RoleARN": role_arn(context),
        "CreationTime": target.created,
        "SuspendedState": target.suspended,
        "ScalableTargetARN": target.arn,
    }
