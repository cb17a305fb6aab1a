"""What a notebook changes of the sandbox is put back when its kernel ends, however it ends."""

import asyncio
import json
import signal
import subprocess
import sys
import time

import pytest

from helpers.connect.session import connect
from helpers.sandbox import faults
from helpers.sandbox.aws.service import AwsError
from helpers.sandbox.server.practice import Practice
from helpers.sandbox.services.runtime import client

HOLD = """
import sys
from filelock import FileLock
from helpers.sandbox.server import practice
lock = FileLock(practice._file(__import__("os").getpid()))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""
CHANGE = """
import sys
from helpers.connect.session import connect
session = connect("sandbox")
session.practise_with(slots=3, clock_speed=60)
session.set_fault("model-error")
print("changed", flush=True)
sys.stdin.read()
"""


def kernel(code):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = subprocess.Popen([sys.executable, "-c", code], **pipes)
    assert started.stdout.readline().strip() in ("held", "changed")
    return started


def kill(started):
    started.send_signal(signal.SIGKILL)
    started.communicate()


@pytest.fixture
def practice(monkeypatch, tmp_path):
    monkeypatch.setenv("SANDBOX_HOME", str(tmp_path / "home"))
    ended = []
    made = Practice(lambda: ended.append(True))
    made.ended = ended
    return made


def tell(practice, kernel):
    return practice.handle(json.dumps({"kernel": kernel}).encode())


def test_all_is_put_back_once_the_last_kernel_was_killed(practice):
    practice.look()
    assert practice.ended == []  # nothing was changed
    first, second = kernel(HOLD), kernel(HOLD)
    for each in (first, second):
        tell(practice, each.pid)
    practice.look()
    kill(first)
    practice.look()
    assert practice.ended == []
    kill(second)
    practice.look()
    practice.look()
    assert practice.ended == [True]


def test_all_is_put_back_at_once_when_asked(practice):
    alive = kernel(HOLD)
    tell(practice, alive.pid)
    tell(practice, 0)
    assert practice.ended == [True]
    kill(alive)
    practice.look()
    assert practice.ended == [True]


def test_it_looks_by_itself(practice, monkeypatch):
    monkeypatch.setattr("helpers.sandbox.server.practice.LOOK_SECONDS", 0.01)
    gone = kernel(HOLD)
    tell(practice, gone.pid)
    kill(gone)

    async def wait():
        task = asyncio.create_task(practice.run())
        async with asyncio.timeout(10):
            while not practice.ended:
                await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(wait())


@pytest.mark.parametrize("wrong", [None, True, -1, "1", 1.0, []])
def test_what_is_no_process_is_refused(practice, wrong):
    with pytest.raises(AwsError, match="id of a process"):
        tell(practice, wrong)


def test_a_killed_kernel_leaves_the_sandbox_as_it_was(sandbox):
    before = client.capacity(sandbox)
    changed = kernel(CHANGE)
    assert client.capacity(sandbox) == client.Capacity(3, 60)
    assert [each.name for each in faults.show(sandbox)] == ["model-error"]
    kill(changed)
    ends = time.monotonic() + 20
    while (client.capacity(sandbox), faults.show(sandbox)) != (before, []):
        assert time.monotonic() < ends, "it looks each second"
        time.sleep(0.1)


def test_a_session_ends_its_practice(sandbox):
    session, before = connect("sandbox"), client.capacity(sandbox)
    session.practise_with(slots=before.slots + 1, clock_speed=60)
    session.set_fault("model-error")
    session.end_practice()
    assert client.capacity(sandbox) == before
    assert faults.show(sandbox) == []
