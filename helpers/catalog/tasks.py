"""What a task wants of its answers: one that is right, some or many that differ, or a number of them."""

import sys

WANTS = ("one", "some", "many")
WANT_RULE = f"{', '.join(map(repr, WANTS))}, or a finite number of 1 or more"


def is_want(value: object) -> bool:
    """Return whether a value is one of WANTS, or exactly an int or a float, finite and 1 or more."""
    if type(value) is str:
        return value in WANTS
    return type(value) in (int, float) and 1 <= value <= sys.float_info.max  # type: ignore[operator]
