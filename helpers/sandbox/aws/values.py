"""Conversion of values between JSON and Python, as botocore's service models describe them.

`parse` converts requests, which `validation` then checks. `serialise` converts answers and leaves out what
the model does not have; `drift` says when that is an error.
"""

import base64
import binascii
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from . import drift
from .drift import NotInTheModel

_INTEGER_BITS = {"integer": 32, "long": 64}
_JSON_NAMES = {
    bool: "BOOLEAN",
    int: "NUMBER",
    float: "NUMBER",
    str: "STRING",
    list: "LIST",
    dict: "STRUCTURE",
}
_JAVA_NAMES = {
    "string": "a String",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "boolean": "a Boolean",
    "timestamp": "a Timestamp",
    "blob": "a Blob",
    "list": "a List",
    "map": "a Map",
    "structure": "a Structure",
}


class NotOfThatType(ValueError):
    """A value in the request has another JSON type than the model says; the message is AWS's."""

    def __init__(self, shape: Shape, value: object) -> None:
        # wording for some pairs of types (not established): this form is the common one
        found = "NULL" if value is None else _JSON_NAMES.get(type(value), "UNKNOWN")
        super().__init__(
            f"{found}_VALUE can not be converted to {_JAVA_NAMES.get(shape.type_name, 'a value')}"
        )


class Missing(Exception):
    """An operation needs a member that the request lacks and that the installed model does not require."""


class Members(dict[str, Any]):
    """A structure of a request; reading a missing member raises Missing instead of KeyError."""

    def __missing__(self, name: str) -> Any:
        raise Missing(name)


def wire_members(shape: StructureShape) -> Iterator[tuple[str, str, Shape]]:
    """Yield each member's name in Python, its name in JSON, and its shape."""
    for name, member in shape.members.items():
        yield name, member.serialization.get("name", name), member


def parse(shape: Shape, value: Any) -> Any:
    """Return the Python value of a JSON value; drops members that the model does not have, as AWS does.

    Nulls inside structures count as absent. Raises NotOfThatType.
    """
    if isinstance(shape, StructureShape):
        return _parse_structure(shape, value)
    if isinstance(shape, ListShape):
        _expect(isinstance(value, list), shape, value)
        return [None if item is None else parse(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        _expect(isinstance(value, dict), shape, value)
        return {key: None if item is None else parse(shape.value, item) for key, item in value.items()}
    return _parse_scalar(shape, value)


def _parse_structure(shape: StructureShape, value: Any) -> dict[str, Any]:
    _expect(isinstance(value, dict), shape, value)
    given = ((name, member, value.get(wire)) for name, wire, member in wire_members(shape))
    return Members((name, parse(member, item)) for name, member, item in given if item is not None)


def _parse_scalar(shape: Shape, value: Any) -> Any:
    kind = shape.type_name
    if kind in ("string", "character"):
        _expect(isinstance(value, str), shape, value)
        return value
    if kind == "boolean":
        _expect(isinstance(value, bool), shape, value)
        return value
    if kind == "blob":
        return _parse_blob(shape, value)
    if kind == "timestamp":
        return _parse_timestamp(shape, value)
    _expect(isinstance(value, int | float) and not isinstance(value, bool), shape, value)
    if kind in _INTEGER_BITS:
        return _parse_integer(shape, value)
    _expect(abs(value) <= sys.float_info.max, shape, value)
    return float(value)


def _parse_integer(shape: Shape, value: int | float) -> int:
    half = 1 << (_INTEGER_BITS[shape.type_name] - 1)
    _expect(-half <= value < half, shape, value)
    return int(value)


def _parse_blob(shape: Shape, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    _expect(isinstance(value, str), shape, value)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotOfThatType(shape, value) from error


def _parse_timestamp(shape: Shape, value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value).astimezone(UTC)
        _expect(isinstance(value, int | float) and not isinstance(value, bool), shape, value)
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotOfThatType(shape, value) from error


def _expect(true: bool, shape: Shape, value: object) -> None:
    if not true:
        raise NotOfThatType(shape, value)


def serialise(shape: Shape, value: Any, path: str = "answer") -> Any:
    """Return the JSON value of a Python value: timestamps as epoch seconds, blobs in base64, None left out.

    Leaves out a member that the model does not have or has with another type, and makes a missing required
    one empty if possible; `drift.note` receives each, and raises NotInTheModel under test. Raises
    NotInTheModel always if `value` itself has another type.
    """
    if isinstance(shape, StructureShape):
        return _serialise_structure(shape, value, path)
    if isinstance(shape, ListShape):
        _allow(isinstance(value, list | tuple), shape, value, path)
        return [serialise(shape.member, item, f"{path}[]") for item in value]
    if isinstance(shape, MapShape):
        _allow(isinstance(value, dict), shape, value, path)
        return {key: serialise(shape.value, item, f"{path}{{}}") for key, item in value.items()}
    return _serialise_scalar(shape, value, path)


def _serialise_structure(shape: StructureShape, value: Any, path: str) -> dict[str, Any]:
    _allow(isinstance(value, dict), shape, value, path)
    present = {name: item for name, item in value.items() if item is not None}
    if unknown := present.keys() - shape.members.keys():
        drift.note(f"{path} ({shape.name}) has members the model does not know: {sorted(unknown)}")
    members = {
        wire: _serialise_member(member, present[name], f"{path}.{name}")
        for name, wire, member in wire_members(shape)
        if name in present
    }
    return {
        **_required(shape, present, path),
        **{wire: item for wire, item in members.items() if item is not None},
    }


def _serialise_member(shape: Shape, value: Any, path: str) -> Any:
    """Return None for a value of another type than the model's."""
    try:
        return serialise(shape, value, path)
    except NotInTheModel as error:
        drift.note(str(error))
        return None


def _required(shape: StructureShape, present: dict[str, Any], path: str) -> dict[str, Any]:
    """Return an empty value for each missing required member for which empty is true."""
    missing = [
        each for each in wire_members(shape) if each[0] in set(shape.required_members) - present.keys()
    ]
    if missing:
        drift.note(f"{path} ({shape.name}) misses required members: {sorted(name for name, _, _ in missing)}")
    empty = {wire: drift.empty_value(member) for _, wire, member in missing}
    return {wire: item for wire, item in empty.items() if item is not None}


def _serialise_scalar(shape: Shape, value: Any, path: str) -> Any:
    kind = shape.type_name
    if kind == "timestamp":
        _allow(isinstance(value, datetime) and value.tzinfo is not None, shape, value, path)
        return round(value.timestamp(), 3)
    if kind == "blob":
        _allow(isinstance(value, bytes), shape, value, path)
        return base64.b64encode(value).decode("ascii")
    if kind == "boolean":
        _allow(isinstance(value, bool), shape, value, path)
    elif kind in ("string", "character"):
        _allow(isinstance(value, str), shape, value, path)
    else:
        number = int if kind in _INTEGER_BITS else int | float
        _allow(isinstance(value, number) and not isinstance(value, bool), shape, value, path)
    return value


def _allow(true: bool, shape: Shape, value: object, path: str) -> None:
    if not true:
        raise NotInTheModel(f"{path} ({shape.name}) is a {type(value).__name__}, not a {shape.type_name}")
