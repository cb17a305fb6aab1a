"""The arithmetic of scaling policies: how many instances a metric asks for, and what a cooldown keeps back.

Sources: Application Auto Scaling's user guide, "How target tracking scaling works", "How step scaling works"
and "Define cooldown periods"; its API reference, StepAdjustment and TargetTrackingScalingPolicyConfiguration.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

Adjustment = Literal["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]
_MOST = 10**9  # more instances than any quota has: an absurd metric asks for no more


@dataclass(frozen=True)
class Step:
    """By how much to scale if the metric is `lower` to `upper` beyond the threshold; None has no bound."""

    adjustment: int
    lower: float | None = None
    upper: float | None = None

    def holds(self, excess: float) -> bool:
        """Tell whether metric minus threshold is in this step, to which its bound nearer to 0 belongs."""
        lower = -math.inf if self.lower is None else self.lower
        upper = math.inf if self.upper is None else self.upper
        return lower <= excess < upper if excess >= 0 else lower < excess <= upper


@dataclass(frozen=True)
class Cooldown:
    """What a policy's last changes keep back: until `out` it counts from `base`, until `inwards` it stays."""

    out: datetime | None = None
    base: int = 0
    inwards: datetime | None = None

    def after(self, before: int, now: int, moment: datetime, *, out: float, inwards: float) -> "Cooldown":
        """Return the cooldown of `out` or `inwards` seconds after a change that was complete at `moment`.

        Scaling out ends the cooldown of scaling in.
        """
        if now > before:
            return Cooldown(moment + timedelta(seconds=out), before)
        return replace(self, inwards=moment + timedelta(seconds=inwards))


def tracked(capacity: int, metric: float, target: float) -> int:
    """Return the instances with which the metric, spread over them, would be the target at most."""
    return math.ceil(round(min(capacity * metric / target, _MOST), 9))


def stepped(capacity: int, excess: float, steps: Iterable[Step], kind: Adjustment, least: int = 0) -> int:
    """Return the instances after the step in which `excess` is; the same if it is in none.

    `least` is MinAdjustmentMagnitude, for a change in percent.
    """
    step = next((each for each in steps if each.holds(excess)), None)
    if step is None:
        return capacity
    if kind == "ExactCapacity":
        return step.adjustment
    if kind == "ChangeInCapacity":
        return capacity + step.adjustment
    return capacity + _percent(capacity * step.adjustment / 100, least)


def _percent(change: float, least: int) -> int:
    """Round towards 0, but to 1 at least; source: "Scaling adjustment types" of the user guide."""
    size = max(math.floor(abs(change)), 1, least) if change else 0
    return int(math.copysign(size, change))


def outwards(
    wanted: Callable[[int], int], capacity: int, high: int, cooldown: Cooldown, now: datetime
) -> int:
    """Return the capacity after scaling out, `capacity` if it stays.

    During the cooldown what the last change added counts as a part of what is wanted.
    """
    base = cooldown.base if cooldown.out is not None and now < cooldown.out else capacity
    return max(capacity, min(wanted(base), high))


def inwards(wanted: Callable[[int], int], capacity: int, low: int, cooldown: Cooldown, now: datetime) -> int:
    """Return the capacity after scaling in, `capacity` if it stays, as it does during the cooldown."""
    if cooldown.inwards is not None and now < cooldown.inwards:
        return capacity
    return min(capacity, max(wanted(capacity), low))


def highest(values: Sequence[float | None]) -> float:
    """Return the largest of the values that AlarmLow has looked at, by which target tracking scales in.

    Which value AWS takes is (not established); it says that it scales in more gradually than out.
    """
    return max(value for value in values if value is not None)
