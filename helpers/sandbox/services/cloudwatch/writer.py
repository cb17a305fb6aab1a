"""Invocations in moto's CloudWatch and CloudWatch Logs, where AWS puts them.

Metrics: namespace AWS/SageMaker, dimensions EndpointName and VariantName, one data point a minute.
Logs: group /aws/sagemaker/Endpoints/NAME, stream VARIANT/i-...; what Cohere's container prints is not
established.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from moto.backends import get_backend
from moto.cloudwatch.models import MetricAggregatedDatum

from helpers.sandbox.settings import ACCOUNT

from .records import Invocation, Ping

NAMESPACE = "AWS/SageMaker"
LINES_KEPT = 2000  # of each stream; the oldest go first
POINTS_KEPT = 50_000  # of each region; the oldest minutes go first
_MICROSECONDS = 1_000_000


def values(invocation: Invocation) -> dict[str, tuple[float, str]]:
    """Metric -> its value and unit, for one invocation. An error counts 1, and its absence 0, as on AWS."""
    status = 200 if invocation.status is None else invocation.status
    return {
        "Invocations": (1.0, "None"),
        "ModelLatency": (invocation.model_seconds * _MICROSECONDS, "Microseconds"),
        "OverheadLatency": (invocation.overhead_seconds * _MICROSECONDS, "Microseconds"),
        "Invocation4XXErrors": (float(400 <= status < 500), "None"),
        # That a container which did not answer (0) counts here is not established.
        "Invocation5XXErrors": (float(status >= 500 or status == 0), "None"),
    }


def line(invocation: Invocation, *, with_body: bool) -> str:
    """What the container prints about one invocation; nothing of the texts unless `with_body`."""
    told: dict[str, Any] = {
        "level": "info" if invocation.status == 200 else "error",
        "path": "/invocations",
        "stream": invocation.stream,
        "status": invocation.status,
        "request_bytes": invocation.request_bytes,
        "response_bytes": invocation.response_bytes,
        "milliseconds": round(invocation.model_seconds * 1000, 1),
    }
    if invocation.said:
        told["message"] = invocation.said
    if with_body:
        told["body"] = invocation.body.decode(errors="replace")
    return json.dumps(told, ensure_ascii=False)


def ping_line(ping: Ping) -> str:
    """What the container prints about its health check."""
    told = {"level": "info", "path": "/ping", "status": 200}
    if not ping.healthy:
        told |= {"level": "error", "status": 503, "message": "the model could not be loaded"}
    return json.dumps(told)


def stream_name(record: Invocation | Ping) -> str:
    """VARIANT/i-...: an instance id of AWS's form, the same for the same variant of the same endpoint."""
    variant = record.variant
    seed = f"{record.region}/{variant.endpoint_name}/{variant.name}/{variant.instance_type}"
    return f"{variant.name}/i-{hashlib.sha256(seed.encode()).hexdigest()[:17]}"


class CloudWatch:
    """Writes to moto's backends, for use by one thread."""

    def __init__(self, *, log_bodies: bool = False) -> None:
        self._log_bodies = log_bodies
        self._minute: datetime | None = None
        self._points: dict[tuple[str, ...], MetricAggregatedDatum] = {}

    def write(self, record: Invocation | Ping) -> None:
        """Add one invocation, or one health check."""
        if isinstance(record, Ping):
            self._log(record, ping_line(record))
        else:
            self._measure(record)
            self._log(record, line(record, with_body=self._log_bodies))

    def _measure(self, invocation: Invocation) -> None:
        minute = invocation.at.replace(second=0, microsecond=0, tzinfo=None)  # moto's times are naive UTC
        if minute != self._minute:
            self._minute = minute
            self._points.clear()
        variant = invocation.variant
        for name, (value, unit) in values(invocation).items():
            key = (invocation.region, variant.endpoint_name, variant.name, name)
            if key in self._points:
                _add(self._points[key], value)
            else:
                self._points[key] = self._new_point(key, value, unit, minute)

    def _new_point(
        self, key: tuple[str, ...], value: float, unit: str, minute: datetime
    ) -> MetricAggregatedDatum:
        region, endpoint, variant, name = key
        dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
        point = MetricAggregatedDatum(NAMESPACE, name, value, value, 1.0, value, dimensions, minute, unit)
        data = get_backend("cloudwatch")[ACCOUNT][region].metric_data
        data.append(point)
        del data[:-POINTS_KEPT]
        return point

    def _log(self, record: Invocation | Ping, message: str) -> None:
        logs = get_backend("logs")[ACCOUNT][record.region]
        group, stream = f"/aws/sagemaker/Endpoints/{record.variant.endpoint_name}", stream_name(record)
        logs.ensure_log_group(group)
        logs.ensure_log_stream(group, stream)
        event = {"timestamp": int(record.at.timestamp() * 1000), "message": message}
        logs.put_log_events(group, stream, [event])
        del logs.groups[group].streams[stream].events[:-LINES_KEPT]


def _add(point: MetricAggregatedDatum, value: float) -> None:
    point.sample_count += 1
    point.sum += value
    point.min, point.max = min(point.min, value), max(point.max, value)
