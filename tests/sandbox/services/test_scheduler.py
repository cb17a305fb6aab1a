"""Which schedules delete an endpoint, and when; and which AWS would not have taken."""

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sandbox.faults import Faults
from helpers.sandbox.services.authorization.policy import EVERYTHING, decide
from helpers.sandbox.services.iam import SCHEDULER
from helpers.sandbox.services.scheduler import TARGET, Schedules
from helpers.sandbox.services.scheduler.checks import mistake
from helpers.sandbox.settings import ACCOUNT

from ..practice_world import World

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
INPUT = '{"EndpointName": "e"}'
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deadline"
ONCE = {"MaximumRetryAttempts": 0}
RATE = {"schedule_expression": "rate(10 minutes)", "start_date": NOON.timestamp()}
WINDOW = {**RATE, "end_date": (NOON + 30 * MINUTE).timestamp()}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Anybody:
    """The roles of an account: the one named "role" trusts the scheduler, and has these policies."""

    def __init__(self, policy=EVERYTHING):
        self.policy = policy

    def trusts(self, arn, principal, source):
        assert (principal, source) == (SCHEDULER, f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/g")
        return arn == ROLE

    def decide(self, arn, asked):
        return decide({"p": self.policy} if arn == ROLE else {}, asked)


def kept(policy=None, roles=None, **changes):
    schedule = {
        "name": "s",
        "group_name": "g",
        "schedule_expression": "at(2026-11-22T12:00:00)",
        "schedule_expression_timezone": "UTC",
        "state": "ENABLED",
        "start_date": None,
        "end_date": None,
        "last_modified_date": (NOON - 60 * MINUTE).timestamp(),
        "action_after_completion": "DELETE",
        "target": {"Arn": TARGET, "RoleArn": ROLE, "Input": INPUT, "RetryPolicy": policy},
    }
    group = SimpleNamespace(schedules={"s": SimpleNamespace(**{**schedule, **changes})})
    schedules = Schedules(roles or Anybody())
    schedules._backends = {"us-east-1": SimpleNamespace(schedule_groups={"g": group})}
    return schedules


def there(schedules):
    return list(schedules._backends["us-east-1"].schedule_groups["g"].schedules)


def due(schedules, minutes=0):
    """When the schedule calls since it was last asked, in minutes after noon."""
    return [
        (each.moment - NOON) / MINUTE
        for each in schedules.due("us-east-1", NOON + timedelta(minutes=minutes))
    ]


def test_it_calls_at_its_time_and_again_for_a_day_until_it_is_done():
    schedules = kept()
    assert due(schedules, -1) == []
    assert due(schedules, 2) == [0, 2]
    assert due(schedules, 23 * 60) == [23 * 60]
    schedules.done("us-east-1", schedules.due("us-east-1", NOON + timedelta(hours=23.5))[0])
    assert there(schedules) == []
    assert schedules.due("eu-west-1", NOON) == []


def test_it_gives_up_after_a_day():
    schedules = kept()
    assert due(schedules, 24 * 60) == [0]
    assert there(schedules) == []


def test_without_retries_it_calls_once():
    schedules = kept(ONCE)
    assert due(schedules, 2) == [0]
    assert due(schedules, 5) == []


def test_a_rate_calls_from_its_start_until_before_its_end_whatever_was_done():
    schedules = kept(ONCE, **WINDOW)
    assert due(schedules, -1) == []
    assert due(schedules, 0) == [0]
    schedules.done("us-east-1", SimpleNamespace(schedule=next(iter(schedules._planned("us-east-1")))[0]))
    assert due(schedules, 25) == [10, 20]
    assert there(schedules) == ["s"]
    assert due(schedules, 31) == []
    assert there(schedules) == []


def test_a_rate_that_nobody_looked_at_has_called_all_the_same():
    assert due(kept(ONCE, **WINDOW), 600) == [0, 10, 20]
    assert due(kept({"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 120}, **RATE), 11) == [0, 10, 11]


def test_what_was_before_the_schedule_was_written_is_not_called():
    written = (NOON + 12 * MINUTE).timestamp()
    assert due(kept(ONCE, **WINDOW, last_modified_date=written), 25) == [20]
    assert due(kept(ONCE, schedule_expression="rate(1 hour)", last_modified_date=NOON.timestamp()), 61) == [
        60
    ]


def test_an_updated_one_that_names_no_state_is_due_too():
    assert due(kept(state=None)) == [0]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "DISABLED"},
        {"state": "DISABLED", **RATE},
        {"schedule_expression": "cron(0 12 * * ? *)"},
        {"schedule_expression": "rate(0 minutes)"},
        {"schedule_expression": "at(soon)"},
        {"schedule_expression": "at(0001-01-01T00:00:00)", "schedule_expression_timezone": "Asia/Tokyo"},
        {"schedule_expression_timezone": "Mars/Olympus"},
        {"schedule_expression_timezone": "America/New_York"},
        {"target": {"Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:deleteModel", "RoleArn": ROLE}},
    ],
)
def test_these_delete_nothing_now(changes):
    assert due(kept(**changes)) == []


@given(JSON, JSON, JSON)
def test_nonsense_deletes_nothing(expression, zone, given_input):
    target = {"Arn": TARGET, "RoleArn": ROLE, "Input": given_input}
    assert due(kept(schedule_expression=expression, target=target)) == []
    assert due(kept(schedule_expression_timezone=zone, schedule_expression="at(x)")) == []


# --- in SageMaker: each call is answered as at its own time


def world(schedules, faults=None):
    """An endpoint that is Creating for 3 s from half a second before noon."""
    made = World(faults)
    made.service._schedules = schedules
    made.clock.now = NOON - timedelta(seconds=1.5)
    made.ready()
    made.create_endpoint()
    return made


def test_a_call_while_it_is_creating_is_refused_and_the_next_one_deletes():
    practice = world(kept(ONCE, **WINDOW))
    practice.clock.wait(5)
    assert practice.status() == "InService"
    practice.clock.now = NOON + 10 * MINUTE
    assert practice.status() == "Deleting"


def test_one_call_alone_would_have_left_it_running():
    practice = world(kept(ONCE))
    practice.clock.wait(3 * 86400)
    assert practice.status() == "InService"


def test_a_call_that_is_throttled_is_lost():
    faults = Faults()
    practice = world(kept(ONCE, **WINDOW), faults)
    practice.clock.now = NOON + 9 * MINUTE
    faults.set("throttling", {"plane": "control", "next": 1})
    practice.service._region(practice.context)  # nothing is due: nothing is throttled
    practice.clock.now = NOON + 10 * MINUTE
    assert "e" in practice.service._region(practice.context).endpoints
    practice.clock.now = NOON + 20 * MINUTE
    assert practice.status() == "Deleting"


def test_an_endpoint_made_anew_is_deleted_by_the_calls_that_are_left():
    practice = world(kept(ONCE, **WINDOW))
    practice.clock.now = NOON + 12 * MINUTE
    practice.create_endpoint()
    practice.clock.now = NOON + 19 * MINUTE
    assert practice.status() == "InService"
    practice.clock.now = NOON + 20 * MINUTE
    assert practice.status() == "Deleting"


TAG = {"Key": "made-by", "Value": "us"}


def allowing(effect="Allow", **more):
    return {"Effect": effect, "Action": "sagemaker:DeleteEndpoint", "Resource": "*", **more}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


OURS = allowing(Condition={"StringEquals": {"aws:ResourceTag/made-by": "us"}})


@pytest.mark.parametrize(
    ("statements", "tags", "deleted"),
    [
        ([allowing()], [], True),
        ([allowing(Resource="arn:aws:sagemaker:*:*:endpoint/e")], [], True),
        ([allowing(Resource="arn:aws:sagemaker:*:*:endpoint/another")], [], False),
        ([allowing(Action="sagemaker:DeleteModel")], [], False),
        ([allowing(), allowing("Deny")], [], False),
        ([OURS], [TAG], True),
        ([OURS], [], False),
        ([OURS], [{**TAG, "Value": "them"}], False),
    ],
)
def test_only_a_role_that_may_delete_the_endpoint_does(statements, tags, deleted, caplog):
    practice = world(kept(ONCE, **WINDOW, roles=Anybody(policy(*statements))))
    practice.sagemaker("AddTags", ResourceArn=practice.describe()["EndpointArn"], Tags=tags)
    practice.clock.now = NOON + 10 * MINUTE
    assert practice.status() == ("Deleting" if deleted else "InService")
    told = [each for each in caplog.messages if "is not authorized to perform" in each]
    assert bool(told) is (not deleted)
    for each in told:
        assert "sagemaker:DeleteEndpoint on resource: arn:aws:sagemaker:us-east-1:" in each
        assert "assumed-role/deadline/" in each


@given(st.lists(st.booleans(), min_size=3, max_size=3), st.lists(st.booleans(), min_size=3, max_size=3))
def test_the_first_call_that_is_allowed_at_its_time_deletes(allowed, trusted):
    roles = Anybody()
    practice = world(kept(ONCE, **WINDOW, roles=roles))
    practice.clock.now = NOON - MINUTE
    practice.service.settle()
    for number, (may, can) in enumerate(zip(allowed, trusted, strict=True)):
        roles.policy = policy(allowing("Allow" if may else "Deny"))
        roles.trusts = lambda *_, can=can: can
        practice.clock.now = NOON + number * 10 * MINUTE
        practice.service.settle()  # as before each change in IAM
        endpoint = practice.service._regions["us-east-1"].endpoints["e"]
        # at noon itself it is still Creating
        done = [
            may and can and number > 0 for number, (may, can) in enumerate(zip(allowed, trusted, strict=True))
        ]
        assert (endpoint.status == "Deleting") is done[number] or any(done[:number])
        if endpoint.status == "Deleting":
            assert endpoint.modified == practice.clock.now
            return
    assert not any(may and can for may, can in zip(allowed[1:], trusted[1:], strict=True))


@pytest.mark.parametrize("role", ["another", "", None])
def test_a_role_that_trusts_the_scheduler_no_more_deletes_nothing(role, caplog):
    target = {"Arn": TARGET, "Input": INPUT, "RetryPolicy": ONCE, "RoleArn": role}
    practice = world(
        kept(**WINDOW, target={key: value for key, value in target.items() if value is not None})
    )
    practice.clock.now = NOON + 20 * MINUTE
    assert practice.status() == "InService"
    assert "may not assume the role" in caplog.text


# --- what AWS refuses

GOOD = {
    "group_name": "g",
    "schedule_expression": "rate(10 minutes)",
    "schedule_expression_timezone": None,
    "start_date": None,
    "end_date": None,
    "target": {"Arn": TARGET, "RoleArn": ROLE, "Input": INPUT},
}


@pytest.mark.parametrize(
    "expression", ["at(2099-01-01T00:00:00)", "rate(1 hour)", "rate(5 days)", "cron(0 20 * * ? *)"]
)
def test_what_aws_takes(expression):
    assert mistake(Anybody(), "us-east-1", {**GOOD, "schedule_expression": expression}) == ""


@pytest.mark.parametrize(
    "expression",
    ["banana", "", "rate(0 minutes)", "rate(ten minutes)", "rate(10 minutes) ", "at(2026-13-01T00:00:00)",
     "at(2026-11-22)", "cron(0 20 * * ?)"],
)  # fmt: skip
def test_an_expression_that_is_none(expression):
    told = mistake(Anybody(), "us-east-1", {**GOOD, "schedule_expression": expression})
    assert told == f"Invalid Schedule Expression {expression}."


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('{"endpointName": "e"}', "'endpointName' is not supported"),
        ('{"EndpointName": "e", "Force": true}', "'Force' is not supported"),
        ("{}", "EndpointName is required"),
        ('{"EndpointName": 1}', "EndpointName is required, and is text"),
        (None, "EndpointName is required"),
        ("[]", "not a JSON object"),
        ("{", "not valid JSON"),
    ],
)
def test_an_input_that_delete_endpoint_does_not_take(given, told):
    assert told in mistake(
        Anybody(), "us-east-1", {**GOOD, "target": {"Arn": TARGET, "RoleArn": ROLE, "Input": given}}
    )


@pytest.mark.parametrize("role", ["another", ""])
def test_a_role_that_the_scheduler_may_not_assume(role):
    told = mistake(
        Anybody(), "us-east-1", {**GOOD, "target": {"Arn": TARGET, "RoleArn": role, "Input": INPUT}}
    )
    assert told == ("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"start_date": -301}, "cannot be earlier than 5 minutes ago"),
        ({"end_date": -1}, "EndDate"),
        ({"start_date": 100, "end_date": 50}, "EndDate"),
        ({"schedule_expression_timezone": "Mars/Olympus"}, "Timezone"),
    ],
)
def test_dates_that_cannot_be(changes, told):
    now = time.time()
    dates = {key: now + value if key.endswith("date") else value for key, value in changes.items()}
    assert told in mistake(Anybody(), "us-east-1", {**GOOD, **dates})
    assert mistake(Anybody(), "us-east-1", {**GOOD, "start_date": now - 290, "end_date": now + 60}) == ""
