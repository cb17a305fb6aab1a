"""Interrupts at any moment of a sweep, by a timer."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def alarms_interrupt(before: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Make each SIGALRM a SIGINT, as Ctrl+C sends one; `before` is called first."""

    def interrupt(*_: object) -> None:
        before()
        signal.raise_signal(signal.SIGINT)

    # What a shell starts with & or nohup ignores SIGINT, and so would these tests.
    kept = {
        signal.SIGALRM: signal.signal(signal.SIGALRM, interrupt),
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
    }
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in kept.items():
            signal.signal(number, handler)


def other_threads_can_lock(folder: Path) -> None:
    """No interrupt may leave filelock's own lock taken, which is the whole process's."""
    thread = threading.Thread(target=FileLock, args=(folder / "another.lock",), daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
