"""Percentiles of metrics, which moto's CloudWatch lacks: data points that know how their values are spread.

Such a point counts its values in classes that are 1 % wide, so that it stays small however many there are.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import CloudWatchBackend, MetricAggregatedDatum, Statistics
from moto.cloudwatch.responses import CloudWatchResponse

_WIDTH = math.log(1.01)
_PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)")
_QUOTIENT = re.compile(r"(\w+) ?/ ?(\w+)")
_SIMPLE = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


class Point(MetricAggregatedDatum):
    """A data point of several values, 0 or more each, of one metric in one interval."""

    def __init__(
        self, namespace: str, name: str, dimensions: dict[str, str], timestamp: datetime, unit: str
    ) -> None:
        named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        super().__init__(namespace, name, math.inf, -math.inf, 0.0, 0.0, named, timestamp, unit)
        self._classes: Counter[int | None] = Counter()

    def add(self, value: float) -> None:
        """Count one more value."""
        self.sample_count += 1
        self.sum += value
        self.min, self.max = min(self.min, value), max(self.max, value)
        self._classes[round(math.log(value) / _WIDTH) if value else None] += 1

    @property
    def values(self) -> list[tuple[float, float]]:
        """Its values, each within 0.5 %, and how often it has each."""
        return [(self._middle(each), count) for each, count in dict(self._classes).items()]

    def _middle(self, number: int | None) -> float:
        middle = 0.0 if number is None else math.exp(number * _WIDTH)
        return float(min(max(middle, self.min), self.max))


def percentile(points: Iterable[Any], percent: float) -> float | None:
    """Return the smallest value that `percent` % of all values do not exceed; None where they are not known.

    As on AWS, a statistic set's values are known if it has one value, and negative values have no percentile.
    """
    counted: list[tuple[float, float]] = []
    for point in points:
        known = _values(point)
        if known is None or any(value < 0 for value, _ in known):
            return None
        counted += known
    left = max(1.0, math.ceil(sum(count for _, count in counted) * percent / 100))
    for value, count in sorted(counted):
        left -= count
        if left <= 0:
            return value
    return None


def percent_of(statistic: str) -> float | None:
    """Return 95 for "p95"; None for another statistic."""
    match = _PERCENTILE.fullmatch(statistic)
    return float(match[1]) if match else None


def connect() -> None:
    """Let moto's CloudWatch answer for percentiles, and refuse the statistics that it does not know."""
    for owner, name, around in (
        (Statistics, "get_statistics_for_type", _with_percentiles),
        (CloudWatchBackend, "get_metric_data", _in_one_pass),
        (CloudWatchResponse, "get_metric_statistics", _with_extended),
    ):
        original = getattr(owner, name)
        setattr(owner, name, around(getattr(original, "__wrapped__", original)))


def _values(point: Any) -> list[tuple[float, float]] | None:
    if isinstance(point, Point):
        return point.values
    if hasattr(point, "value"):
        return [(float(point.value), 1)]
    return [(float(point.min), float(point.sample_count))] if point.min == point.max else None


def _checked(statistic: str) -> None:
    if statistic not in _SIMPLE and percent_of(statistic) is None:
        raise ValidationError(f"The sandbox does not practise the statistic {statistic}.")


def _with_percentiles(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def get(self: Any, stat: str) -> Any:
        _checked(stat)
        percent = percent_of(stat)
        return original(self, stat) if percent is None else percentile(self.metric_data, percent)

    return get


def _in_one_pass(original: Callable[..., Any]) -> Callable[..., Any]:
    """Answer GetMetricData's queries for single metrics; moto looks at all points again for each period.

    As on AWS, a metric with other dimensions is another one, and what is not known is left out. Of metric
    math, `m1 / m2` is answered.
    """

    @wraps(original)
    def get(
        self: Any,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> Any:
        original(self, [], start_time, end_time, scan_by)  # which raises for times that can't be
        begins, ends = start_time.replace(microsecond=0), end_time.replace(microsecond=0)
        points = [each for each in self.get_all_metrics() if begins <= each.timestamp < ends]
        series = {each["Id"]: _series(each, points, begins) for each in queries if "MetricStat" in each}
        series |= {each["Id"]: _quotient(each, series) for each in queries if "MetricStat" not in each}
        found = [series[each["Id"]] for each in queries if each.get("ReturnData", True)]
        if scan_by == "TimestampDescending":
            for each in found:
                each["timestamps"].reverse(), each["values"].reverse()
        return found

    return get


def _quotient(query: dict[str, Any], series: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return one metric divided by another, where both have a value and the second is not 0."""
    match = _QUOTIENT.fullmatch(query.get("Expression", ""))
    if match is None or not set(match.groups()) <= series.keys():  # moto's answer to it would be empty
        raise ValidationError("The sandbox practises no expressions but m1 / m2: compute with the metrics.")
    above, below = (
        dict(zip(series[each]["timestamps"], series[each]["values"], strict=True)) for each in match.groups()
    )
    values = {when: above[when] / below[when] for when in above if below.get(when)}
    return {
        "id": query["Id"],
        "label": query.get("Label") or query["Id"],
        "values": list(values.values()),
        "timestamps": list(values),
        "status_code": "Complete",
    }


def _series(query: dict[str, Any], points: list[Any], begins: datetime) -> dict[str, Any]:
    asked = query["MetricStat"]
    metric, statistic, length = asked["Metric"], asked["Stat"], timedelta(seconds=int(asked["Period"]))
    _checked(statistic)
    wanted = sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions", []))
    periods: dict[int, Statistics] = {}
    for point in points:
        if (
            (point.namespace, point.name) == (metric["Namespace"], metric["MetricName"])
            and asked.get("Unit") in (None, point.unit)
            and sorted((each.name, each.value) for each in point.dimensions) == wanted
        ):
            number = (point.timestamp - begins) // length
            if number not in periods:
                periods[number] = Statistics([statistic], begins + number * length)
            periods[number].metric_data.append(point)
    values = [
        (each.timestamp, each.get_statistics_for_type(statistic)) for _, each in sorted(periods.items())
    ]
    known = [(when, value) for when, value in values if value is not None]
    return {
        "id": query["Id"],
        "label": query.get("Label") or f"{metric['MetricName']} {statistic}",
        "values": [value for _, value in known],
        "timestamps": [when for when, _ in known],
        "status_code": "Complete",
    }


def _with_extended(original: Callable[..., Any]) -> Callable[..., Any]:
    """Add the percentiles that GetMetricStatistics asks for as ExtendedStatistics."""

    @wraps(original)
    def get(self: Any) -> Any:
        asked = self._get_param("ExtendedStatistics") or []
        for statistic in asked:
            _checked(statistic)
        answer = original(self)
        if not asked:
            return answer
        points = answer.result["Datapoints"]
        for point in points:
            found = {name: point.get_statistics_for_type(name) for name in asked}
            point.extended_statistics = {name: value for name, value in found.items() if value is not None}
        answer.result["Datapoints"] = [point for point in points if point.extended_statistics]
        return answer

    return get
