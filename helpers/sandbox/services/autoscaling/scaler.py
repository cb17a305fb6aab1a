"""What goes on without a request: scheduled actions, alarms, and the policies that these trigger."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from helpers.sandbox.aws.service import AwsError, Context
from helpers.sandbox.settings import ACCOUNT

from ..cloudwatch.alarms import SHORT, Evaluation
from .arithmetic import Step, highest, inwards, outwards, stepped, tracked
from .scaling import Scaling
from .state import Policy, Target

logger = logging.getLogger(__name__)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Proposal:
    """What a policy would do after an evaluation of its alarm: instances -> instances."""

    policy: Policy
    alarm: Evaluation
    wanted: Callable[[int], int]
    may_scale_out: bool
    may_scale_in: bool

    @property
    def cause(self) -> str:
        """The cause as AWS's activities name it."""
        return f"monitor alarm {self.alarm.name} in state ALARM triggered policy {self.policy.name}"


class Scaler(Scaling):
    """The process that scales; every 10 of AWS's seconds it looks whether something is to be done."""

    async def run(self) -> None:
        """Go on for ever: look soon after each interval, when its data points have been written."""
        while True:
            interval = self._clock.lasts(SHORT)
            past = (self._clock.now() - _EPOCH) % interval / interval
            await self._clock.sleep(SHORT * (1.1 - past))
            try:
                self.tick()
            except Exception:  # a defect must not end all scaling
                logger.exception("automatic scaling stumbled")

    def tick(self) -> None:
        """Do in all regions what is due by now."""
        for region in self._alarms.regions | self._regions.keys():
            context = Context(region, ACCOUNT)
            self._forget_the_gone(context)
            self._follow(context)
            for target in list(self._targets(context).values()):
                self._take_scheduled_actions(target, context)
            rung = [each for each in self._alarms.evaluate(region) if each.state == "ALARM" and each.values]
            for target in list(self._targets(context).values()):
                self._take_policies(target, rung, context)

    def _forget_the_gone(self, context: Context) -> None:
        for target in list(self._targets(context).values()):
            try:
                self._variant(target, context)
            except AwsError:
                self._forget(target, context)

    def _take_scheduled_actions(self, target: Target, context: Context) -> None:
        if not target.actions or self._variant(target, context)[0] != "InService":
            return  # what is due while the endpoint changes takes place afterwards
        now = self._clock.now()
        since, target.seen = target.seen or target.created, now
        for name, action in list(target.actions.items()):
            if not action.schedule.is_due(max(since, action.known), now, action.known, self._clock.speed):
                continue
            if action.schedule.at is not None:
                del target.actions[name]  # whether AWS keeps an action of one time (not established)
            if not target.suspended["ScheduledScalingSuspended"]:
                change = action.given["ScalableTargetAction"]
                low = change.get("MinCapacity", target.low)
                high = change.get("MaxCapacity", target.high)
                # limits that contradict each other: what gives way on AWS is (not established)
                self._limit(target, min(low, high), max(low, high), context)

    def _take_policies(self, target: Target, rung: list[Evaluation], context: Context) -> None:
        proposals = [
            proposal
            for policy in target.policies.values()
            for alarm in rung
            if policy.arn in alarm.actions and (proposal := _proposal(policy, alarm))
        ]
        if not proposals:
            return
        status, variant = self._variant(target, context)
        if status != "InService":
            self._not_scaled(target, proposals[0], "TargetServicePutResourceAsUnscalable", context)
            return
        count, now = int(variant["DesiredInstanceCount"]), self._clock.now()
        out, more = _best(proposals, lambda each: self._out(each, target, count, now))
        if out > count:
            if not target.suspended["DynamicScalingOutSuspended"]:
                self._set(target, out, more.cause, context, more.policy)
            return
        less, fewer = _best(proposals, lambda each: self._in(each, target, count, now, rung))
        if less < count:
            if not target.suspended["DynamicScalingInSuspended"]:
                self._set(target, less, fewer.cause, context, fewer.policy)
            return
        self._not_scaled(target, proposals[0], _why(proposals[0], target, count), context)

    def _out(self, each: Proposal, target: Target, count: int, now: datetime) -> int:
        if not each.may_scale_out:
            return count
        return outwards(each.wanted, count, target.high, each.policy.cooldown, now)

    def _in(self, each: Proposal, target: Target, count: int, now: datetime, rung: list[Evaluation]) -> int:
        if not each.may_scale_in or (each.policy.tracking and not _all_are_low(target, rung)):
            return count
        return inwards(each.wanted, count, target.low, each.policy.cooldown, now)

    def _not_scaled(self, target: Target, proposal: Proposal, code: str, context: Context) -> None:
        reason: dict[str, Any] = {"Code": code}
        if code == "AlreadyAtMaxCapacity":
            reason["MaxCapacity"] = target.high
        if code == "AlreadyAtMinCapacity":
            reason["MinCapacity"] = target.low
        text = "Attempting to scale due to alarm triggered"
        activity = self._note(target, text, proposal.cause, context)
        activity.members |= {"StatusCode": "Failed", "NotScaledReasons": [reason]}


def _proposal(policy: Policy, alarm: Evaluation) -> Proposal | None:
    """Return what the policy makes of the alarm, by its newest value."""
    newest = alarm.values[-1]
    if tracking := policy.tracking:
        aim = float(tracking["TargetValue"])
        if alarm.name == policy.alarms[0]:
            return Proposal(policy, alarm, lambda count: tracked(count, newest, aim), True, False)
        most = highest(alarm.values)
        may = not tracking.get("DisableScaleIn", False)
        return Proposal(policy, alarm, lambda count: tracked(count, most, aim), False, may)
    steps = policy.steps
    chosen = [
        Step(
            each["ScalingAdjustment"],
            each.get("MetricIntervalLowerBound"),
            each.get("MetricIntervalUpperBound"),
        )
        for each in steps["StepAdjustments"]
    ]
    kind, least = steps["AdjustmentType"], steps.get("MinAdjustmentMagnitude", 0)
    excess = newest - alarm.threshold
    return Proposal(policy, alarm, lambda count: stepped(count, excess, chosen, kind, least), True, True)


def _best(proposals: list[Proposal], capacity: Callable[[Proposal], int]) -> tuple[int, Proposal]:
    """Return the largest capacity, which has precedence for scaling out and in, and whose it is."""
    return max(((capacity(each), each) for each in proposals), key=lambda pair: pair[0])


def _all_are_low(target: Target, rung: list[Evaluation]) -> bool:
    """Tell whether all target tracking policies that may scale in are ready to, as AWS demands."""
    low = {each.name for each in rung}
    return all(
        policy.alarms[1] in low
        for policy in target.policies.values()
        if policy.tracking and not policy.tracking.get("DisableScaleIn")
    )


def _why(proposal: Proposal, target: Target, count: int) -> str:
    wanted = proposal.wanted(count)
    if wanted > count and count >= target.high:
        return "AlreadyAtMaxCapacity"
    if wanted < count and count <= target.low:
        return "AlreadyAtMinCapacity"
    return "AlreadyAtDesiredCapacity"
