"""Fixtures for the tests of the sandbox's parts."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.sandbox.aws.service import Context
from helpers.sandbox.engine.engine import Engine
from helpers.sandbox.settings import ACCOUNT

from .toy import Toy, address_unpublished


@pytest.fixture(scope="session")
def caller() -> Context:
    """A caller in us-east-1."""
    return Context("us-east-1", ACCOUNT)


@pytest.fixture(scope="session")
def engine(isolation: None) -> Iterator[Engine]:
    """The practice model itself, loaded in this process; fetched in another, which may reach an index."""
    fetch = (
        "from helpers.sandbox.engine.weights import fetch; path = fetch(lambda message: None); print(path)"
    )
    done = subprocess.run([sys.executable, "-c", fetch], check=True, capture_output=True, text=True)
    engine = Engine(Path(done.stdout.strip()))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def unpublished() -> Iterator[None]:
    """The toys' addresses are not written to where the sandbox's stands."""
    with address_unpublished():
        yield


@pytest.fixture(scope="module")
def toy(unpublished: None) -> Iterator[Toy]:
    with Toy() as server:
        yield server
