"""Fixtures for the tests of the sandbox's parts."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.sandbox.engine import Engine
from helpers.sandbox.protocol import Context
from helpers.sandbox.settings import ACCOUNT


@pytest.fixture(scope="session")
def caller() -> Context:
    """A caller in us-east-1."""
    return Context("us-east-1", ACCOUNT)


@pytest.fixture(scope="session")
def engine(isolation: None) -> Iterator[Engine]:
    """The practice model itself, loaded in this process; fetched in another, which may reach an index."""
    fetch = "from helpers.sandbox.weights import fetch; path = fetch(lambda message: None); print(path)"
    done = subprocess.run([sys.executable, "-c", fetch], check=True, capture_output=True, text=True)
    engine = Engine(Path(done.stdout.strip()))
    yield engine
    engine.close()
