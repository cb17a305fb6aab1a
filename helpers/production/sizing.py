"""Sizing: how many instances a traffic needs, hour by hour, and what they cost a month.

One instance answers so many requests a minute at its knee (`load.measure`, `load.knee`); scaling aims at a
share of that, so that there is room until another instance has started. Source of the periods: Application
Auto Scaling's user guide, "How target tracking scaling works" (in after 15 minutes below 90 % of the target).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import BadInput

HOURS_A_MONTH = 730.0
HOURS_A_DAY = 24
HIGH_MINUTES, LOW_MINUTES, LOW_SHARE = 3, 15, 0.9  # of target tracking's two alarms
# In standard deviations: what three minutes in a row exceed now and then, and the busiest of fifteen.
OUT_CHANCE, IN_CHANCE = 0.6, 1.2
# Shares of a day's requests by hour, from midnight on. Shapes to choose from, not measured anywhere.
SHAPES: Mapping[str, Sequence[float]] = {
    "even": (1,) * 24,
    "office": (1, 1, 1, 1, 1, 1, 2, 4, 9, 12, 12, 11, 8, 10, 12, 12, 10, 7, 4, 2, 1, 1, 1, 1),
    "evening": (3, 2, 1, 1, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 7, 10, 12, 12, 11, 8, 5),
}


@dataclass(frozen=True)
class Traffic:
    """A day's requests: readers, requests of each, and the shape of the day (a name in SHAPES).

    Raises BadInput for numbers below 0 and for other shapes.
    """

    users_a_day: int
    requests_each: float
    shape: str = "office"

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise BadInput(f"shape is {self.shape!r}; it takes one of {', '.join(SHAPES)}.")
        for name, value in (("users_a_day", self.users_a_day), ("requests_each", self.requests_each)):
            if type(value) not in (int, float) or not 0 <= value <= 1e9:
                raise BadInput(f"{name} is {value!r}; it takes a number from 0 to a billion.")

    @property
    def requests_a_minute(self) -> tuple[float, ...]:
        """The mean number of requests a minute, by hour of the day."""
        shares = SHAPES[self.shape]
        day = self.users_a_day * self.requests_each
        return tuple(day * share / sum(shares) / 60 for share in shares)


@dataclass(frozen=True)
class Sizing:
    """Instances by hour of the day, and USD a month: scaled with the traffic, or always as at the peak."""

    instances: tuple[int, ...]
    usd_per_hour: float

    @property
    def peak(self) -> int:
        """The most instances of the day, for which quota is needed."""
        return max(self.instances)

    @property
    def always_on_usd(self) -> float:
        """USD a month with the peak's instances at all hours."""
        return self.peak * self.usd_per_hour * HOURS_A_MONTH

    @property
    def scaled_usd(self) -> float:
        """USD a month with scaling: each change comes late, and an instance that starts costs already."""
        return self._instance_hours * self.usd_per_hour * HOURS_A_MONTH / HOURS_A_DAY

    @property
    def _instance_hours(self) -> float:
        before = (self.instances[-1], *self.instances[:-1])
        changes = [now - then for then, now in zip(before, self.instances, strict=True)]
        late = sum(change * HIGH_MINUTES if change > 0 else change * LOW_MINUTES for change in changes)
        return sum(self.instances) - late / 60

    def __str__(self) -> str:
        return "\n".join(
            [
                f"instances by hour: {' '.join(map(str, self.instances))}",
                f"always on, {self.peak} at all hours: about ${self.always_on_usd:,.0f} a month",
                f"scaled with the traffic: about ${self.scaled_usd:,.0f} a month",
            ]
        )


def size(
    traffic: Traffic,
    requests_a_minute: float,
    usd_per_hour: float,
    *,
    share: float = 0.7,
    least: int = 1,
) -> Sizing:
    """Return the instances that a traffic needs, each hour, and what they cost.

    `requests_a_minute` is what one instance answers at its knee, `share` (above 0, up to 1) how much of that
    scaling aims at, `usd_per_hour` the price of one instance with its software, `least` the minimum, 1 or
    more, as a Marketplace package's variant can't scale to 0. Raises BadInput.
    """
    checks = {
        "requests_a_minute": 0 < requests_a_minute < math.inf,
        "usd_per_hour": 0 <= usd_per_hour < math.inf,
        "share": 0 < share <= 1,
        "least": type(least) is int and least >= 1,
    }
    if wrong := [name for name, holds in checks.items() if not holds]:
        raise BadInput(f"{', '.join(wrong)}: out of range; see the help of size().")
    rates, count = traffic.requests_a_minute, least
    day: list[int] = []
    for rate in rates * 2:  # the second day begins as the first has ended
        count = _tracked(count, rate, share * requests_a_minute, least)
        day.append(count)
    return Sizing(tuple(day[HOURS_A_DAY:]), usd_per_hour)


def _tracked(count: int, rate: float, target: float, least: int) -> int:
    """Return the instances that target tracking keeps in an hour with that mean rate.

    Requests come by chance, so a minute has sqrt(rate) more or less. Out: three minutes above the target. In:
    only when the busiest of fifteen minutes is below 90 % of it.
    """
    chance = math.sqrt(rate)
    out = max(least, math.ceil((rate + OUT_CHANCE * chance) / target))
    if out > count:
        return out
    busiest = rate + IN_CHANCE * chance
    if busiest < LOW_SHARE * count * target:
        return max(least, math.ceil(busiest / target))
    return count
