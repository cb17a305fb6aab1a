"""The control of the sandbox's capacity: the slots of each instance, and the clock's speed."""

import json

from helpers.sandbox.aws.service import AwsError, HttpReply, parse_json
from helpers.sandbox.settings import checked_slots, checked_speed

from ..clock import Clock
from .instances import Instances


class CapacityControl:
    """The handler that shows and sets both."""

    def __init__(self, instances: Instances, clock: Clock) -> None:
        self._instances = instances
        self._clock = clock

    def handle(self, body: bytes) -> HttpReply:
        """Set what the body has of "slots" and "clock_speed"; return both. Raises AwsError."""
        asked = parse_json(body)
        slots, speed = asked.get("slots"), asked.get("clock_speed")
        try:
            slots = self._instances.slots if slots is None else checked_slots(slots)
            speed = self._clock.speed if speed is None else checked_speed(speed)
        except ValueError as error:
            raise AwsError("BadCapacity", str(error)) from error
        self._instances.slots, self._clock.speed = slots, speed
        answer = {"slots": slots, "clock_speed": speed}
        return HttpReply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})
