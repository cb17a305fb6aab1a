"""Each answer's share of the endpoint's time, where several requests were under way at once."""

from collections.abc import Sequence
from itertools import pairwise


def shares(intervals: Sequence[tuple[float, float]]) -> list[float]:
    """Return the seconds of each (begin, end), each moment divided evenly among those under way.

    Together they are the time in which at least one request was under way, so requests that ran side by side
    are not charged for the same second twice.
    """
    moments = sorted({moment for interval in intervals for moment in interval})
    starts, ends = _at(intervals, 0), _at(intervals, 1)
    under_way: set[int] = set()
    found = [0.0] * len(intervals)
    for moment, following in pairwise(moments):
        under_way.difference_update(ends.get(moment, ()))
        under_way.update(n for n in starts.get(moment, ()) if intervals[n][1] > moment)
        for n in under_way:
            found[n] += (following - moment) / len(under_way)
    return found


def _at(intervals: Sequence[tuple[float, float]], side: int) -> dict[float, list[int]]:
    """Return the intervals that begin (side 0) or end (side 1) at each moment."""
    found: dict[float, list[int]] = {}
    for n, interval in enumerate(intervals):
        found.setdefault(interval[side], []).append(n)
    return found
