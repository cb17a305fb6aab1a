"""Whether anybody uses the sandbox."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Activity:
    """When the last request was, for the idle end."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running = 0
        self._last = clock()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Around each request: while one runs, the sandbox is not idle."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._last = self._clock()

    @property
    def idle_seconds(self) -> float:
        """Time since the last request ended."""
        return 0.0 if self._running else self._clock() - self._last
