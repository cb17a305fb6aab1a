"""The sandbox's settings: environment variables, read once when it starts."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "123456789012"
# as Studio names the role that it makes for a domain
ROLE_PATH, ROLE_NAME = "/service-role/", "AmazonSageMaker-ExecutionRole-20261101T090000"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role{ROLE_PATH}{ROLE_NAME}"


@dataclass(frozen=True)
class Settings:
    """The sandbox's durations in seconds, its language model (a .gguf file), and what it logs.

    Environment variables: SANDBOX_IDLE_SECONDS (the sandbox ends after that long without a request),
    SANDBOX_ENDPOINT_SECONDS (from Creating to InService), SANDBOX_SUBSCRIPTION_SECONDS (from accepting an
    offer until CreateModel works), SANDBOX_MODEL, SANDBOX_LOG_PROMPTS (1: CloudWatch Logs get requests'
    bodies).
    """

    idle_seconds: float = 7200
    endpoint_seconds: float = 3
    subscription_seconds: float = 1
    model: Path | None = None
    log_prompts: bool = False

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
        )


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "").strip()
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{name} is {text!r}; it takes a number of seconds, 0 or more.")
    return seconds
