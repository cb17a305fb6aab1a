"""One subscribed session and one endpoint of each API, for each module of tests."""

from collections.abc import Iterator

import pytest

from helpers import catalog
from helpers.clean_up.delete import delete
from helpers.connect.session import Session, connect
from helpers.deploy.deployment import deploy
from helpers.generate.client import Client
from helpers.sandbox.process import Address
from helpers.subscribe import marketplace


def quiet(_: str) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module")
def session(sandbox: Address, deadline_role: str) -> Session:
    return connect("sandbox")


def served(session: Session, model_id: str) -> Iterator[Client]:
    name = f"test-{model_id}"
    marketplace.subscribe(session, model_id, tell=quiet)
    deploy(session, model_id, name, tell=quiet)
    yield Client(session, name)
    delete(session, name)


@pytest.fixture(scope="module")
def medium(session: Session) -> Iterator[Client]:
    yield from served(session, "cohere-medium")


@pytest.fixture(scope="module")
def chat_v2(session: Session) -> Iterator[Client]:
    """A package that the catalogue lacks, found again by its endpoint's name and the API."""
    arn = f"arn:aws:sagemaker:{session.region}:{session.account}:model-package/practice-chat-v2"
    model = catalog.choose("cohere-medium", arn, "chat-v2", "ml.g6.xlarge")
    deploy(session, model, "test-chat-v2", tell=quiet)
    yield Client(session, "test-chat-v2", api="chat-v2")
    delete(session, "test-chat-v2")


@pytest.fixture(scope="module")
def command_r(session: Session) -> Iterator[Client]:
    yield from served(session, "command-r-08-2024")
