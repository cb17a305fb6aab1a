"""AWS deletes an endpoint by itself, at the time that was set; and only this tutorial's."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers.clean_up.delete import delete
from helpers.connect.session import Session
from helpers.deploy.deadline import GROUP, clear_deadline, find_deadline, set_deadline
from helpers.deploy.deployment import deploy
from helpers.deploy.endpoint import find
from helpers.errors import BadInput, NotPermitted
from helpers.subscribe import marketplace

from ..conftest import quiet

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


def test_the_endpoint_ends_at_its_deadline_and_the_schedule_with_it(subscribed: Session) -> None:
    deploy(subscribed, "cohere-medium", "ends", tell=quiet)
    moment = set_deadline(subscribed, "ends", 2 * SECOND)  # not by deploy: on a busy machine it takes longer
    assert moment is not None
    assert until_gone(subscribed, "ends") < 10
    assert datetime.now(UTC) >= moment
    assert find_deadline(subscribed, "ends") is None
    assert delete(subscribed, "ends") == ["endpoint configuration ends", "model ends"]


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


def test_a_schedule_whose_role_may_not_run_deletes_nothing(subscribed: Session) -> None:
    deploy(subscribed, "cohere-medium", "stays", tell=quiet)
    set_deadline(subscribed, "stays", SECOND)
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = subscribed.client("iam").create_role(RoleName="other", AssumeRolePolicyDocument=policy)["Role"]
    scheduler = subscribed.client("scheduler")
    schedule = scheduler.get_schedule(GroupName=GROUP, Name="stays")
    kept = {key: schedule[key] for key in ("GroupName", "Name", "ScheduleExpression", "FlexibleTimeWindow")}
    scheduler.update_schedule(**kept, Target={**schedule["Target"], "RoleArn": role["Arn"]})
    time.sleep(1.5)
    assert find(subscribed, "stays")
    assert delete(subscribed, "stays")


class Refusing:
    """A session whose scheduler refuses with AWS's words; nothing else is asked."""

    role_arn = "arn:aws:iam::111122223333:role/Data"

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

    def update_schedule(self, **_: Any) -> None:
        raise self.error

    delete_schedule = update_schedule


def test_a_role_that_does_not_trust_the_scheduler_is_told_how() -> None:
    message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    refusing: Any = Refusing("ValidationException", message)
    with pytest.raises(NotPermitted, match=r"role/Data does not trust .*scheduler\.amazonaws\.com"):
        set_deadline(refusing, "e", 1)


def test_who_may_not_use_the_scheduler_can_still_clean_up() -> None:
    refusing: Any = Refusing("AccessDeniedException", "not authorized to perform: scheduler:GetSchedule")
    assert not clear_deadline(refusing, "e")
    with pytest.raises(NotPermitted, match=r"iam-policy\.json"):
        set_deadline(refusing, "e", 1)
