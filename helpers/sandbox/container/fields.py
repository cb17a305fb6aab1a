"""The fields of a request, read as Cohere's container does: null counts as absent, ranges are the model's.

Error texts are the documented ones (docs.cohere.com, errors). The others follow their form; their wording:
(not established).
"""

import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn

from helpers.catalog import Limit
from helpers.catalog.settings import MAX_STOP_SEQUENCES

from .errors import ContainerError, invalid

ZERO_TOKENS = (
    "max_tokens can only be 0 if return_likelihoods is set to 'ALL' and prompt is longer than 1 token."
)


class Fields:
    """The fields of one request's JSON object; every method raises ContainerError for a bad value."""

    def __init__(self, values: dict[str, Any], limits: dict[str, Limit]) -> None:
        self._values = values
        self._limits = limits

    @classmethod
    def parse(cls, body: bytes, limits: dict[str, Limit]) -> "Fields":
        """Read a body. Raises ContainerError if it is not one JSON object."""
        try:
            values = json.loads(body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise invalid(f"the body is not valid JSON ({error}).") from error
        if not isinstance(values, dict):
            raise invalid("the body is not a JSON object.")
        return cls(values, limits)

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def get(self, name: str) -> Any:
        """Return the value as it was sent; None if it is absent."""
        return self._values.get(name)

    def refuse(self, reasons: dict[str, ContainerError]) -> None:
        """Raise the error of the first field that is present and not empty, false or "off"."""
        for name, error in reasons.items():
            if self.get(name) not in (None, False, "", "NONE", "OFF", "off", [], {}):
                raise error

    def text(self, name: str, *, required: bool = False) -> str:
        """Return a string; "" if it is absent."""
        if required and name not in self:
            raise invalid(f"{name} is required.")
        value = self.get(name)
        return "" if value is None else plain_text(name, value)

    def flag(self, name: str) -> bool:
        """Return a boolean; False if it is absent."""
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise invalid(f"{name} must be a boolean.")
        return bool(value)

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """Return one of the words given; `default` if it is absent."""
        value = self.get(name)
        if value is None:
            return default
        if value not in choices:
            raise invalid(f"{name} must be one of {', '.join(choices)}.")
        return str(value)

    def number(self, name: str) -> float:
        """Return a number in the model's range for that setting."""
        limit = self._limits[name]
        value = self.get(name)
        if value is None:
            return float(limit.default)
        high = f"{limit.high:.1f}" if float(limit.high).is_integer() else f"{limit.high:g}"
        if not _is_number(value) or not limit.low <= value <= limit.high:
            raise invalid(f"{name} must be between {limit.low:g} and {high} inclusive.")
        return float(value)

    def integer(self, name: str) -> int:
        """Return a whole number in the model's range for that setting."""
        limit = self._limits[name]
        value = self.get(name)
        if value is None:
            return int(limit.default)
        if not _is_number(value) or value != int(value) or not limit.low <= value <= limit.high:
            raise invalid(
                f"{name} must be a whole number between {limit.low:g} and {limit.high:g} inclusive."
            )
        return int(value)

    def max_tokens(self, *, may_be_0: bool = False) -> int:
        """Return how many tokens may be generated."""
        limit = self._limits["max_tokens"]
        value = self.get("max_tokens")
        if value is None:
            return int(limit.default)
        if not _is_number(value) or value != int(value) or value < 0:
            raise invalid("max_tokens must be a whole number of at least 1.")
        if value == 0 and not may_be_0:
            raise invalid(ZERO_TOKENS)
        if value > limit.high:
            raise ContainerError(
                f"too many tokens: max tokens must be less than or equal to {limit.high:g}, the maximum "
                f"output for this model - received {int(value)}."
            )
        return int(value)

    def penalties(self) -> tuple[float, float]:
        """Return the frequency and the presence penalty; at most one may be set."""
        frequency, presence = self.number("frequency_penalty"), self.number("presence_penalty")
        if frequency and presence:
            raise invalid("cannot specify both frequency_penalty and presence_penalty.")
        return frequency, presence

    def stop_sequences(self) -> list[str]:
        """Return the texts that end the generation, at most five."""
        value = self.get("stop_sequences") or []
        if not isinstance(value, list):
            raise invalid("stop_sequences must be a list of strings.")
        if len(value) > MAX_STOP_SEQUENCES:
            raise invalid(f"stop_sequences can hold at most {MAX_STOP_SEQUENCES} sequences.")
        if not all(isinstance(each, str) for each in value):
            raise invalid("stop_sequences must be a list of strings.")
        sequences = [plain_text("stop_sequences", each) for each in value]
        if not all(sequences):
            raise invalid("stop_sequences must not hold an empty string.")
        return sequences

    def seed(self) -> int | None:
        """Return the seed, 0 or more; None if it is absent."""
        value = self.get("seed")
        if value is None:
            return None
        if not _is_number(value) or value != int(value) or value < 0:
            raise invalid("seed must be a whole number of at least 0.")
        return int(value)


def plain_text(name: str, value: Any) -> str:
    """Return `value` if it is a string of valid Unicode. Raises ContainerError."""
    if not isinstance(value, str):
        raise invalid(f"{name} must be a string.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise invalid(f"{name} is not valid Unicode.") from error
    return value


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
