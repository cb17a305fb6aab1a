"""The client that shows and sets a running sandbox's capacity, by signed requests."""

from dataclasses import dataclass

from helpers.sandbox.address import Address
from helpers.sandbox.faults.client import ask
from helpers.sandbox.settings import checked_slots, checked_speed

CAPACITY_PATH = "/_sandbox/capacity"


@dataclass(frozen=True)
class Capacity:
    """How many requests each instance serves at once, and AWS's seconds in one of this machine's."""

    slots: int
    clock_speed: float


def capacity(address: Address, slots: int | None = None, clock_speed: float | None = None) -> Capacity:
    """Set what is given, of `slots` (1 to 1000) and `clock_speed` (1 to 600), and return both.

    Raises ValueError for a value that can't be, before anything is sent, and SandboxError.
    """
    asked: dict[str, float] = {}
    if slots is not None:
        asked["slots"] = checked_slots(slots)
    if clock_speed is not None:
        asked["clock_speed"] = checked_speed(clock_speed)
    return Capacity(**ask(address, CAPACITY_PATH, asked))
