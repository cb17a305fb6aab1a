"""How long the sandbox has been idle."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Activity:
    """A clock of idle time, which stands at 0 while a request runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running = 0
        self._last = clock()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Mark a request as running while the block runs."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._last = self._clock()

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last request ended; 0 while one runs."""
        return 0.0 if self._running else self._clock() - self._last
