"""Target tracking of an endpoint's variant: agreed to at its highest price, watched, and taken back.

Application Auto Scaling changes the number of instances so that a metric stays at a target. The metric here
is SageMaker's ConcurrentRequestsPerModel: it comes every ten seconds, and counts a stream until its last
token.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from .. import catalog
from ..connect import consent
from ..connect.aws_errors import explained
from ..connect.session import Session
from ..deploy.capacity import Capacity
from ..deploy.costs import agree, price_at
from ..deploy.deadline import check_may_end_scaling
from ..errors import BadInput
from .running import changeable, variants

if TYPE_CHECKING:
    import pandas as pd

METRIC = "SageMakerVariantConcurrentRequestsPerModelHighResolution"
IN_SANDBOX_SECONDS, ON_AWS_SECONDS = 0.5, 5.0
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
# AWS's examples of both; a shorter wait before growing leaves fewer readers waiting, and costs more
OUT_SECONDS, IN_SECONDS = 60, 300


def track(
    session: Session,
    model: catalog.Model,
    endpoint_name: str,
    *,
    requests_at_once: float,
    most_instances: int,
    variant: str = "AllTraffic",
    max_usd_per_hour: float | None = None,
    software_usd_per_hour: float | None = None,
    tell: Callable[[str], object] = print,
) -> None:
    """Let a variant grow to `most_instances`, and shrink to 1, so that each has so many requests at once.

    `requests_at_once` (above 0) is the target for an instance. On AWS nothing is changed unless the price of
    all `most_instances`, and of the other variants', is known and at most `max_usd_per_hour`
    (CostNotAccepted). The endpoint's deadline stays; nothing is changed either if its role may not end an
    endpoint that scales (NotPermitted). Raises BadInput before any request, NotOurs, EndpointNotFound,
    EndpointNotReady.
    """
    if type(most_instances) is not int or not 1 <= most_instances <= 1000:
        raise BadInput(f"most_instances is {most_instances!r}; it takes a whole number from 1 to 1000.")
    if consent.amount("requests_at_once", requests_at_once) == 0:
        raise BadInput("requests_at_once is 0; it takes a number above 0.")
    consent.amount_or_none("max_usd_per_hour", max_usd_per_hour)
    endpoint = changeable(session, endpoint_name, tell=tell)
    others = sum(
        each.get("DesiredInstanceCount", 0)
        for each in variants(session, endpoint_name)
        if each["VariantName"] != variant
    )
    most = Capacity(most_instances + others, endpoint.capacity.types or (endpoint.instance_type,))
    cost = price_at(session, model, most, software_usd_per_hour=software_usd_per_hour)
    agree(session, cost, max_usd_per_hour, tell)
    check_may_end_scaling(session, endpoint_name, tell)
    target = _target(endpoint_name, variant)
    scaling = session.client("application-autoscaling")
    with explained(f"let {endpoint_name!r} scale"):
        scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=most_instances)
        scaling.put_scaling_policy(
            **target,
            PolicyName=policy_name(endpoint_name),
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "PredefinedMetricSpecification": {"PredefinedMetricType": METRIC},
                "TargetValue": float(requests_at_once),
                "ScaleOutCooldown": OUT_SECONDS,
                "ScaleInCooldown": IN_SECONDS,
            },
        )


def stop(session: Session, endpoint_name: str, variant: str = "AllTraffic") -> bool:
    """End the scaling, with its policies and their alarms; return False if there was none.

    The instances stay as many as they are.
    """
    target = _target(endpoint_name, variant)
    scaling = session.client("application-autoscaling")
    with explained(f"end the scaling of {endpoint_name!r}"):
        try:
            scaling.deregister_scalable_target(**target)
        except scaling.exceptions.ObjectNotFoundException:
            return False
    return True


def activities(session: Session, endpoint_name: str, variant: str = "AllTraffic") -> "pd.DataFrame":
    """Return what the scaling has done and could not do, oldest first; equal ones are one row."""
    import pandas as pd

    target = _target(endpoint_name, variant)
    scaling = session.client("application-autoscaling")
    with explained(f"read the scaling activities of {endpoint_name!r}"):
        pages = scaling.get_paginator("describe_scaling_activities").paginate(**target)
        found = [each for page in pages for each in page["ScalingActivities"]]
    rows: list[dict[str, Any]] = []
    for each in sorted(found, key=lambda each: each["StartTime"]):
        row = {"status": each["StatusCode"], "what": each["Description"], "why": _reason(each)}
        if rows and row.items() <= rows[-1].items():
            rows[-1]["times"] += 1
        else:
            rows.append({**row, "times": 1})
    return pd.DataFrame(rows, columns=["status", "what", "why", "times"])


def _reason(activity: dict[str, Any]) -> str:
    """Return AWS's message up to the advice and the request's id, which is another one each time."""
    return re.split(r" (?:Please use|\(Service:)", activity.get("StatusMessage", ""))[0]


async def watch(
    session: Session, endpoint_name: str, work: Awaitable[Any] | None = None, *, seconds: float = 0.0
) -> "pd.DataFrame":
    """Note the variants' instances while `work` goes on, and for `seconds` after it.

    It looks each half second, on AWS each five. Returns one row for each change: `seconds` since the
    beginning, `serving` and `wanted` instances. Raises what `work` raises, and ends `work` if interrupted.
    """
    import pandas as pd

    task = asyncio.ensure_future(work) if work is not None else None
    pause = ON_AWS_SECONDS if session.spends_money else IN_SANDBOX_SECONDS
    began, ends = time.monotonic(), None
    rows: list[tuple[float, int, int]] = []
    try:
        while ends is None or time.monotonic() < ends:
            if ends is None and (task is None or task.done()):
                if task is not None:
                    task.result()  # raises what it raised
                ends = time.monotonic() + seconds
            found = await asyncio.to_thread(instances, session, endpoint_name)
            if not rows or rows[-1][1:] != found:
                rows.append((round(time.monotonic() - began, 1), *found))
            await asyncio.sleep(pause)
    finally:
        if task is not None:
            task.cancel()
    return pd.DataFrame(rows, columns=["seconds", "serving", "wanted"])


def instances(session: Session, endpoint_name: str) -> tuple[int, int]:
    """Return how many instances serve, and how many are wanted, of all variants together."""
    running = variants(session, endpoint_name)
    return (
        sum(each.get("CurrentInstanceCount", 0) for each in running),
        sum(each.get("DesiredInstanceCount", 0) for each in running),
    )


def policy_name(endpoint_name: str) -> str:
    """Return the name of the tutorial's scaling policy for an endpoint."""
    return f"{endpoint_name}-requests-at-once"


def _target(endpoint_name: str, variant: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint_name}/variant/{variant}",
        "ScalableDimension": DIMENSION,
    }
