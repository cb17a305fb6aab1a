"""What AWS refuses in a scaling policy of an endpoint's variant. Wordings: (not established)."""

import math
from itertools import pairwise
from typing import Any

from .state import refused
from .tracking import PREDEFINED

_CONFIGURATION = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}
_MOST_STEPS = 20  # of a policy (Application Auto Scaling's quotas)
_METRIC = ("MetricName", "Namespace", "Statistic")


def check(given: dict[str, Any]) -> None:
    """Raise ValidationException for a policy, with all of its members, that AWS would not take."""
    kind = given["PolicyType"]
    if kind not in _CONFIGURATION:
        raise refused(f"{kind} is not supported for sagemaker:variant:DesiredInstanceCount.")
    wanted = _CONFIGURATION[kind]
    other = next(name for name in _CONFIGURATION.values() if name != wanted)
    if wanted not in given or other in given:
        raise refused(f"A policy of type {kind} takes {wanted}, and no {other}.")
    if kind == "StepScaling":
        _check_steps(given[wanted])
    else:
        _check_tracking(given[wanted])


def _check_tracking(tracking: dict[str, Any]) -> None:
    if not (math.isfinite(tracking["TargetValue"]) and tracking["TargetValue"] > 0):
        raise refused("TargetValue must be greater than 0.")
    _check_seconds(tracking, "ScaleOutCooldown", "ScaleInCooldown")
    predefined = tracking.get("PredefinedMetricSpecification")
    custom = tracking.get("CustomizedMetricSpecification", {})
    if (predefined is None) != bool(custom):
        raise refused(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification is required."
        )
    if predefined is not None:
        _check_predefined(predefined)
    elif "Metrics" in custom:
        raise refused("The sandbox does not practise metric math in a scaling policy.")
    elif missing := [name for name in _METRIC if name not in custom]:
        raise refused(f"CustomizedMetricSpecification needs {missing[0]}.")


def _check_predefined(predefined: dict[str, Any]) -> None:
    kind = predefined["PredefinedMetricType"]
    if kind not in PREDEFINED:
        names = " and ".join(PREDEFINED)
        raise refused(f"{kind} is not a metric of endpoints' variants; theirs are {names}.")
    if "ResourceLabel" in predefined:
        raise refused(f"ResourceLabel is for ALBRequestCountPerTarget only, not for {kind}.")


def _check_steps(steps: dict[str, Any]) -> None:
    kind, given = steps.get("AdjustmentType"), steps.get("StepAdjustments", [])
    if kind is None or not given:
        raise refused("AdjustmentType and at least one StepAdjustment are required for step scaling.")
    if len(given) > _MOST_STEPS:
        raise refused(f"A policy has at most {_MOST_STEPS} step adjustments.")
    if "MinAdjustmentMagnitude" in steps and kind != "PercentChangeInCapacity":
        raise refused("MinAdjustmentMagnitude is for PercentChangeInCapacity only.")
    if kind == "ExactCapacity" and any(each["ScalingAdjustment"] < 0 for each in given):
        raise refused("ScalingAdjustment must not be negative with ExactCapacity.")
    _check_seconds(steps, "Cooldown")
    bounds = sorted(
        (each.get("MetricIntervalLowerBound", -math.inf), each.get("MetricIntervalUpperBound", math.inf))
        for each in given
    )
    if any(not low < high for low, high in bounds):
        raise refused("MetricIntervalUpperBound must be greater than MetricIntervalLowerBound.")
    # botocore's documentation: the ranges must not overlap and must leave no gap
    if any(first[1] != second[0] for first, second in pairwise(bounds)):
        raise refused("There must be no gap and no overlap between the intervals of step adjustments.")


def _check_seconds(given: dict[str, Any], *names: str) -> None:
    for name in names:
        if given.get(name, 0) < 0:
            raise refused(f"{name} must be at least 0.")
