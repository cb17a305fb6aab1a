"""AWS deletes an endpoint by itself, at the time that was set; and only this tutorial's."""

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers.clean_up.delete import delete, leftovers
from helpers.connect.session import Session, connect
from helpers.deploy import schedule
from helpers.deploy.deadline import (
    GROUP,
    clear_deadline,
    deadlines,
    find_deadline,
    prove_deadline,
    set_deadline,
)
from helpers.deploy.deployment import deploy
from helpers.deploy.endpoint import find
from helpers.deploy.schedule import TARGET
from helpers.errors import BadInput, NotPermitted
from helpers.sandbox.settings import ROLE_NAME
from helpers.subscribe import marketplace

from ..conftest import quiet
from ..events import deny, refuse, watch

SECOND = 1 / 3600  # in hours


def until_gone(session: Session, name: str) -> float:
    started = time.monotonic()
    while find(session, name) and time.monotonic() - started < 20:
        time.sleep(0.05)
    return time.monotonic() - started


@pytest.fixture(scope="module")
def subscribed(session: Session) -> Session:
    marketplace.subscribe(session, "cohere-medium", tell=quiet)
    return session


def test_the_endpoint_ends_at_its_deadline(subscribed: Session) -> None:
    deploy(subscribed, "cohere-medium", "ends", tell=quiet)
    moment = set_deadline(subscribed, "ends", 5 * SECOND)  # a busy machine takes seconds to set it
    assert moment is not None
    assert until_gone(subscribed, "ends") < 10
    assert datetime.now(UTC) >= moment
    assert find_deadline(subscribed, "ends") == moment  # it goes on, in case something is still there
    left = ["endpoint configuration ends", "model ends", "deadline of ends"]
    assert delete(subscribed, "ends") == left


def test_deadlines_are_listed_also_those_of_endpoints_that_are_gone(subscribed: Session) -> None:
    moments = {name: set_deadline(subscribed, name, 1) for name in ("here", "gone")}
    assert deadlines(subscribed) == moments
    told = [f"deadline of {name}, {moment:%Y-%m-%d %H:%M} UTC" for name, moment in moments.items() if moment]
    assert sorted(leftovers(subscribed)) == sorted(told)
    deny(blind := connect(), "scheduler", "ListSchedules")
    assert leftovers(blind)[0].startswith("could not tell which deadlines there are: ")
    for name in moments:
        clear_deadline(subscribed, name)
    assert deadlines(subscribed) == {}


