"""Deadlines by the hundred, with all that goes wrong: no endpoint outlives its own by more than the window.

`make bench` runs 1,000 of them (DEADLINES).
"""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from helpers.clean_up.delete import delete
from helpers.deploy import deadline, deployment, schedule
from helpers.deploy.deadline import find_deadline
from helpers.deploy.deployment import deploy
from helpers.errors import TutorialError
from helpers.subscribe import marketplace

from ..aws_in_process import CONTEXT, Account
from ..test_money_path import patched_clock

DEADLINES = int(os.environ.get("DEADLINES", "25"))
MODEL, NAME = "cohere-medium", "demo"
MINUTE, WINDOW = timedelta(minutes=1), timedelta(hours=4)


class Outlived(AssertionError):
    """An endpoint is still there after its deadline and the window."""


class Troubles:
    """What goes wrong around one deadline, drawn from a seed; minutes count from the deadline."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.hours = chance.choice([0.05, 0.3, 1.0, 2.5])  # Creating takes 10 minutes
        self.update = chance.choice([None, None, -1, -5, -9])
        self.role_breaks = chance.choice([None, None, -3, 0, 4])  # for ten minutes
        self.throttled = chance.choice([0, 0, 1, 3])  # calls of the schedule
        self.skew = chance.choice([0, 0, -4, 4, -55, 55]) * MINUTE  # of the reader's clock
        self.redeploy = chance.choice([None, 15, 35, 200])  # after the end of the first
        self.second = chance.choice([None, 9])  # hours of the second, past the window of the first


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("SANDBOX_STRICT", "0")
    account = Account()
    account.sagemaker._settings = replace(account.sagemaker._settings, endpoint_seconds=600)
    patched_clock(account.clock)
    wait = account.clock.wait
    marketplace.subscribe(account.session, MODEL, accept_terms=True, tell=lambda _: None, sleep=wait)
    yield account
    patched_clock(None)


def running(account: Account) -> bool:
    endpoint = account.sagemaker._region(CONTEXT).endpoints.get(NAME)
    return endpoint is not None and endpoint.status != "Deleting"


def deployed(account: Account, hours: float | None) -> None:
    try:
        deploy(
            account.session, MODEL, NAME, delete_after_hours=hours, max_usd_per_hour=100, tell=lambda _: None
        )
    except TutorialError:  # its deadline came while it was waited for
        assert not running(account)


def skew(account: Account, by: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader's own clock is wrong by so much."""

    class ReaderTime(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return account.clock.now + by

    monkeypatch.setattr(deadline, "datetime", ReaderTime)


def live(account: Account, troubles: Troubles) -> timedelta:
    """Let an endpoint live from its deployment to its end; return how long it outlived its deadline."""
    end = account.clock.now + timedelta(hours=troubles.hours)
    deployed(account, troubles.hours)
    told = find_deadline(account.session, NAME)
    assert told is None or abs(told - end) < MINUTE, "a wrong clock moves no deadline"
    while running(account):
        after = (account.clock.now - end) / MINUTE
        if after > WINDOW / MINUTE:
            raise Outlived(vars(troubles))
        if troubles.update is not None and after >= troubles.update:
            troubles.update = None
            if account.ask("DescribeEndpoint", EndpointName=NAME)["EndpointStatus"] == "InService":
                account.ask("UpdateEndpoint", EndpointName=NAME, EndpointConfigName=NAME)
        if troubles.throttled and after >= -1:
            account.faults.set("throttling", {"plane": "control", "next": troubles.throttled})
            troubles.throttled = 0
        breaks = troubles.role_breaks
        account.iam.works = breaks is None or not breaks <= after < breaks + 10
        account.clock.wait(60)
    account.iam.works = True
    account.faults.clear()
    return account.clock.now - end


def live_again(account: Account, troubles: Troubles) -> None:
    """Deploy the same name anew, while calls of the first deadline may be left."""
    began = account.clock.now
    deployed(account, troubles.second)
    while account.clock.now < began + timedelta(hours=8.5):
        account.clock.wait(300)
        assert running(account), f"what was deployed anew was deleted: {vars(troubles)}"


@pytest.mark.parametrize("seed", range(DEADLINES))
def test_every_endpoint_ends_and_none_made_anew_is_deleted(
    account: Account, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = Troubles(seed)
    skew(account, troubles.skew, monkeypatch)
    assert live(account, troubles) <= WINDOW
    if troubles.redeploy is not None:
        account.clock.wait(60 * troubles.redeploy)
        live_again(account, troubles)
    delete(account.session, NAME, tell=lambda _: None, sleep=account.clock.wait)
    assert not running(account)
    assert account.scheduler.schedules == {}


def live_in_turn(account: Account, count: int) -> None:
    for seed in range(count):
        live(account, Troubles(seed))
        account.clock.wait(3600)


def test_one_call_alone_leaves_endpoints_running(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "WINDOW", MINUTE)
    with pytest.raises(Outlived):
        live_in_turn(account, 25)


def test_a_deadline_that_stays_deletes_what_was_deployed_anew(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = Troubles(0)
    live(account, troubles)
    account.clock.wait(900)
    monkeypatch.setattr(deployment, "set_deadline", lambda *_, **__: None)
    with pytest.raises(AssertionError, match="anew was deleted"):
        live_again(account, troubles)
