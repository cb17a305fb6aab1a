"""Consent to spending, binding or deleting: exactly a bool or a finite number.

papermill and batch tables pass text, and the text "false" is true to Python. So these arguments must have the
exact type; anything else is refused before any request.
"""

import reprlib
import sys

from ..errors import BadInput

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60

YES_OR_NO = "True or False"
AMOUNT = "a finite number of 0 or more"


def yes_or_no(name: str, value: object) -> bool:
    """Return `value` if it is True or False. Raises BadInput for anything else, such as text or 1."""
    if is_yes_or_no(value):
        return bool(value)
    raise refusal(name, value, YES_OR_NO)


def amount(name: str, value: object) -> float:
    """Return `value` if it is a finite int or float of 0 or more. Raises BadInput for anything else."""
    if is_amount(value):
        return value  # type: ignore[return-value]
    raise refusal(name, value, AMOUNT)


def amount_or_none(name: str, value: object) -> float | None:
    """Return `value` if it is None or an `amount`. Raises BadInput for anything else."""
    if value is None:
        return None
    if is_amount(value):
        return value  # type: ignore[return-value]
    raise refusal(name, value, f"{AMOUNT}, or None")


def is_yes_or_no(value: object) -> bool:
    """Tell whether a value is exactly True or False."""
    return value is True or value is False


def is_amount(value: object) -> bool:
    """Tell whether a value is exactly an int or a float (no bool, no NumPy type), finite and 0 or more."""
    return type(value) in (int, float) and 0 <= value <= sys.float_info.max  # type: ignore[operator]


def refusal(name: str, value: object, takes: str) -> BadInput:
    """Return the BadInput for a value of the wrong kind, to be raised before any request to AWS."""
    return BadInput(f"{name} is {shown(value)}; it takes {takes}. Nothing was done.")


def shown(value: object) -> str:
    """Return a value as one short line for an error; its type if it cannot be written."""
    try:
        text = " ".join(_short.repr(value).split())
    except ValueError:  # an integer of more than 4,300 digits
        text = ""
    return text if 0 < len(text) <= 200 else f"of type {type(value).__name__}"
