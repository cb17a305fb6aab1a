"""How long what a notebook changes of the sandbox lasts: until its kernel ends, in whatever way.

A kernel holds a lock on a file as long as it lives, and the operating system frees it even if the kernel is
killed. The sandbox looks now and then whether the kernels that it was told of still hold theirs.
"""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from ..address import Address, state_directory
from ..aws.service import AwsError, HttpReply, parse_json
from ..faults.client import ask

PRACTICE_PATH = "/_sandbox/practice"
LOOK_SECONDS = 1.0

_held: dict[Path, FileLock] = {}  # of this process; a forked one has its parent's too


class Practice:
    """The kernels that have changed something; `put_back` is called once all of them have ended."""

    def __init__(self, put_back: Callable[[], None]) -> None:
        self._put_back = put_back
        self._kernels: set[int] = set()

    def handle(self, body: bytes) -> HttpReply:
        """Note a kernel's process id, `{"kernel": 123}`; put all back at once for 0. Raises AwsError."""
        kernel = parse_json(body).get("kernel")
        if type(kernel) is not int or kernel < 0:
            raise AwsError("BadPractice", "kernel takes the id of a process, or 0.")
        if kernel:
            self._kernels.add(kernel)
        else:
            self._end()
        return HttpReply(200, json.dumps({}).encode(), {"Content-Type": "application/json"})

    def look(self) -> None:
        """Put all back if kernels have changed something and none of them lives."""
        if self._kernels and not any(_lives(each) for each in self._kernels):
            self._end()

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def _end(self) -> None:
        self._kernels.clear()
        self._put_back()


def hold(address: Address) -> None:
    """Let what this process changes of the sandbox last until the process ends. Raises SandboxError."""
    kernel = os.getpid()
    file = _file(kernel)
    if file not in _held:
        _held[file] = FileLock(file, thread_local=False)
        _held[file].acquire()
    ask(address, PRACTICE_PATH, {"kernel": kernel})


def end(address: Address) -> None:
    """Put back what any process has changed of the sandbox. Raises SandboxError."""
    ask(address, PRACTICE_PATH, {"kernel": 0})
    file = _file(os.getpid())
    if lock := _held.pop(file, None):
        lock.release()
        file.unlink(missing_ok=True)


def _lives(kernel: int) -> bool:
    file = _file(kernel)
    try:
        with FileLock(file, timeout=0):
            pass
    except Timeout:
        return True
    file.unlink(missing_ok=True)
    return False


def _file(kernel: int) -> Path:
    return state_directory() / f"kernel-{kernel}.lock"
