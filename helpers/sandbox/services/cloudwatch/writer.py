"""Writing of records to moto's CloudWatch and CloudWatch Logs, in AWS's namespace and log groups.

Metrics: namespace AWS/SageMaker, dimensions EndpointName and VariantName, one data point a minute. Logs:
group /aws/sagemaker/Endpoints/NAME, stream VARIANT/i-... What Cohere's container prints: (not established).
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
MAX_LINES = 2000  # of a log stream; the oldest are deleted
MAX_POINTS = 50_000  # of a region; the oldest are deleted
_MICROSECONDS = 1_000_000


def values(invocation: Invocation) -> dict[str, tuple[float, str]]:
    """Return the value and unit of each metric for one invocation; errors count 1 or 0, as on AWS."""
    status = 200 if invocation.status is None else invocation.status
    return {
        "Invocations": (1.0, "None"),
        "ModelLatency": (invocation.model_seconds * _MICROSECONDS, "Microseconds"),
        "OverheadLatency": (invocation.overhead_seconds * _MICROSECONDS, "Microseconds"),
        "Invocation4XXErrors": (float(400 <= status < 500), "None"),
        # whether a container that did not answer (0) counts here (not established)
        "Invocation5XXErrors": (float(status >= 500 or status == 0), "None"),
    }


def line(invocation: Invocation, *, with_body: bool) -> str:
    """Return the container's log line for an invocation; it has the request's body only if `with_body`."""
    entry: dict[str, Any] = {
        "level": "info" if invocation.status == 200 else "error",
        "path": "/invocations",
        "stream": invocation.stream,
        "status": invocation.status,
        "request_bytes": invocation.request_bytes,
        "response_bytes": invocation.response_bytes,
        "milliseconds": round(invocation.model_seconds * 1000, 1),
    }
    if invocation.message:
        entry["message"] = invocation.message
    if with_body:
        entry["body"] = invocation.body.decode(errors="replace")
    return json.dumps(entry, ensure_ascii=False)


def ping_line(ping: Ping) -> str:
    """Return the container's log line for its health check."""
    entry = {"level": "info", "path": "/ping", "status": 200}
    if ping.problem:
        entry |= {"level": "error", "status": 503, "message": ping.problem}
    return json.dumps(entry)


def stream_name(record: Invocation | Ping) -> str:
    """Return VARIANT/i-..., with an instance id that is always the same for one variant of an endpoint."""
    variant = record.variant
    seed = f"{record.region}/{variant.endpoint_name}/{variant.name}/{variant.instance_type}"
    return f"{variant.name}/i-{hashlib.sha256(seed.encode()).hexdigest()[:17]}"


class CloudWatch:
    """A writer to moto's backends, for use by one thread."""

    def __init__(self, *, log_bodies: bool = False) -> None:
        self._log_bodies = log_bodies
        self._minute: datetime | None = None
        self._points: dict[tuple[str, ...], MetricAggregatedDatum] = {}

    def write(self, record: Invocation | Ping) -> None:
        """Add the metrics and the log line of one record."""
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
        del data[:-MAX_POINTS]
        return point

    def _log(self, record: Invocation | Ping, message: str) -> None:
        logs = get_backend("logs")[ACCOUNT][record.region]
        group, stream = f"/aws/sagemaker/Endpoints/{record.variant.endpoint_name}", stream_name(record)
        logs.ensure_log_group(group)
        logs.ensure_log_stream(group, stream)
        event = {"timestamp": int(record.at.timestamp() * 1000), "message": message}
        logs.put_log_events(group, stream, [event])
        del logs.groups[group].streams[stream].events[:-MAX_LINES]


def _add(point: MetricAggregatedDatum, value: float) -> None:
    point.sample_count += 1
    point.sum += value
    point.min, point.max = min(point.min, value), max(point.max, value)
