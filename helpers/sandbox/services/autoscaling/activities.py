"""DescribeScalingActivities."""

from typing import Any

from helpers.sandbox.aws.service import Context

from .scaling import Scaling
from .state import Activity, paged


class ActivityOperations(Scaling):
    """The operation on scaling activities."""

    def describe_scaling_activities(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the region's activities, also of targets that are gone, the newest first."""
        resource, all_of_them = params.get("ResourceId"), params.get("IncludeNotScaledActivities", False)
        found = [
            each
            for each in self._region(context).activities
            if resource in (None, each.members["ResourceId"])
            and (all_of_them or "NotScaledReasons" not in each.members)
        ]
        answer = paged("ScalingActivities", found, _key, params, descending=True)
        return {**answer, "ScalingActivities": [each.members for each in answer["ScalingActivities"]]}


def _key(activity: Activity) -> tuple[str, ...]:
    return (f"{activity.number:012}",)
