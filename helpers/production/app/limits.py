"""Limits of a service: how many generations a user has at once and a minute, and all users together."""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from ...errors import BadInput, TutorialError

MINUTE = 60.0  # seconds


@dataclass(frozen=True)
class Limits:
    """How many generations may run at once for one user and for all, and how many a user begins a minute."""

    at_once: int = 2
    a_minute: int = 20
    in_all: int = 16

    def __post_init__(self) -> None:
        if min(self.at_once, self.a_minute, self.in_all) < 1:
            raise BadInput(f"{self}: each limit is a whole number of 1 or more.")


class TooMany(TutorialError):
    """A limit is reached; `seconds` from now is the earliest that another try can succeed."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class Usage:
    """What each user has under way, and began within the last minute; not for several threads.

    A user who did nothing for a minute is forgotten, so that it stays small whoever comes.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._begun: dict[str, deque[float]] = {}  # the user who began last stands last
        self._running: Counter[str] = Counter()

    @property
    def running(self) -> int:
        """How many generations of all users run now."""
        return self._running.total()

    def begin(self, user: str) -> None:
        """Count a generation of the user's. Raises TooMany, and counts nothing, where a limit is reached."""
        now = self._clock()
        self._forget(now - MINUTE)
        begun = self._begun.get(user, deque())
        while begun and begun[0] <= now - MINUTE:
            begun.popleft()
        self._check(user, begun, now)
        begun.append(now)
        self._begun.pop(user, None)
        self._begun[user] = begun
        self._running[user] += 1

    def end(self, user: str) -> None:
        """Count a generation of the user's as ended."""
        self._running[user] -= 1
        if not self._running[user]:
            del self._running[user]

    def _check(self, user: str, begun: deque[float], now: float) -> None:
        if self._running[user] >= self._limits.at_once:
            raise TooMany(f"{self._limits.at_once} of your texts are being written: stop one, or wait.", 1)
        if len(begun) >= self._limits.a_minute:
            seconds = begun[-self._limits.a_minute] + MINUTE - now
            raise TooMany(
                f"{self._limits.a_minute} texts a minute are the limit: wait {seconds:.0f} s.", seconds
            )
        if self.running >= self._limits.in_all:
            raise TooMany("Too many texts are being written for others: try again in a moment.", 1)

    def _forget(self, before: float) -> None:
        """Forget those who began nothing since; the oldest stand first."""
        for user in list(self._begun):
            if self._begun[user][-1] > before:
                return
            del self._begun[user]