def test_a_deadline_of_an_earlier_version_is_read_and_replaced(
    subscribed: Session, deadline_role: str
) -> None:
    set_deadline(subscribed, "early", 1)
    scheduler = subscribed.client("scheduler")
    old = {
        "GroupName": GROUP,
        "Name": "early",
        "ScheduleExpression": "at(2099-01-01T00:00:00)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": TARGET, "RoleArn": deadline_role, "Input": json.dumps({"EndpointName": "early"})},
    }
    scheduler.update_schedule(**old)
    assert find_deadline(subscribed, "early") == datetime(2099, 1, 1, tzinfo=UTC)
    assert set_deadline(subscribed, "early", 1) == find_deadline(subscribed, "early")
    found = scheduler.get_schedule(GroupName=GROUP, Name="early")
    assert found["ScheduleExpression"] == "rate(10 minutes)"
    assert found["EndDate"] - found["StartDate"] == timedelta(hours=4)
    assert found["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    clear_deadline(subscribed, "early")


def test_proving_it_leaves_nothing(subscribed: Session, deadline_role: str) -> None:
    asked = watch(subscribed, "scheduler")
    assert prove_deadline(subscribed) == deadline_role
    assert asked[-2:] == ["CreateSchedule", "DeleteSchedule"]
    assert subscribed.client("scheduler").list_schedules(GroupName=GROUP)["Schedules"] == []


@pytest.mark.parametrize("denied", ["CreateSchedule", "GetScheduleGroup"])
def test_proving_it_says_what_is_missing(subscribed: Session, denied: str) -> None:
    deny(session := connect(), "scheduler", denied)
    with pytest.raises(NotPermitted, match=r"prove that a deadline can be set.*iam-policy\.json"):
        prove_deadline(session)


def test_two_notebooks_set_it_at_one_moment(subscribed: Session) -> None:
    refuse(session := connect(), "scheduler", "GetSchedule", "ResourceNotFoundException", "none yet", times=1)
    set_deadline(subscribed, "twice", 1)
    assert set_deadline(session, "twice", 3) == find_deadline(subscribed, "twice")
    clear_deadline(subscribed, "twice")


def test_the_time_is_awss_where_the_clock_here_is_wrong(
    subscribed: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2001, 1, 1, tzinfo=tz)

    monkeypatch.setattr("helpers.deploy.deadline.datetime", Wrong)
    moment = set_deadline(subscribed, "clock", 1)
    assert moment is not None
    assert timedelta(minutes=59) < moment - datetime.now(UTC) <= timedelta(minutes=60)
    clear_deadline(subscribed, "clock")


ASSUME = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


def test_a_trust_that_was_just_edited_is_waited_for(subscribed: Session) -> None:
    pauses: list[float] = []
    refuse(session := connect(), "scheduler", "CreateSchedule", "ValidationException", ASSUME, times=3)
    assert set_deadline(session, "soon", 1, sleep=pauses.append) == find_deadline(session, "soon")
    assert pauses == [2, 4, 8]
    clear_deadline(session, "soon")


def test_waiting_for_a_trust_is_bounded(subscribed: Session) -> None:
    pauses: list[float] = []
    refuse(session := connect(), "scheduler", "CreateSchedule", "ValidationException", ASSUME)
    with pytest.raises(NotPermitted, match="does not let EventBridge Scheduler assume it"):
        set_deadline(session, "never", 1, sleep=pauses.append)
    assert sum(pauses) == 30


def test_a_role_that_does_not_trust_is_not_waited_for(subscribed: Session) -> None:
    pauses: list[float] = []
    deny(session := connect(), "iam", "GetRole")  # then the execution role is taken
    with pytest.raises(NotPermitted, match=ROLE_NAME):
        set_deadline(session, "never", 1, sleep=pauses.append)
    assert sum(pauses) == 30, "whom it trusts could not be told"
    session = connect()
    refuse(session, "iam", "GetRole", "NoSuchEntity", "Role not found", times=1)
    with pytest.raises(NotPermitted, match=ROLE_NAME):
        set_deadline(session, "never", 1, sleep=pytest.fail)


def test_what_moto_would_have_stored_is_refused_as_on_aws(subscribed: Session, deadline_role: str) -> None:
    good = schedule.written("checked", datetime.now(UTC) + timedelta(hours=1), deadline_role)
    set_deadline(subscribed, "any", None)
    scheduler = subscribed.client("scheduler")
    for changes, told in [
        ({"ScheduleExpression": "banana"}, "Invalid Schedule Expression banana."),
        ({"Target": {**good["Target"], "RoleArn": subscribed.role_arn}}, ASSUME),
        ({"Target": {**good["Target"], "Input": '{"endpointName": "x"}'}}, "'endpointName' is not supported"),
        ({"GroupName": "no-such-group"}, "no-such-group does not exist"),
    ]:
        with pytest.raises(ClientError, match=re.escape(told)):
            scheduler.create_schedule(**{**good, **changes})
    assert find_deadline(subscribed, "checked") is None


def test_a_deadline_can_be_moved_and_goes_with_the_clean_up(subscribed: Session) -> None:
    deploy(subscribed, "cohere-medium", "moved", tell=quiet)
    first = set_deadline(subscribed, "moved", 1)
    second = set_deadline(subscribed, "moved", 3)
    assert first is not None
    assert second is not None
    assert timedelta(hours=1.9) < second - first < timedelta(hours=2.1)
    assert find_deadline(subscribed, "moved") == second
    assert delete(subscribed, "moved")[-1] == "deadline of moved"
    assert not clear_deadline(subscribed, "moved")


def test_deadlines_stand_side_by_side(subscribed: Session) -> None:
    moments = {name: set_deadline(subscribed, name, 1) for name in ("one", "two", "three")}
    assert clear_deadline(subscribed, "two")
    assert not clear_deadline(subscribed, "two")
    assert [find_deadline(subscribed, name) for name in moments] == [moments["one"], None, moments["three"]]
    assert [clear_deadline(subscribed, name) for name in moments] == [True, False, True]


@pytest.mark.parametrize("hours", [0, -1, 1e6, float("nan")])
def test_hours_that_cannot_be(subscribed: Session, hours: float) -> None:
    with pytest.raises(BadInput, match="hours is"):
        set_deadline(subscribed, "any", hours)


def test_an_endpoint_of_somebody_else_gets_no_deadline(subscribed: Session) -> None:
    deploy(subscribed, "cohere-medium", "theirs", tell=quiet)
    sagemaker = subscribed.client("sagemaker")
    arn = sagemaker.describe_endpoint(EndpointName="theirs")["EndpointArn"]
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["made-by"])
    with pytest.raises(BadInput, match="has not made 'theirs'"):
        set_deadline(subscribed, "theirs", 1)
    assert delete(subscribed, "theirs", foreign=True)


