"""CloudWatch alarms on an endpoint: slow answers, failing answers, and an endpoint that nobody uses.

Each alarm costs 10 cents a month on AWS beyond the first ten (aws.amazon.com/cloudwatch/pricing, 2026-11),
and stays until it is deleted; its name begins with the endpoint's.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from ..connect import consent
from ..connect.aws_errors import explained
from ..connect.session import Session
from ..deploy.endpoint import TAG, check_name

if TYPE_CHECKING:
    import pandas as pd

NAMESPACE = "AWS/SageMaker"
SLOW, FAILING, IDLE = "slow", "failing", "idle"
MINUTE, HOUR = 60, 3600
LINGERS_MINUTES = 10


def set_alarms(
    session: Session, endpoint_name: str, *, slow_seconds: float, variant: str = "AllTraffic"
) -> list[str]:
    """Make three alarms on a variant and return their names: slow, failing, idle.

    slow: one in twenty answers takes longer than `slow_seconds` (3 of 5 minutes). failing: the model's
    container answered with an error (any minute). idle: an hour without a request, which still costs.
    They tell nobody: for e-mail give them an SNS topic as an action. Raises BadInput, NotPermitted.
    """
    check_name(endpoint_name)
    microseconds = consent.amount("slow_seconds", slow_seconds) * 1_000_000
    rules: dict[str, dict[str, Any]] = {
        SLOW: _rule("ModelLatency", microseconds, ExtendedStatistic="p95", points=(3, 5)),
        FAILING: _rule("Invocation5XXErrors", 0, Statistic="Sum", points=(1, 1)),
        IDLE: _rule("Invocations", 1, Statistic="Sum", period=HOUR, below=True, points=(1, 1)),
    }
    where = dimensions(endpoint_name, variant)
    cloudwatch = session.client("cloudwatch")
    with explained(f"set alarms on {endpoint_name!r}"):
        for name, rule in rules.items():
            cloudwatch.put_metric_alarm(
                AlarmName=alarm_name(endpoint_name, name),
                Dimensions=where,
                Tags=[TAG],
                **rule,
            )
    return [alarm_name(endpoint_name, name) for name in rules]


def states(session: Session, endpoint_name: str) -> "pd.DataFrame":
    """Return the state of the tutorial's alarms on the endpoint: OK, ALARM or INSUFFICIENT_DATA, and why."""
    import pandas as pd

    rows = [
        {"alarm": each["AlarmName"], "state": each["StateValue"], "why": each.get("StateReason", "")}
        for each in _alarms(session, endpoint_name)
    ]
    return pd.DataFrame(rows, columns=["alarm", "state", "why"]).set_index("alarm")


def ringing(session: Session, endpoint_name: str) -> list[str]:
    """Return which of the tutorial's alarms are in ALARM now: "slow", "failing", "idle"."""
    names = {each["AlarmName"] for each in _alarms(session, endpoint_name) if each["StateValue"] == "ALARM"}
    return [kind for kind in (SLOW, FAILING, IDLE) if alarm_name(endpoint_name, kind) in names]


async def quiet(session: Session, endpoint_name: str, speed: float = 1) -> None:
    """Wait until neither the alarm "slow" nor "failing" rings, for at most ten of AWS's minutes.

    An alarm rings on for some minutes after its cause has gone. `speed`: how many times as fast they pass.
    """
    for _ in range(LINGERS_MINUTES):
        if not {SLOW, FAILING} & set(ringing(session, endpoint_name)):
            return
        await asyncio.sleep(MINUTE / speed)


async def rung(session: Session, endpoint_name: str, speed: float = 1) -> str:
    """Wait one of AWS's minutes, as an alarm looks at whole ones, and return which ring: "slow, failing"."""
    await asyncio.sleep(MINUTE / speed)
    return ", ".join(ringing(session, endpoint_name))


def delete_alarms(session: Session, endpoint_name: str) -> list[str]:
    """Delete the tutorial's alarms on the endpoint; return their names."""
    names = [each["AlarmName"] for each in _alarms(session, endpoint_name)]
    if names:
        with explained(f"delete the alarms on {endpoint_name!r}"):
            session.client("cloudwatch").delete_alarms(AlarmNames=names)
    return names


def alarm_name(endpoint_name: str, kind: str) -> str:
    """Return the name of one of the tutorial's alarms."""
    return f"{endpoint_name}-{kind}"


def dimensions(endpoint_name: str, variant: str) -> list[dict[str, str]]:
    """Return the dimensions of a variant's metrics."""
    return [{"Name": "EndpointName", "Value": endpoint_name}, {"Name": "VariantName", "Value": variant}]


def _alarms(session: Session, endpoint_name: str) -> list[dict[str, Any]]:
    names = [alarm_name(endpoint_name, kind) for kind in (SLOW, FAILING, IDLE)]
    with explained(f"look at the alarms on {endpoint_name!r}"):
        return list(session.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"])


def _rule(
    metric: str,
    threshold: float,
    *,
    points: tuple[int, int],
    period: int = MINUTE,
    below: bool = False,
    **statistic: str,
) -> dict[str, Any]:
    return {
        "Namespace": NAMESPACE,
        "MetricName": metric,
        "Threshold": threshold,
        "ComparisonOperator": "LessThanThreshold" if below else "GreaterThanThreshold",
        "Period": period,
        "DatapointsToAlarm": points[0],
        "EvaluationPeriods": points[1],
        "TreatMissingData": "breaching" if below else "notBreaching",
        **statistic,
    }
