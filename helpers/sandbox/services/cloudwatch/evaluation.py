"""The state of a metric alarm by CloudWatch's rules, also for data points that are missing.

Source: CloudWatch's user guide, "Configuring how CloudWatch alarms treat missing data": its two tables and
"Avoiding premature transitions to alarm state".
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
LOOKED_BACK = (
    2  # periods beyond the evaluated ones, in which missing points are replaced (the guide's example)
)
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Rule:
    """When an alarm rings: if `needed` of `periods` values compare so with the threshold.

    `missing` is TreatMissingData: breaching, notBreaching, ignore or missing.
    """

    comparison: str
    threshold: float
    periods: int
    needed: int
    missing: str = "missing"

    @property
    def is_known(self) -> bool:
        """Whether the comparison is evaluated here: those with a band of anomaly detection are not."""
        return self.comparison in _COMPARED

    def breaches(self, value: float) -> bool:
        """Tell whether a value is on the threshold's wrong side."""
        return _COMPARED[self.comparison](value, self.threshold)

    def state(self, values: Sequence[float | None], before: State) -> State:
        """Return the state after the values of the last `periods` + LOOKED_BACK periods, the newest last.

        None is a period without data; `before` is the state until now.
        """
        breaching = [None if value is None else self.breaches(value) for value in values]
        found = [each for each in breaching if each is not None][-self.periods :]
        lacking = self.periods - len(found)
        if self.missing == "breaching":
            return "ALARM" if sum(found) + lacking >= self.needed else "OK"
        if sum(found) >= self.needed:
            return "ALARM"
        if not lacking or self.missing == "notBreaching":
            return "OK"
        if found and not all(found):
            return "OK"
        if self.missing == "ignore":
            return before
        if not found:
            return "INSUFFICIENT_DATA"
        # too few values, and all breach: what happens while they are new is (not established)
        oldest = len(breaching) - breaching.index(True)
        return "ALARM" if oldest >= self.needed else before
