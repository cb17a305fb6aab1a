"""The services' clock: this machine's time, in which AWS's durations may be made shorter.

No time is ever changed: what a client calls now is now here too, so metrics and logs are found where they are
looked for, a deadline comes at the time that it names, and the time of signatures and the limits of an
invocation stay as they are. What is shortened is how long the periods last that AWS counts in seconds: at a
speed of 60, what takes AWS a minute takes a second here (a metric's interval, an alarm's period, a policy's
cooldown). CloudWatch's queries are in this machine's time: with `Period=1` they show what is a minute on AWS.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """Return the current time in UTC, with its time zone."""
    return datetime.now(UTC)


class Clock:
    """The time of the sandbox's services, and the length of AWS's durations in it.

    `speed` says how many of AWS's seconds pass in one of this machine's, from 1 to 600; it counts from the
    moment it is set. For use by the event loop's thread; `now` and `lasts` by any.
    """

    def __init__(self, speed: float = 1.0, now: Callable[[], datetime] = utc_now) -> None:
        self._speed, self._now = speed, now
        self._changed = asyncio.Event()

    def now(self) -> datetime:
        """Return the current time in UTC, which is this machine's at any speed."""
        return self._now()

    def lasts(self, seconds: float) -> timedelta:
        """Return how long this many of AWS's seconds last here."""
        return timedelta(seconds=seconds / self._speed)

    async def sleep(self, seconds: float) -> None:
        """Wait for this many of AWS's seconds; when the speed changes, the rest passes at the new one."""
        while seconds > 0:
            speed, began = self._speed, time.monotonic()
            try:
                async with asyncio.timeout(seconds / speed):
                    await self._changed.wait()
            except TimeoutError:
                return
            seconds -= (time.monotonic() - began) * speed

    @property
    def speed(self) -> float:
        """How many of AWS's seconds pass in one second of this machine's."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._speed = speed
        self._changed.set()
        self._changed = asyncio.Event()
