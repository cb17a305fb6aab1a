"""Interrupts, also at any moment of a sweep, by a timer."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def interruptible() -> Iterator[None]:
    """Make a SIGINT a KeyboardInterrupt: what a shell starts with & or nohup ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def alarms_interrupt(before: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Make each SIGALRM a SIGINT, as Ctrl+C sends one; `before` is called first."""

    def interrupt(*_: object) -> None:
        before()
        signal.raise_signal(signal.SIGINT)

    kept = signal.signal(signal.SIGALRM, interrupt)
    try:
        with interruptible():
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)


def other_threads_can_lock(folder: Path) -> None:
    """No interrupt may leave filelock's own lock taken, which is the whole process's."""
    thread = threading.Thread(target=FileLock, args=(folder / "another.lock",), daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
