"""The sandbox's settings: environment variables, read once when it starts."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_SLOTS, MOST_SPEED = 1000, 600
ACCOUNT = "123456789012"
# as Studio names the role that it makes for a domain
ROLE_PATH, ROLE_NAME = "/service-role/", "AmazonSageMaker-ExecutionRole-20261101T090000"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role{ROLE_PATH}{ROLE_NAME}"


@dataclass(frozen=True)
class Settings:
    """The sandbox's durations in seconds, its language model (a .gguf file), what it logs, and its capacity.

    Environment variables: SANDBOX_IDLE_SECONDS (the sandbox ends after that long without a request),
    SANDBOX_ENDPOINT_SECONDS (from Creating to InService), SANDBOX_SUBSCRIPTION_SECONDS (from accepting an
    offer until CreateModel works), SANDBOX_MODEL, SANDBOX_LOG_PROMPTS (1: CloudWatch Logs get requests'
    bodies), SANDBOX_INSTANCE_SLOTS (requests that an instance serves at once), SANDBOX_CLOCK_SPEED (AWS's
    seconds in one of this machine's, for metrics, alarms and scaling; the durations above stay as they are).
    """

    idle_seconds: float = 7200
    endpoint_seconds: float = 3
    subscription_seconds: float = 1
    model: Path | None = None
    log_prompts: bool = False
    instance_slots: int = 8  # as many as the engine computes at once, so one instance has all of it
    clock_speed: float = 1.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings from environment variables. Raises ValueError that names the variable."""
        model = environment.get("SANDBOX_MODEL")
        return cls(
            idle_seconds=_seconds(environment, "SANDBOX_IDLE_SECONDS", cls.idle_seconds),
            endpoint_seconds=_seconds(environment, "SANDBOX_ENDPOINT_SECONDS", cls.endpoint_seconds),
            subscription_seconds=_seconds(
                environment, "SANDBOX_SUBSCRIPTION_SECONDS", cls.subscription_seconds
            ),
            model=Path(model) if model else None,
            log_prompts=environment.get("SANDBOX_LOG_PROMPTS", "").strip() not in ("", "0"),
            instance_slots=checked_slots(
                environment.get("SANDBOX_INSTANCE_SLOTS", "").strip() or cls.instance_slots,
                "SANDBOX_INSTANCE_SLOTS",
            ),
            clock_speed=checked_speed(
                environment.get("SANDBOX_CLOCK_SPEED", "").strip() or cls.clock_speed, "SANDBOX_CLOCK_SPEED"
            ),
        )


def checked_slots(value: object, name: str = "slots") -> int:
    """Return how many requests an instance serves at once, 1 to 1000. Raises ValueError with that name."""
    number = _as_number(value)
    if number not in range(1, MOST_SLOTS + 1):
        raise ValueError(f"{name} is {value!r}; it takes a whole number from 1 to {MOST_SLOTS}.")
    return int(number)


def checked_speed(value: object, name: str = "clock_speed") -> float:
    """Return AWS's seconds in one of this machine's, 1 to 600. Raises ValueError with that name."""
    number = _as_number(value)
    if not 1 <= number <= MOST_SPEED:
        raise ValueError(f"{name} is {value!r}; it takes a number from 1 to {MOST_SPEED}.")
    return number


def _as_number(value: object) -> float:
    try:
        return math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]  # what it raises for
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "").strip()
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{name} is {text!r}; it takes a number of seconds, 0 or more.")
    return seconds
