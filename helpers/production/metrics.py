"""What CloudWatch has measured of an endpoint's variants, in seconds and counts.

SageMaker sends its metrics once a minute, a minute or two late; ModelLatency is in microseconds and includes
the time that a request waits in the instance's queue (SageMaker's developer guide, "Amazon SageMaker AI
metrics in Amazon CloudWatch").
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..connect.aws_errors import explained
from ..connect.session import Session
from .alarms import NAMESPACE, dimensions

if TYPE_CHECKING:
    import pandas as pd

_MICROSECONDS = 1_000_000
# column -> metric, statistic, divisor
_COLUMNS = {
    "requests": ("Invocations", "Sum", 1),
    "client errors": ("Invocation4XXErrors", "Sum", 1),
    "model errors": ("Invocation5XXErrors", "Sum", 1),
    "answer p50, s": ("ModelLatency", "p50", _MICROSECONDS),
    "answer p95, s": ("ModelLatency", "p95", _MICROSECONDS),
}


def observed(
    session: Session,
    endpoint_name: str,
    since: datetime,
    variants: Sequence[str] = ("AllTraffic",),
    *,
    speed: float = 1.0,
) -> "pd.DataFrame":
    """Return one row for each variant: requests, errors, and percentiles of the model's time, since then.

    `since`, which has a time zone, counts from the beginning of its minute, as a metric has one value for
    each; `speed` is that of `Session.practise_with`. A count that CloudWatch does not have
    (yet) is 0, any other figure NaN.
    """
    import pandas as pd

    asked = {
        f"m{i}_{j}": (variant, column)
        for i, variant in enumerate(variants)
        for j, column in enumerate(_COLUMNS)
    }
    since -= timedelta(seconds=since.timestamp() % (60 / speed))
    period = 60 * max(1, math.ceil((datetime.now(UTC) - since).total_seconds() / 60))
    with explained(f"read the metrics of {endpoint_name!r}"):
        answer = session.client("cloudwatch").get_metric_data(
            MetricDataQueries=[
                _query(key, endpoint_name, *which, period=period) for key, which in asked.items()
            ],
            StartTime=since,
            EndTime=since + timedelta(seconds=period),
        )
    frame = pd.DataFrame(index=pd.Index(variants, name="variant"), columns=list(_COLUMNS), dtype=float)
    for result in answer["MetricDataResults"]:
        variant, column = asked[result["Id"]]
        if result["Values"]:
            # one value, or two where CloudWatch aligned its periods otherwise
            _, statistic, divisor = _COLUMNS[column]
            frame.loc[variant, column] = (sum if statistic == "Sum" else max)(result["Values"]) / divisor
    counts = [column for column, (_, statistic, _) in _COLUMNS.items() if statistic == "Sum"]
    return frame.fillna(dict.fromkeys(counts, 0.0))


def _query(key: str, endpoint_name: str, variant: str, column: str, *, period: int) -> dict[str, Any]:
    metric, statistic, _ = _COLUMNS[column]
    where = dimensions(endpoint_name, variant)
    described = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": where}
    return {"Id": key, "MetricStat": {"Metric": described, "Period": period, "Stat": statistic}}
