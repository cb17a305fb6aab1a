"""Writing of records to moto's CloudWatch and CloudWatch Logs, in AWS's namespace and log groups.

Metrics: dimensions EndpointName and VariantName. Those of invocations in AWS/SageMaker have one data point
a minute, ConcurrentRequestsPerModel one each 10 s, utilisation in /aws/sagemaker/Endpoints one a minute.
Logs: group /aws/sagemaker/Endpoints/NAME, stream VARIANT/i-... What Cohere's container prints: (not
established).
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from moto.backends import get_backend

from helpers.sandbox.settings import ACCOUNT

from ..clock import Clock
from .percentiles import Point
from .records import SAMPLE_SECONDS, Invocation, Load, Ping, Record

NAMESPACE, INSTANCES = "AWS/SageMaker", "/aws/sagemaker/Endpoints"
MINUTE = 60
MAX_LINES = 2000  # of a log stream; the oldest are deleted
MAX_POINTS = 50_000  # of a region; the oldest are deleted
_MICROSECONDS = 1_000_000
_EPOCH = datetime(1970, 1, 1)


def values(invocation: Invocation) -> dict[str, tuple[float, str]]:
    """Return the value and unit of each metric for one invocation; errors count 1 or 0, as on AWS.

    InvocationsPerInstance gets 1/instances, so that its sum is a number a variant's instance.
    """
    status = 200 if invocation.status is None else invocation.status
    found = {
        "Invocations": (1.0, "None"),
        "InvocationsPerInstance": (1 / invocation.variant.instances, "None"),
        "ModelLatency": (invocation.model_seconds * _MICROSECONDS, "Microseconds"),
        "OverheadLatency": (invocation.overhead_seconds * _MICROSECONDS, "Microseconds"),
        "Invocation4XXErrors": (float(400 <= status < 500), "None"),
        # whether a container that did not answer (0) counts here (not established)
        "Invocation5XXErrors": (float(status >= 500 or status == 0), "None"),
    }
    if invocation.first_part_seconds is not None:
        # AWS documents it for streams in both directions; that these have it too: (not established)
        found["FirstChunkLatency"] = (invocation.first_part_seconds * _MICROSECONDS, "Microseconds")
    return found


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


def stream_name(record: Record) -> str:
    """Return VARIANT/i-..., with an instance id that is always the same for one variant of an endpoint."""
    variant = record.variant
    seed = f"{record.region}/{variant.endpoint_name}/{variant.name}/{variant.instance_type}"
    return f"{variant.name}/i-{hashlib.sha256(seed.encode()).hexdigest()[:17]}"


class CloudWatch:
    """A writer to moto's backends, for use by one thread."""

    def __init__(self, clock: Clock, *, log_bodies: bool = False) -> None:
        self._clock = clock
        self._log_bodies = log_bodies
        self._points: dict[tuple[str, ...], Point] = {}  # the latest of each metric

    def write(self, record: Record) -> None:
        """Add the metrics and the log line of one record."""
        if isinstance(record, Ping):
            self._log(record, ping_line(record))
        elif isinstance(record, Load):
            self._measure_load(record)
        else:
            for name, (value, unit) in values(record).items():
                self._count(record, NAMESPACE, name, value, unit, MINUTE)
            self._log(record, line(record, with_body=self._log_bodies))

    def _measure_load(self, load: Load) -> None:
        for outstanding, busy in load.instances:
            name = "ConcurrentRequestsPerModel"
            self._count(load, NAMESPACE, name, outstanding, "None", SAMPLE_SECONDS)
            # "SageMaker emits metrics with a value of zero" without traffic, so that it scales in
            self._count(load, NAMESPACE, "InvocationsPerInstance", 0.0, "None", MINUTE)
            # a practice instance has one processor and one GPU, as busy as its slots
            for name in ("CPUUtilization", "GPUUtilization"):
                self._count(load, INSTANCES, name, 100 * min(busy, 1.0), "Percent", MINUTE)

    def _count(
        self, record: Record, namespace: str, name: str, value: float, unit: str, seconds: float
    ) -> None:
        """Add a value to the data point of the record's interval, which lasts so many of AWS's seconds."""
        at = record.at.replace(tzinfo=None)  # moto's times are naive UTC
        begins = at - (at - _EPOCH) % self._clock.lasts(seconds)
        variant = record.variant
        key = (record.region, variant.endpoint_name, variant.name, name)
        point = self._points.get(key)
        if point is None or point.timestamp != begins:
            dimensions = {"EndpointName": variant.endpoint_name, "VariantName": variant.name}
            point = self._points[key] = Point(namespace, name, dimensions, begins, unit)
            point.add(value)
            data = get_backend("cloudwatch")[ACCOUNT][record.region].metric_data
            data.append(point)
            del data[:-MAX_POINTS]
        else:
            point.add(value)

    def _log(self, record: Record, message: str) -> None:
        logs = get_backend("logs")[ACCOUNT][record.region]
        group, stream = f"/aws/sagemaker/Endpoints/{record.variant.endpoint_name}", stream_name(record)
        logs.ensure_log_group(group)
        logs.ensure_log_stream(group, stream)
        event = {"timestamp": int(record.at.timestamp() * 1000), "message": message}
        logs.put_log_events(group, stream, [event])
        del logs.groups[group].streams[stream].events[:-MAX_LINES]
