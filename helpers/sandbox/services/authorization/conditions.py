"""The conditions of a policy's statement: operators, condition keys, and how values are compared."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

# Names of condition keys ignore case; after a slash comes a tag's key.
KEYS = (
    "aws:sourceaccount",
    "aws:sourcearn",
    "iam:awsservicename",
    "iam:passedtoservice",
    "sagemaker:taggingaction",
    "sts:externalid",
)
KEYS_OF_TAGS = ("aws:resourcetag/", "aws:requesttag/")
_IF_EXISTS = "IfExists"


def hold(conditions: Mapping[str, Mapping[str, Any]], keys: Mapping[str, str]) -> bool:
    """Return whether all operators hold for all their keys; several values of a key are alternatives.

    `keys` are the request's, in lower case. It knows the operators and keys that `not_known` does not name.
    """
    return all(
        _key_holds(operator, listed(values), keys.get(key.lower()))
        for operator, wanted in conditions.items()
        for key, values in wanted.items()
    )


def not_known(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield what of the conditions is not evaluated, in words."""
    for operator in conditions:
        if operator != "Null" and operator.removesuffix(_IF_EXISTS) not in _OPERATORS:
            yield f"the sandbox does not evaluate the condition operator {operator}"
    for key in (key for wanted in conditions.values() for key in wanted):
        if key.lower() not in KEYS and not key.lower().startswith(KEYS_OF_TAGS):
            yield f"the sandbox does not evaluate the condition key {key}"


def tag_keys(kind: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Return the condition keys of tags: of a "resource" that has them, or a "request" that puts them."""
    return {f"aws:{kind}tag/{key.lower()}": value for key, value in tags.items()}


def like(pattern: str, value: str) -> bool:
    """Return whether a value matches a pattern of `*` (any characters) and `?` (one)."""
    return _compiled(pattern).fullmatch(value) is not None


def arn_like(pattern: str, arn: str) -> bool:
    """Return whether an ARN matches a pattern, each of its six parts for itself; missing parts match all."""
    if "*" in (pattern, arn):
        return pattern == "*"
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    return all(like(*pair) for pair in zip(wanted, given, strict=False)) and len(wanted) <= len(given)


def listed(value: Any) -> list[Any]:
    """Return a policy's element as a list: it may be one, a single value, or left out."""
    return value if isinstance(value, list) else [] if value is None else [value]


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _equal_in_any_case(pattern: str, value: str) -> bool:
    return pattern.lower() == value.lower()


# operator -> (whether a value in the policy matches a key's, whether that shall be so)
_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (str.__eq__, True),
    "StringNotEquals": (str.__eq__, False),
    "StringEqualsIgnoreCase": (_equal_in_any_case, True),
    "StringNotEqualsIgnoreCase": (_equal_in_any_case, False),
    "StringLike": (like, True),
    "StringNotLike": (like, False),
    "ArnEquals": (arn_like, True),
    "ArnLike": (arn_like, True),
    "ArnNotEquals": (arn_like, False),
    "ArnNotLike": (arn_like, False),
}


def _key_holds(operator: str, values: list[Any], given: str | None) -> bool:
    if operator == "Null":
        return (str(next(iter(values), "")).lower() == "true") == (given is None)
    matches, positive = _OPERATORS[operator.removesuffix(_IF_EXISTS)]
    if given is None:  # a negated operator holds for a key that is not there
        return operator.endswith(_IF_EXISTS) or not positive
    return any(matches(str(value), given) for value in values) == positive
