"""Kinds of values that faults take: each converts what was given, and raises ValueError for a bad one."""

import math
import re
from collections.abc import Callable
from typing import Any


def whole(least: int, most: int) -> Callable[[Any], int]:
    """Return a converter for whole numbers from `least` to `most`."""

    def kind(value: Any) -> int:
        words = str(value)
        if not (words.isascii() and words.isdigit() and least <= int(words) <= most):
            raise ValueError(f"it must be a whole number from {least} to {most}")
        return int(words)

    return kind


def seconds(value: Any) -> float:
    """Convert a number of seconds from 0 to 600."""
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not 0 <= number <= 600:
        raise ValueError("it must be a number of seconds from 0 to 600")
    return number


def text(value: Any) -> str:
    """Check a text of at most 1000 characters."""
    if not isinstance(value, str) or len(value) > 1000:
        raise ValueError("it must be a text of up to 1000 characters")
    return value


def one_of(*words: str) -> Callable[[Any], str]:
    """Return a converter that accepts some words."""

    def kind(value: Any) -> str:
        if value not in words:
            raise ValueError(f"it must be one of {', '.join(words)}")
        return str(value)

    return kind


def sizes(value: Any) -> str:
    """Check whole numbers of 1 or more, separated by commas."""
    numbers = [whole(1, 1_000_000)(each) for each in str(value).split(",")]
    return ",".join(map(str, numbers))


def action(value: Any) -> str:
    """Check the name of an IAM action, such as sagemaker:CreateEndpoint."""
    if not re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", str(value)):
        raise ValueError("it must be an action, such as sagemaker:CreateEndpoint")
    return str(value)
