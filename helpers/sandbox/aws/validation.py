"""The constraints of a service model, and AWS's message for each one that a request violates.

Verified wording: "1 validation error detected: Value 'ml.t3.medium' at
'productionVariants.1.member.instanceType' failed to satisfy constraint: Member must satisfy enum value set:
[...]" (aws/sagemaker-python-sdk#1623).
"""

import itertools
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from .patterns import compiled

_MOST_REPORTED = 100
_LONGEST_SHOWN = 1024
_LONGEST_MATCHED = 8192  # longer strings are not matched, so that no request blocks the server


def violation_message(shape: StructureShape, params: dict[str, Any]) -> str | None:
    """Return AWS's message on all constraints that `params` (from `values.parse`) violate, or None."""
    found = list(itertools.islice(_of_structure(shape, params, ""), _MOST_REPORTED))
    if not found:
        return None
    return _detected(found)


def missing_message(name: str) -> str:
    """Return AWS's message for a required member that is missing."""
    return _detected([_sentence(None, _lower_camel(name), "Member must not be null")])


def _detected(found: list[str]) -> str:
    errors = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {errors} detected: " + "; ".join(found)


def _of_structure(shape: StructureShape, params: dict[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        where = f"{path}.{_lower_camel(name)}" if path else _lower_camel(name)
        if name in params:
            yield from _violations(member, params[name], where)
        elif name in shape.required_members:
            yield _sentence(None, where, "Member must not be null")


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if value is None:
        yield _sentence(None, path, "Member must not be null")
        return
    for demand in _unmet(shape, value):
        yield _sentence(value, path, demand)
    if isinstance(shape, StructureShape):
        yield from _of_structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _of_items(shape.member, enumerate(value, 1), value, path, "Member")
    elif isinstance(shape, MapShape):
        keys = (("key", key) for key in value)
        yield from _of_items(shape.key, keys, value, path, "Map keys")
        yield from _of_items(shape.value, value.items(), value, path, "Map value")


def _of_items(shape: Shape, items: Any, whole: Any, path: str, what: str) -> Iterator[str]:
    """Report structures one by one, and scalars once for the whole list or map."""
    unmet: list[str] = []
    for key, item in items:
        if item is None or isinstance(shape, StructureShape | ListShape | MapShape):
            yield from _violations(shape, item, f"{path}.{key}.member")
        else:
            unmet += [demand for demand in _unmet(shape, item) if demand not in unmet]
    if unmet:
        yield _sentence(whole, path, f"{what} must satisfy constraint: [{', '.join(unmet)}]")


def _unmet(shape: Shape, value: Any) -> Iterator[str]:
    limits = shape.metadata
    if shape.type_name in ("string", "blob", "list", "map"):
        yield from _unmet_range(limits, len(value), "length")
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _unmet_range(limits, value, "value")
    if shape.type_name != "string":
        return
    if "enum" in limits and value not in limits["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
    if "pattern" in limits and not _matches(limits["pattern"], value):
        yield f"Member must satisfy regular expression pattern: {limits['pattern']}"


def _unmet_range(limits: dict[str, Any], size: float, what: str) -> Iterator[str]:
    if "max" in limits and size > limits["max"]:
        yield f"Member must have {what} less than or equal to {limits['max']}"
    if "min" in limits and size < limits["min"]:
        yield f"Member must have {what} greater than or equal to {limits['min']}"


def _matches(pattern: str, value: str) -> bool:
    expression = compiled(pattern)
    if expression is None or len(value) > _LONGEST_MATCHED:
        return True
    return expression.fullmatch(value) is not None


def _sentence(value: Any, path: str, demand: str) -> str:
    shown = "null" if value is None else f"'{_shown(value)}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {demand}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        text = f"[{', '.join(map(_shown, value))}]"
    elif isinstance(value, dict):
        text = f"{{{', '.join(f'{key}={_shown(item)}' for key, item in value.items())}}}"
    else:
        text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


def _lower_camel(name: str) -> str:
    return name[:1].lower() + name[1:]
