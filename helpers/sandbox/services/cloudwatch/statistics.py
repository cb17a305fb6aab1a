"""Statistics of a metric's data points in moto's CloudWatch, period by period."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

MOST_OLD = 1000


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
    """Return the wanted points since a time, of many that are nearly in order; MOST_OLD older ones end it."""
    found, old = [], 0
    for each in reversed(points):
        if each.timestamp >= begins:
            old = 0
            if is_wanted(each):
                found.append(each)
        elif (old := old + 1) > MOST_OLD:
            break
    return found[::-1]


def of(points: Iterable[Any], statistic: str) -> float | None:
    """Return a statistic (Sum, Average, ..., p95) of points; None without data, or where it is not known."""
    from .percentiles import percent_of, percentile  # which imports moto

    chosen = list(points)
    if not chosen:
        return None
    count, total = sum(map(_count, chosen)), sum(map(_sum, chosen))
    known = {
        "SampleCount": count,
        "Sum": total,
        "Average": total / count if count else math.nan,
        "Minimum": min(map(_least, chosen)),
        "Maximum": max(map(_most, chosen)),
    }
    percent = percent_of(statistic)
    value = known.get(statistic, math.nan) if percent is None else percentile(chosen, percent)
    return value if value is not None and math.isfinite(value) else None


def _least(point: Any) -> float:
    return float(point.value if hasattr(point, "value") else point.min)


def _most(point: Any) -> float:
    return float(point.value if hasattr(point, "value") else point.max)


def _count(point: Any) -> float:
    return float(getattr(point, "sample_count", 1))


def _sum(point: Any) -> float:
    return float(point.sum if hasattr(point, "sum") else point.value)
