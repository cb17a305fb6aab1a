"""A little of each attack of `make bench`: the sandbox stays small, alive and polite."""

import sys

import pytest

from helpers.sandbox import process
from tests.benchmarks import abuse

from . import deployed
from .abuse import ENDPOINT, other_doors

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc"),
]


def test_a_twentieth_of_the_abuse(sandbox: process.Address) -> None:
    with deployed.deployed(ENDPOINT, region=abuse.REGION):
        figures = abuse.run(sandbox, scale=0.05, calm_seconds=5)
    assert figures["failed"] == 0
    assert figures["peak"] < 150
    assert figures["after"] < 100
    assert figures["log"] < 5
    assert figures["slowest"] < 5  # on a busy machine


def test_the_sandbox_has_one_door(sandbox: process.Address) -> None:
    assert other_doors(sandbox) == []