def test_a_schedule_whose_role_is_trusted_no_more_deletes_nothing(
    subscribed: Session, deadline_role: str
) -> None:
    deploy(subscribed, "cohere-medium", "stays", tell=quiet)
    moment = set_deadline(subscribed, "stays", 2 * SECOND)
    assert moment is not None
    iam, name = subscribed.client("iam"), deadline_role.rpartition("/")[2]
    trust = json.dumps(iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"])
    another = trust.replace("scheduler.amazonaws.com", "ec2.amazonaws.com")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=another)
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()) + 0.1)
    assert find(subscribed, "stays")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    assert delete(subscribed, "stays")


def test_the_role_needs_its_permission_at_the_time_of_the_call(
    subscribed: Session, deadline_role: str
) -> None:
    iam, name = subscribed.client("iam"), deadline_role.rpartition("/")[2]
    policy = {"RoleName": name, "PolicyName": iam.list_role_policies(RoleName=name)["PolicyNames"][0]}
    document = json.dumps(iam.get_role_policy(**policy)["PolicyDocument"])

    def passes_its_deadline(endpoint_name: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        moment = set_deadline(subscribed, endpoint_name, 5 * SECOND)
        assert moment is not None
        meanwhile()
        time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()) + 0.1)

    deploy(subscribed, "cohere-medium", "allowed", tell=quiet)
    passes_its_deadline("allowed")  # nothing is asked of SageMaker between this and the change
    iam.delete_role_policy(**policy)
    assert until_gone(subscribed, "allowed") < 10
    iam.put_role_policy(**policy, PolicyDocument=document)
    deploy(subscribed, "cohere-medium", "refused", tell=quiet)
    passes_its_deadline("refused", lambda: iam.delete_role_policy(**policy))
    iam.put_role_policy(**policy, PolicyDocument=document)
    assert find(subscribed, "refused"), "the next call comes in ten minutes"
    for each in ("allowed", "refused"):
        assert delete(subscribed, each)


class Refusing:
    """A session whose scheduler refuses with AWS's words."""

    role_arn, region = "arn:aws:iam::111122223333:role/Data", "us-east-1"

    def __init__(self, code: str, message: str) -> None:
        self.error = ClientError({"Error": {"Code": code, "Message": message}}, "CreateSchedule")

    def client(self, service: str) -> Any:
        return self

    def describe_endpoint(self, **_: Any) -> None:
        answer = {"Error": {"Code": "ValidationException", "Message": "Could not find endpoint"}}
        raise ClientError(answer, "DescribeEndpoint")

    def get_schedule_group(self, **_: Any) -> dict[str, Any]:
        return {}

    def get_schedule(self, **_: Any) -> dict[str, Any]:
        if self.error.response["Error"]["Code"] == "AccessDeniedException":
            raise self.error
        return {}

    def get_role(self, **_: Any) -> dict[str, Any]:
        trust = {"Effect": "Allow", "Principal": {"Service": "a"}, "Action": "sts:AssumeRole"}
        policy = {"Statement": [trust]}
        return {"Role": {"Arn": self.role_arn, "RoleName": "Data", "AssumeRolePolicyDocument": policy}}

    def get_paginator(self, name: str) -> Any:
        """The simulator's, which denies nothing."""
        return SimpleNamespace(paginate=lambda **_: [{"EvaluationResults": []}])

    def update_schedule(self, **_: Any) -> None:
        raise self.error

    create_schedule = delete_schedule = update_schedule


def test_a_role_that_does_not_trust_the_scheduler_is_told_how() -> None:
    message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    refusing: Any = Refusing("ValidationException", message)
    with pytest.raises(NotPermitted, match=r"role/Data does not let .*set_up_account = True in 02_deploy"):
        set_deadline(refusing, "e", 1)


def test_who_may_not_use_the_scheduler_can_still_clean_up() -> None:
    refusing: Any = Refusing("AccessDeniedException", "not authorized to perform: scheduler:GetSchedule")
    assert not clear_deadline(refusing, "e")
    with pytest.raises(NotPermitted, match=r"iam-policy\.json"):
        set_deadline(refusing, "e", 1)
