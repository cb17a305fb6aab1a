"""A CloudWatch dashboard of an endpoint, and the same as a figure, drawn from the dashboard's own body.

Three dashboards with up to 50 metrics in all are free, each further one costs 3 USD a month; GetMetricData,
which the figure asks, costs 1 cent for 1,000 metrics (aws.amazon.com/cloudwatch/pricing, 2026-11). A
dashboard has no tags: its name begins with the endpoint's.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..clean_up.leftovers import dashboard_name, find_dashboard
from ..connect.aws_errors import explained
from ..connect.session import Session
from ..deploy.endpoint import check_name
from ..notebook.picture import BLUE, GREY, VERMILLION, Picture, figure, name_axes
from .alarms import NAMESPACE, dimensions

# A widget's title, its statistic, its metrics, what a value is divided by in the figure, and the unit there.
WIDGETS: tuple[tuple[str, str, tuple[str, ...], float, str], ...] = (
    ("Requests", "Sum", ("Invocations",), 1, "a minute"),
    ("At once on an instance", "Maximum", ("ConcurrentRequestsPerModel",), 1, "requests"),
    ("Instances", "Sum", ("Invocations", "InvocationsPerInstance"), 1, "instances"),
    ("Answer, p95", "p95", ("ModelLatency",), 1e6, "seconds"),
    ("First token, p95", "p95", ("FirstChunkLatency",), 1e6, "seconds"),
    ("Model errors", "Sum", ("Invocation5XXErrors",), 1, "a minute"),
)
COLORS = (BLUE, VERMILLION, GREY)
MINUTE, COLUMNS = 60, 3


def put(session: Session, endpoint_name: str, variants: Sequence[str] = ("AllTraffic",)) -> str:
    """Make the endpoint's dashboard, or replace it; return its address in AWS's console.

    It has requests, requests at once, instances, p95 of answers and first tokens, and errors of each variant.
    The number of instances is that of requests by that of requests an instance. Raises NotPermitted.
    """
    check_name(endpoint_name)
    name = dashboard_name(endpoint_name)
    widgets = [_widget(place, endpoint_name, variants, session.region) for place in range(len(WIDGETS))]
    with explained(f"make the dashboard {name!r}"):
        session.client("cloudwatch").put_dashboard(
            DashboardName=name, DashboardBody=json.dumps({"widgets": widgets})
        )
    place = f"https://{session.region}.console.aws.amazon.com/cloudwatch/home?region={session.region}"
    return f"{place}#dashboards:name={name}"


def draw(session: Session, endpoint_name: str, since: datetime, *, speed: float = 1.0) -> Picture:
    """Draw the endpoint's dashboard since a time that has a zone; `speed` is `Session.practise_with`'s.

    Raises NotPermitted, or ClientError if there is no dashboard.
    """
    with explained(f"look at the dashboard of {endpoint_name!r}"):
        found = session.client("cloudwatch").get_dashboard(DashboardName=dashboard_name(endpoint_name))
    widgets = json.loads(found["DashboardBody"])["widgets"]
    made, axes = figure(COLUMNS, rows=len(widgets) // COLUMNS)
    told = []
    for axis, widget, (title, _, _, divisor, unit) in zip(axes, widgets, WIDGETS, strict=True):
        series = _series(session, widget["properties"], since, speed)
        for color, (label, (minutes, values)) in zip(COLORS, series.items(), strict=False):
            shown = [value / divisor for value in values]
            if shown:
                axis.plot(minutes, shown, color=color, marker=".", linewidth=1, label=label)
                told.append(f"{title} of {label}: at most {max(shown):.3g} {unit}")
        axis.set_title(title, fontsize="medium")
        axis.set_ylim(bottom=0)
        name_axes(axis, "minutes", unit)
    handles, labels = axes[0].get_legend_handles_labels()
    made.legend(handles, labels, loc="outside upper center", ncols=len(COLORS), frameon=False)
    return Picture(made, f"Dashboard of {endpoint_name}. {'; '.join(told)}.")


def delete(session: Session, endpoint_name: str) -> list[str]:
    """Delete the endpoint's dashboard; return its name, or nothing if there is none."""
    if name := find_dashboard(session, endpoint_name):
        with explained(f"delete the dashboard {name!r}"):
            session.client("cloudwatch").delete_dashboards(DashboardNames=[name])
    return [name] if name else []


def _widget(place: int, endpoint_name: str, variants: Sequence[str], region: str) -> dict[str, Any]:
    title, statistic, metrics, _, _ = WIDGETS[place]
    row, column = divmod(place, COLUMNS)
    lines = [
        each
        for number, variant in enumerate(variants)
        for each in _lines(metrics, endpoint_name, variant, number)
    ]
    properties = {"title": title, "region": region, "view": "timeSeries", "metrics": lines}
    where = {"x": 8 * column, "y": 6 * row, "width": 8, "height": 6}
    return {"type": "metric", **where, "properties": {**properties, "stat": statistic, "period": MINUTE}}


def _lines(metrics: Sequence[str], endpoint_name: str, variant: str, number: int) -> Iterator[list[Any]]:
    """Yield a variant's line, or two metrics that are not shown and the line that is their quotient."""
    where = [each[key] for each in dimensions(endpoint_name, variant) for key in ("Name", "Value")]
    ids = [f"m{number}_{place}" for place in range(len(metrics))]
    hidden = len(metrics) > 1
    for key, metric in zip(ids, metrics, strict=True):
        yield [NAMESPACE, metric, *where, {"id": key, "label": variant, "visible": not hidden}]
    if hidden:
        yield [{"expression": " / ".join(ids), "id": f"e{number}", "label": variant}]


def _series(
    session: Session, widget: Mapping[str, Any], since: datetime, speed: float
) -> dict[str, tuple[list[float], list[float]]]:
    """Return label -> minutes and values, as GetMetricData answers for a widget's lines."""
    period = max(1, round(widget["period"] / speed))
    queries = [_query(line, widget["stat"], period) for line in widget["metrics"]]
    with explained("read the dashboard's metrics"):
        answer = session.client("cloudwatch").get_metric_data(
            MetricDataQueries=queries, StartTime=since, EndTime=datetime.now(UTC), ScanBy="TimestampAscending"
        )
    return {
        each["Label"]: (
            [(when - since).total_seconds() * speed / MINUTE for when in each["Timestamps"]],
            each["Values"],
        )
        for each in answer["MetricDataResults"]
    }


def _query(line: Sequence[Any], stat: str, period: int) -> Mapping[str, Any]:
    *metric, options = line
    query = {"Id": options["id"], "Label": options["label"], "ReturnData": options.get("visible", True)}
    if not metric:
        return {**query, "Expression": options["expression"]}
    namespace, name, *where = metric
    named = [{"Name": key, "Value": value} for key, value in zip(where[::2], where[1::2], strict=True)]
    described = {"Namespace": namespace, "MetricName": name, "Dimensions": named}
    return {**query, "MetricStat": {"Metric": described, "Period": period, "Stat": stat}}
