"""Deploying a name that an endpoint has, had, or was to have: in a process, in the account's own time."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers.deploy import endpoint
from helpers.deploy.deadline import GROUP, find_deadline, set_deadline
from helpers.deploy.deployment import deploy
from helpers.deploy.endpoint import TAG
from helpers.errors import CostNotAccepted, EndpointFailed, EndpointNotReady
from helpers.subscribe import marketplace

from ..aws_in_process import REGION, Account, Killed
from ..test_money_path import patched_clock

MODEL = "cohere-medium"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("SANDBOX_STRICT", "0")
    account = Account()
    patched_clock(account.clock)
    marketplace.subscribe(
        account.session, MODEL, accept_terms=True, tell=lambda _: None, sleep=account.clock.wait
    )
    yield account
    patched_clock(None)


def deployed(account: Account, told: list[str] | None = None, **given: Any) -> endpoint.Endpoint:
    tell = [].append if told is None else told.append
    return deploy(account.session, MODEL, "demo", max_usd_per_hour=100, tell=tell, **given)


def test_what_is_being_deleted_is_waited_for_and_made_anew(account: Account) -> None:
    first, told = deployed(account), []
    account.ask("DeleteEndpoint", EndpointName="demo")
    again = deployed(account, told)
    assert again.status == "InService"
    assert again.created > first.created
    assert "demo: Deleting" in told[0]
    assert [each for each in told if "AWS deletes it by itself" in each]


def test_waiting_for_a_deletion_is_bounded(account: Account) -> None:
    deployed(account)
    account.ask("DeleteEndpoint", EndpointName="demo")
    told: list[str] = []
    with pytest.raises(EndpointNotReady, match=r"still Deleting after .* Deploy again when it is gone"):
        deployed(account, told, wait_seconds=5)
    assert told == ["demo: Deleting"]


def test_what_has_failed_says_what_to_do_and_keeps_its_deadline(account: Account) -> None:
    deployed(account, delete_after_hours=1)
    before = find_deadline(account.session, "demo")
    found = account.sagemaker._regions[REGION].endpoints["demo"]
    found.current, found.failed, found.failure = None, found.current, "no capacity"
    told: list[str] = []
    with pytest.raises(
        EndpointFailed,
        match=r"Failed: no capacity.*can only be deleted: delete\(session, 'demo'\).*Then deploy again",
    ):
        deployed(account, told)
    assert told == []
    assert find_deadline(account.session, "demo") == before


# --- a deadline without an endpoint: the process ended between the two


def left_behind(account: Account) -> None:
    """A deadline an hour from now, and no endpoint."""
    set_deadline(account.session, "demo", 1)
    assert not account.ask("ListEndpoints")["Endpoints"]


def test_a_kill_leaves_a_deadline_that_the_next_deploy_moves(account: Account) -> None:
    sagemaker = account.session.client("sagemaker")

    def killed(**_: Any) -> None:
        raise Killed

    sagemaker.create_model = killed
    with pytest.raises(Killed):
        deployed(account, delete_after_hours=1)
    del sagemaker.create_model
    assert list(account.scheduler.schedules) == ["demo"]
    account.clock.wait(1800)
    deployed(account, delete_after_hours=8)
    account.clock.wait(3600)  # past the old deadline
    assert endpoint.describe(account.session, "demo").status == "InService"


def test_a_deadline_left_behind_is_taken_back_where_none_is_wanted(account: Account) -> None:
    left_behind(account)
    deployed(account, delete_after_hours=None)
    assert find_deadline(account.session, "demo") is None
    account.clock.wait(7200)
    assert endpoint.describe(account.session, "demo").status == "InService"


def test_a_deadline_left_behind_ends_nothing_of_somebody_elses(account: Account) -> None:
    deployed(account, delete_after_hours=1)
    arn = account.ask("DescribeEndpoint", EndpointName="demo")["EndpointArn"]
    account.ask("DeleteTags", ResourceArn=arn, TagKeys=[TAG["Key"]])
    told: list[str] = []
    deployed(account, told)
    assert account.scheduler.schedules == {}
    assert any("demo has no deadline: it runs" in each for each in told)


def test_two_notebooks_make_the_group_at_one_moment(account: Account) -> None:
    scheduler = account.scheduler

    def missing(**_: Any) -> dict[str, Any]:
        del scheduler.get_schedule_group  # type: ignore[method-assign]
        scheduler.create_schedule_group(Name=GROUP)  # the other notebook's
        return scheduler.get_schedule_group(Name="unheard of")

    scheduler.get_schedule_group = missing  # type: ignore[method-assign]
    moment = set_deadline(account.session, "demo", 1)
    assert moment == find_deadline(account.session, "demo")
    assert moment is not None
    assert moment - account.clock.now < timedelta(hours=1, seconds=1)


# --- what was just made is not found for a moment


@pytest.mark.parametrize("calls", [1, 3])
def test_what_is_not_known_yet_is_asked_for_again(account: Account, calls: int) -> None:
    account.faults.set("not-known-yet", {"next": calls})
    began = account.clock.now
    assert deployed(account).status == "InService"
    assert account.faults.settings == []
    assert [name for name, _ in account.log].count("create_endpoint") == 1
    assert timedelta(seconds=1) <= account.clock.now - began < timedelta(seconds=80)


def test_what_stays_unknown_is_an_error_and_no_endpoint(account: Account) -> None:
    account.faults.set("not-known-yet", {})
    with pytest.raises(ClientError, match='Could not find model "arn:'):
        deployed(account)
    assert account.faults.settings[0].struck == 5
    assert not account.ask("ListEndpoints")["Endpoints"]
    assert find_deadline(account.session, "demo") is None


def test_attaching_counts_what_a_scaling_target_allows(account: Account) -> None:
    deployed(account)
    resource = "endpoint/demo/variant/AllTraffic"
    account.scaling.targets = [
        {"ResourceId": resource, "MaxCapacity": 3},
        {"ResourceId": resource.replace("demo", "demo2"), "MaxCapacity": 9},
    ]
    with pytest.raises(CostNotAccepted, match="3 x"):
        deploy(account.session, MODEL, "demo", max_usd_per_hour=4, tell=len)
