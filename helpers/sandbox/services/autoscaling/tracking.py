"""The two alarms of a target tracking policy: AlarmHigh scales out, AlarmLow in.

As AWS makes them for InvocationsPerInstance: above the target in 3 minutes, below 90 % of it in 15
(Application Auto Scaling's user guide, "How target tracking scaling works"). Of the high-resolution metric
it is known that it comes every 10 s, is read as Maximum, and that scaling in does not become faster; how many
of its points AWS's alarms evaluate is (not established): here AlarmHigh looks at 3 of 10 s.
"""

from typing import Any

from ..cloudwatch.alarms import MINUTE, SHORT
from .state import Policy, Target

HIGH_POINTS, LOW_POINTS, LOW_SHARE = 3, 15, 0.9
# predefined metric -> CloudWatch's name, statistic, and seconds of a period
PREDEFINED = {
    "SageMakerVariantInvocationsPerInstance": ("InvocationsPerInstance", "Sum", MINUTE),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": (
        "ConcurrentRequestsPerModel",
        "Maximum",
        SHORT,
    ),
}


def alarms_of(policy: Policy, target: Target) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return AlarmHigh and AlarmLow, with moto's names of their members."""
    aim = float(policy.tracking["TargetValue"])
    metric, period = _metric(policy.tracking, target)
    shared = {
        **metric,
        # as AWS describes them
        "description": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
        "alarm_actions": [policy.arn],
        "actions_enabled": True,
    }
    high = {
        "name": policy.alarms[0],
        "comparison_operator": "GreaterThanThreshold",
        "evaluation_periods": HIGH_POINTS,
        "period": period,
        "threshold": aim,
    }
    low = {
        "name": policy.alarms[1],
        "comparison_operator": "LessThanThreshold",
        "evaluation_periods": LOW_POINTS,
        "period": MINUTE,
        "threshold": aim * LOW_SHARE,
    }
    return shared | high, shared | low


def _metric(tracking: dict[str, Any], target: Target) -> tuple[dict[str, Any], int]:
    if predefined := tracking.get("PredefinedMetricSpecification"):
        name, statistic, period = PREDEFINED[predefined["PredefinedMetricType"]]
        dimensions = [
            {"Name": "EndpointName", "Value": target.endpoint_name},
            {"Name": "VariantName", "Value": target.variant_name},
        ]
        metric = {"namespace": "AWS/SageMaker", "metric_name": name, "statistic": statistic}
        return {**metric, "dimensions": dimensions}, period
    custom = tracking["CustomizedMetricSpecification"]
    metric = {
        "namespace": custom["Namespace"],
        "metric_name": custom["MetricName"],
        "statistic": custom["Statistic"],
        "dimensions": custom.get("Dimensions", []),
        **({"unit": custom["Unit"]} if "Unit" in custom else {}),
    }
    return metric, MINUTE
