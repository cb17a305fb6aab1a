"""The service before the sandbox's endpoint: readers who leave, and the least policy."""

import json
import threading
from collections.abc import Iterator

import pytest

from helpers.catalog import DATA, model
from helpers.clean_up.delete import delete
from helpers.connect.session import Session, connect
from helpers.deploy.deployment import deploy
from helpers.generate.client import Client
from helpers.production.app.service import Service
from helpers.sandbox import process
from helpers.sandbox.process import Address
from helpers.sandbox.services.authorization import client as policies
from helpers.sandbox.services.authorization.policy import problems
from helpers.subscribe import marketplace

from .serving import SECONDS, all_ended, ask, events, message, serving

POLICY = (DATA / "app-policy.json").read_text(encoding="utf-8")
NAME = "cohere-gpt-medium"
# Greedily, the practice model goes round in circles here and never ends by itself: long enough to be left.
LONG = "Write a LinkedIn post about starting a career in tech:"
GREEDY = {"temperature": 0.0, "max_tokens": 1500}


@pytest.fixture(scope="module")
def session(sandbox: Address) -> Iterator[Session]:
    session = connect("sandbox")
    marketplace.subscribe(session, "cohere-medium", tell=len)
    deploy(session, "cohere-medium", NAME, delete_after_hours=None, tell=len)
    yield session
    delete(session, NAME, tell=len)


def client(session: Session, name: str = NAME) -> Client:
    return Client(session, name, model=model("cohere-medium"))


def streams_left() -> int:
    """How many streams the sandbox has ended because their reader left."""
    return process.log_file().read_text(errors="replace").count("the client left a stream")


def test_readers_who_leave_end_their_endpoints_generations(session: Session) -> None:
    asked, before = Service(lambda: client(session), GREEDY, local=True), streams_left()
    with serving(asked) as port:
        for seen in (1, 2, 5):
            with ask(port, LONG) as answer:
                told = events(answer)
                assert [next(told)[0] for _ in range(seen)] == ["text"] * seen
    all_ended()
    for _ in range(SECONDS * 20):
        if streams_left() == before + 3:
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"the endpoint ended {streams_left() - before} of 3 generations")


def test_the_least_policy_is_enough_for_one_endpoint(sandbox: Address, session: Session) -> None:
    assert problems(POLICY) == ()
    (statement,) = json.loads(POLICY)["Statement"]
    policies.set(sandbox, POLICY)
    try:
        with serving(Service(lambda: client(session), {"max_tokens": 3}, local=True)) as port:
            assert [name for name, _ in events(ask(port))][-1] == "end"
        used = policies.show(sandbox)["used"]
        with serving(Service(lambda: client(session, "another"), {}, local=True)) as port:
            refused = ask(port)
            assert refused.status == 503
            assert "not authorized to perform: sagemaker:InvokeEndpoint" in message(refused)
    finally:
        policies.clear(sandbox)
    # AWS's reference of the operation asks for InvokeEndpoint, its list of actions for the stream's own
    assert used.keys() <= set(statement["Action"])
    assert statement["Action"] == ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream"]
