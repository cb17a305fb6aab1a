"""The dashboard of an endpoint: made, drawn from its own body, and deleted, in the started sandbox."""

import json
import time
from datetime import UTC, datetime, timedelta

from helpers.connect.session import Session
from helpers.generate.client import Client
from helpers.production import dashboard

NAME = "test-cohere-medium"  # the endpoint of `medium`


def names(session: Session) -> list[str]:
    found = session.client("cloudwatch").list_dashboards()["DashboardEntries"]
    return [each["DashboardName"] for each in found]


def test_it_is_made_drawn_and_deleted_with_no_other(medium: Client) -> None:
    session = medium.session
    session.client("cloudwatch").put_dashboard(
        DashboardName=f"{NAME}-dashboard-of-others", DashboardBody=json.dumps({"widgets": []})
    )
    began = datetime.now(UTC).replace(microsecond=0)
    address = dashboard.put(session, NAME, ["AllTraffic", "never"])
    assert address.startswith("https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#")
    assert address.endswith(f"={NAME}-dashboard")
    for _ in range(3):
        with medium.stream("Bees", max_tokens=3) as stream:
            list(stream)
    picture = drawn(session, began)
    assert "Requests of AllTraffic: at most 3 a minute" in picture
    assert "Instances of AllTraffic: at most 1 instances" in picture
    assert "First token, p95 of AllTraffic: at most 0." in picture
    assert "never" not in picture
    assert dashboard.delete(session, NAME) == [f"{NAME}-dashboard"]
    assert dashboard.delete(session, NAME) == []
    assert names(session) == [f"{NAME}-dashboard-of-others"]


def drawn(session: Session, began: datetime) -> str:
    """The picture's words, once the metrics have come; all within one period, however the minutes fall."""
    since = began - timedelta(seconds=began.timestamp() % 60)
    ends = time.monotonic() + 30
    while True:
        picture = dashboard.draw(session, NAME, since)
        if "at most 3 a minute" in picture.alt or time.monotonic() > ends:
            assert picture.png().startswith(b"\x89PNG")
            return picture.alt
        time.sleep(0.2)


def test_its_body_has_a_widget_for_each_and_no_more_metrics_than_are_free(session: Session) -> None:
    dashboard.put(session, NAME, ["AllTraffic", "steady", "trial"])
    found = session.client("cloudwatch").get_dashboard(DashboardName=f"{NAME}-dashboard")
    widgets = json.loads(found["DashboardBody"])["widgets"]
    assert [each["properties"]["title"] for each in widgets] == [each[0] for each in dashboard.WIDGETS]
    metrics = [line for each in widgets for line in each["properties"]["metrics"] if isinstance(line[0], str)]
    assert len(metrics) <= 50
    places = [(each["x"], each["y"]) for each in widgets]
    assert len(set(places)) == len(places)
    assert all(each["x"] + each["width"] <= 24 for each in widgets)
    dashboard.delete(session, NAME)
