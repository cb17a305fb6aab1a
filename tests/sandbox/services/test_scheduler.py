"""Which of moto's schedules delete an endpoint, and when; moto keeps any nonsense."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sandbox.services.scheduler import TARGET, Schedules

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Anybody:
    def may_assume(self, arn, principal):
        return arn == "role"


def kept(**changes):
    schedule = {
        "name": "s",
        "group_name": "g",
        "schedule_expression": "at(2026-11-22T12:00:00)",
        "schedule_expression_timezone": "UTC",
        "state": "ENABLED",
        "action_after_completion": "DELETE",
        "target": {"Arn": TARGET, "RoleArn": "role", "Input": '{"EndpointName": "e"}'},
    }
    group = SimpleNamespace(schedules={"s": SimpleNamespace(**{**schedule, **changes})})
    schedules = Schedules(Anybody())
    schedules._backends = {"us-east-1": SimpleNamespace(schedule_groups={"g": group})}
    return schedules


def due(schedules, after=timedelta()):
    return [each.endpoint_name for each in schedules.due("us-east-1", NOON + after)]


def test_it_is_due_from_its_time_on_for_a_day_or_until_it_is_done():
    schedules = kept()
    assert due(schedules, timedelta(seconds=-1)) == []
    assert due(schedules) == due(schedules, timedelta(hours=23)) == ["e"]
    assert due(schedules, timedelta(hours=24)) == []
    schedules.done("us-east-1", schedules.due("us-east-1", NOON)[0])
    assert due(schedules) == []
    assert schedules.due("eu-west-1", NOON) == []


def test_an_updated_one_that_names_no_state_is_due_too():
    assert due(kept(state=None)) == ["e"]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "DISABLED"},
        {"schedule_expression": "rate(1 minute)"},
        {"schedule_expression": "at(soon)"},
        {"schedule_expression": "at(0001-01-01T00:00:00)", "schedule_expression_timezone": "Asia/Tokyo"},
        {"schedule_expression_timezone": "Mars/Olympus"},
        {"schedule_expression_timezone": "America/New_York"},
        {"target": {"Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:deleteModel", "RoleArn": "role"}},
        {"target": {"Arn": TARGET, "RoleArn": "another", "Input": '{"EndpointName": "e"}'}},
        {"target": {"Arn": TARGET, "Input": '{"EndpointName": "e"}'}},
    ],
)
def test_these_delete_nothing_now(changes):
    assert due(kept(**changes)) == []


@given(JSON, JSON, JSON)
def test_nonsense_deletes_nothing(expression, zone, given_input):
    target = {"Arn": TARGET, "RoleArn": "role", "Input": given_input}
    assert due(kept(schedule_expression=expression, target=target)) == []
    assert due(kept(schedule_expression_timezone=zone, schedule_expression="at(x)")) == []
