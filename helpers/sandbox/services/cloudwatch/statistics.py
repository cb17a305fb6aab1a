"""Statistics of a metric's data points in moto's CloudWatch, period by period."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

_AGE = timedelta(hours=1)  # how much older than its neighbours a point may be that is still found
_PERCENTILE = re.compile(r"p(\d{1,3}(?:\.\d+)?)")


def by_period(
    points: Sequence[Any], ends: datetime, length: timedelta, count: int, statistic: str
) -> list[float | None]:
    """Return the statistic of each of `count` periods of that length before `ends`, the newest last.

    None is a period without data. `points` are those of one metric, the newest last.
    """
    limits = [ends - length * back for back in range(count, -1, -1)]
    return [
        of([each for each in points if begins <= each.timestamp < until], statistic)
        for begins, until in pairwise(limits)
    ]


def since(points: Sequence[Any], begins: datetime, is_wanted: Callable[[Any], bool]) -> list[Any]:
    """Return the wanted points since a time; they are stored nearly in order, and many."""
    found = []
    for each in reversed(points):
        if each.timestamp < begins - _AGE:
            break
        if each.timestamp >= begins and is_wanted(each):
            found.append(each)
    return found[::-1]


def of(points: Iterable[Any], statistic: str) -> float | None:
    """Return a statistic (Sum, Average, ..., p95) of points; None without data, or where it is not known."""
    chosen = list(points)
    if not chosen:
        return None
    count, total = sum(map(_count, chosen)), sum(map(_sum, chosen))
    if match := _PERCENTILE.fullmatch(statistic):
        value = percentile([value for each in chosen for value in _values(each)], float(match[1]))
    else:
        value = {
            "SampleCount": count,
            "Sum": total,
            "Average": total / count if count else math.nan,
            "Minimum": min(getattr(each, "min", getattr(each, "value", math.nan)) for each in chosen),
            "Maximum": max(getattr(each, "max", getattr(each, "value", math.nan)) for each in chosen),
        }.get(statistic, math.nan)
    return value if math.isfinite(value) else None


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the percentile, from 0 to 100, between the two nearest values; NaN without any."""
    if not values:
        return math.nan
    ordered = sorted(values)
    place = (len(ordered) - 1) * min(percent, 100) / 100
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def _count(point: Any) -> float:
    return float(getattr(point, "sample_count", 1))


def _sum(point: Any) -> float:
    return float(point.sum if hasattr(point, "sum") else point.value)


def _values(point: Any) -> list[float]:
    """Return a point's values; of several that were sent as statistics only these are known (none here)."""
    if hasattr(point, "value"):
        return [float(point.value)]
    return [float(point.min)] if point.min == point.max else []
