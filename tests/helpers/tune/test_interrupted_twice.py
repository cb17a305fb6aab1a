"""A second interrupt, while a sweep awaits the answers under way: it drops these, and loses no other."""

import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from helpers.tune import sweep

from ..fake_client import FakeClient
from .interrupts import alarms_interrupt, other_threads_can_lock

PROMPTS = {"a": "one", "b": "two"}


def plan(client: Any) -> sweep.Plan:
    return sweep.plan(client, PROMPTS, temperature=range(6), max_tokens=[5, 12])


def run(client: Any, file: Path, first: float, second: float) -> None:
    """A sweep with SIGALRM after `first` seconds, and again `second` seconds later."""
    try:
        signal.setitimer(signal.ITIMER_REAL, first, second)
        sweep.run(client, plan(client), file, concurrency=3, progress=False)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # an interrupt in a __del__
def test_two_interrupts_lose_nothing_and_leave_no_lock(tmp_path: Path) -> None:
    draw, twice = random.Random(3), 0
    left = 0

    def count() -> None:
        nonlocal left
        left -= 1
        if not left:
            signal.setitimer(signal.ITIMER_REAL, 0)

    with alarms_interrupt(count):
        for number in range(50):
            file, left = tmp_path / f"{number}.jsonl", 2
            client: Any = FakeClient(before=lambda key: time.sleep(0.02))
            with pytest.raises(KeyboardInterrupt):
                run(client, file, draw.uniform(0.003, 0.04), draw.uniform(0.0005, 0.01))
            twice += not left
            written = max(0, file.read_bytes().count(b"\n") - 1) if file.exists() else 0
            again: Any = FakeClient()
            assert len(sweep.run(again, plan(again), file, progress=False)) == 24
            assert len(again.asked) == 12 - written, "what was on the disk is not asked for again"
            assert file.read_bytes().count(b"\n") == 13
    assert twice > 25
    other_threads_can_lock(tmp_path)
