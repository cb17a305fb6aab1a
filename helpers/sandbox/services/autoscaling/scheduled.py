"""PutScheduledAction, DescribeScheduledActions, DeleteScheduledAction."""

from typing import Any

from helpers.sandbox.aws.service import AwsError, Context

from .scaling import Scaling
from .scheduling import NotASchedule, Schedule, parse
from .state import NAMESPACE, Action, Target, named, new_id, not_found, paged, refused
from .targets import check_limits

_TIMES = ("StartTime", "EndTime")
MOST = 200  # scheduled actions of a target (Application Auto Scaling's quotas)


class ScheduledOperations(Scaling):
    """The operations on scheduled actions."""

    def put_scheduled_action(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Store a scheduled action, or change what is given of one that exists."""
        target = self._registered(params, context)
        name, now = params["ScheduledActionName"], self._clock.now()
        before = target.actions.get(name)
        # botocore: "If you don't specify start and end times, the old values are deleted."
        kept = {key: value for key, value in before.given.items() if key not in _TIMES} if before else {}
        given = {**kept, **params}
        schedule = _schedule(given)
        _check_change(given, target)
        if before is None and len(target.actions) >= MOST:
            # wording (not established)
            raise AwsError("LimitExceededException", f"A target has at most {MOST} scheduled actions.")
        made = before.created if before else now
        arn = before.arn if before else _arn(params, context)
        target.actions[name] = Action(arn, made, now, given, schedule)
        return {}

    def describe_scheduled_actions(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the region's scheduled actions, by resource id and name."""
        names, resource = params.get("ScheduledActionNames"), params.get("ResourceId")
        found = [
            action
            for target in self._targets(context).values()
            for action in target.actions.values()
            if (not names or action.given["ScheduledActionName"] in names)
            and resource in (None, target.resource_id)
        ]
        answer = paged("ScheduledActions", found, lambda each: (each.arn,), params)
        return {**answer, "ScheduledActions": [_shown(each) for each in answer["ScheduledActions"]]}

    def delete_scheduled_action(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Delete a scheduled action."""
        target = self._targets(context).get(params["ResourceId"])
        if target is None or target.actions.pop(params["ScheduledActionName"], None) is None:
            raise not_found(
                f"No scheduled action found for {named(params)}, "
                f"scheduled action name: {params['ScheduledActionName']}"  # wording (not established)
            )
        return {}


def _schedule(given: dict[str, Any]) -> Schedule:
    start, end = given.get("StartTime"), given.get("EndTime")
    if "Schedule" not in given:
        # wording (not established)
        raise refused("Schedule is required to put a new scheduled action.")
    if start is not None and end is not None and end <= start:
        # wording (not established)
        raise refused("EndTime must be later than StartTime.")
    try:
        return parse(given["Schedule"], given.get("Timezone", "UTC"), start, end)
    except NotASchedule as error:
        # wording (not established)
        raise refused(f"The schedule is not valid: {error}.") from error


def _check_change(given: dict[str, Any], target: Target) -> None:
    change = given.get("ScalableTargetAction", {})
    if not change:
        # aws-cloudformation/community-registry-extensions#255
        raise refused("At least one of minimum capacity and maximum capacity should be provided")
    low, high = change.get("MinCapacity"), change.get("MaxCapacity")
    check_limits(1 if low is None else low, max(low or 1, target.high) if high is None else high)


def _arn(params: dict[str, Any], context: Context) -> str:
    place = f"arn:aws:autoscaling:{context.region}:{context.account}:scheduledAction:{new_id()}"
    name = params["ScheduledActionName"]
    return f"{place}:resource/{NAMESPACE}/{params['ResourceId']}:scheduledActionName/{name}"


def _shown(action: Action) -> dict[str, Any]:
    return {**action.given, "ScheduledActionARN": action.arn, "CreationTime": action.created}
