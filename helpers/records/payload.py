"""Typed access to the fields of a JSON object from elsewhere; null counts as absent."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

_NAMES = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}


class WrongShape(ValueError):
    """A field is missing or has another type than required; the message names it."""


def parse(data: bytes) -> dict[str, Any]:
    """Return bytes as one JSON object. Raises WrongShape for everything else."""
    try:
        found = json.loads(data)
    except UnicodeDecodeError as error:
        raise WrongShape("the bytes are not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise WrongShape(f"it is not JSON that can be read ({error})") from error
    return obj(found, "it")


def obj(value: Any, name: str) -> dict[str, Any]:
    """Return the value if it is an object. Raises WrongShape."""
    if not isinstance(value, dict):
        raise _wrong(name, value, "an object")
    return value


def part(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the object in a field; an empty one if the field is absent."""
    value = raw.get(name)
    return {} if value is None else obj(value, name)


def objects(raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the list of objects in a field; an empty one if the field is absent."""
    return [obj(each, f"an item of {name}") for each in items(raw, name)]


def items(raw: Mapping[str, Any], name: str) -> list[Any]:
    """Return the list in a field; an empty one if the field is absent."""
    value = raw.get(name)
    if value is not None and not isinstance(value, list):
        raise _wrong(name, value, "a list")
    return value or []


def text(raw: Mapping[str, Any], name: str) -> str:
    """Return the text in a field. Raises WrongShape if it is absent."""
    value = raw.get(name)
    if not isinstance(value, str):
        raise _wrong(name, value, "a text")
    return value


def text_or_none(raw: Mapping[str, Any], name: str) -> str | None:
    """Return the text in a field, None if the field is absent."""
    return None if raw.get(name) is None else text(raw, name)


def number_or_none(raw: Mapping[str, Any], name: str) -> float | None:
    """Return the number in a field; None if it is absent, NaN or infinite, which Python's JSON allows."""
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, value, "a number")
    return _finite(value)


def count_or_none(raw: Mapping[str, Any], name: str) -> int | None:
    """Return the whole number of 0 or more in a field (12.0 is one); None if it is absent."""
    value = number_or_none(raw, name)
    if value is not None and (value < 0 or value != int(value)):
        raise _wrong(name, value, "a whole number")
    return None if value is None else int(value)


def _finite(value: float) -> float | None:
    try:
        return value if isfinite(value) else None
    except OverflowError:  # an integer too large for a float
        return None


def _wrong(name: str, value: Any, wanted: str) -> WrongShape:
    given = _NAMES.get(type(value), str(value)[:40] if isinstance(value, float) else "a number")
    return WrongShape(f"{name} is {given} where {wanted} belongs")
