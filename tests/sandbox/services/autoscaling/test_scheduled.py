"""Scheduled actions: their expressions, and that they take place."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sandbox.services.autoscaling.scheduling import NotASchedule, parse

from .practice import TARGET, Practice
from .test_targets import refused

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)  # a Sunday
MINUTE = timedelta(minutes=1)
NAME = {**TARGET, "ScheduledActionName": "a"}


@pytest.fixture
def practice():
    practice = Practice()
    practice.register(1, 4)
    return practice


def due(text, moment, zone="UTC", **limits):
    schedule = parse(text, zone, limits.get("start"), limits.get("end"))
    return schedule.is_due(moment - MINUTE, moment, limits.get("known", NOON - timedelta(days=1)))


@pytest.mark.parametrize(
    ("text", "zone", "is_due"),
    [
        ("at(2026-11-29T12:00:00)", "UTC", True),
        ("at(2026-11-29T11:58:00)", "UTC", False),
        ("at(2026-11-29T13:00:00)", "Europe/Berlin", True),
        ("rate(1 day)", "UTC", True),
        ("rate(2 days)", "UTC", False),
        ("rate(7 minutes)", "UTC", False),
        ("cron(0 12 * * ? *)", "UTC", True),
        ("cron(0 12 ? * SUN *)", "UTC", True),
        ("cron(0 12 ? * mon-fri *)", "UTC", False),
        ("cron(0 13 * * ? *)", "Europe/Berlin", True),
        ("cron(0/15 * * * ? *)", "UTC", True),
        ("cron(5-10 12 * * ? *)", "UTC", False),
        ("cron(0 8,12,18 29 NOV ? 2026)", "UTC", True),
        ("cron(0 12 28 NOV ? 2026)", "UTC", False),
    ],
)
def test_expressions(text, zone, is_due):
    assert due(text, NOON, zone) == is_due


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "at(2026-13-01T00:00:00)",
        "rate(0 minutes)",
        "rate(9999999999 days)",
        "cron(0 12 * * *)",
        "cron(60 12 * * ? *)",
        "cron(0 12 L * ? *)",
        "cron(0 12 ? * MON#2 *)",
        "cron(10-5 12 * * ? *)",
    ],
)
def test_what_is_no_schedule(text):
    with pytest.raises(NotASchedule):
        parse(text, "UTC", None, None)


@given(st.text(max_size=30), st.sampled_from(["at({})", "rate({})", "cron({})", "{}"]), st.text(max_size=9))
def test_any_text_is_a_schedule_or_is_none(inner, form, zone):
    for name in (zone, "UTC"):
        try:
            parse(form.format(inner), name, None, None).is_due(NOON - MINUTE, NOON, NOON)
        except NotASchedule:
            continue


def test_a_schedule_has_its_time():
    daily = "cron(0 12 * * ? *)"
    assert not due(daily, NOON, start=NOON + MINUTE)
    assert not due(daily, NOON, end=NOON - MINUTE)
    assert due(daily, NOON, start=NOON - MINUTE, end=NOON + MINUTE)


def test_an_action_of_one_time_changes_the_limits_and_is_gone(practice):
    later = practice.world.clock.now + timedelta(minutes=5)
    change = {"MinCapacity": 2, "MaxCapacity": 3}
    practice.client.put_scheduled_action(
        **NAME, Schedule=f"at({later:%Y-%m-%dT%H:%M:%S})", ScalableTargetAction=change
    )
    practice.goes_on(290)
    assert practice.count == 1
    practice.goes_on(20)
    assert practice.count == 2
    (target,) = practice.client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 3)
    ask = practice.client.describe_scheduled_actions
    assert ask(ServiceNamespace="sagemaker")["ScheduledActions"] == []


def test_what_is_due_while_the_endpoint_changes_takes_place_afterwards(practice):
    later = practice.world.clock.now + timedelta(seconds=19)
    practice.client.put_scheduled_action(
        **NAME, Schedule=f"at({later:%Y-%m-%dT%H:%M:%S})", ScalableTargetAction={"MinCapacity": 2}
    )
    practice.goes_on(10)
    practice.changes()
    assert practice.count == 1
    practice.goes_on(10)
    assert practice.count == 2


def test_a_daily_action_keeps_on_and_can_be_suspended(practice):
    practice.client.put_scheduled_action(
        **NAME, Schedule="cron(0/2 * * * ? *)", ScalableTargetAction={"MinCapacity": 2}
    )
    practice.client.register_scalable_target(**TARGET, SuspendedState={"ScheduledScalingSuspended": True})
    practice.goes_on(180)
    assert practice.count == 1
    practice.client.register_scalable_target(**TARGET, SuspendedState={"ScheduledScalingSuspended": False})
    practice.goes_on(180)
    assert practice.count == 2
    practice.goes_on(10)
    practice.client.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=1)
    practice.client.delete_scheduled_action(**NAME)
    practice.goes_on(180)
    assert practice.count == 1
    refused(practice.client.delete_scheduled_action, "ObjectNotFoundException", "a", **NAME)


def test_what_is_put_is_described(practice):
    start = datetime(2026, 12, 1, tzinfo=UTC)
    given = {"Schedule": "rate(1 day)", "Timezone": "Europe/Berlin", "StartTime": start}
    practice.client.put_scheduled_action(**NAME, **given, ScalableTargetAction={"MaxCapacity": 2})
    practice.client.put_scheduled_action(**NAME, ScalableTargetAction={"MaxCapacity": 3})
    ask = practice.client.get_paginator("describe_scheduled_actions")
    (page,) = ask.paginate(ServiceNamespace="sagemaker")
    (action,) = page["ScheduledActions"]
    assert action["ScheduledActionARN"].endswith(":scheduledActionName/a")
    del given["StartTime"]  # which is not kept
    assert {**given, **NAME, "ScalableTargetAction": {"MaxCapacity": 3}}.items() <= action.items()
    assert "StartTime" not in action


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Schedule is required"),
        ({"Schedule": "soon", "ScalableTargetAction": {"MinCapacity": 1}}, "not valid"),
        (
            {
                "Schedule": "rate(1 day)",
                "Timezone": "Mars/Olympus",
                "ScalableTargetAction": {"MinCapacity": 1},
            },
            "no time zone",
        ),
        (
            {"Schedule": "rate(1 day)"},
            "At least one of minimum capacity and maximum capacity should be provided",
        ),
        ({"Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 0}}, "at least 1"),
        (
            {"Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 2}},
            "cannot be less",
        ),
        (
            {
                "Schedule": "rate(1 day)",
                "StartTime": NOON,
                "EndTime": NOON,
                "ScalableTargetAction": {"MinCapacity": 1},
            },
            "EndTime",
        ),
    ],
)
def test_what_is_refused(practice, given, message):
    refused(practice.client.put_scheduled_action, "ValidationException", message, **NAME, **given)


def test_an_action_needs_a_target():
    gone = "No scalable target registered for service namespace: sagemaker"
    refused(Practice().client.put_scheduled_action, "ObjectNotFoundException", gone, **NAME)
