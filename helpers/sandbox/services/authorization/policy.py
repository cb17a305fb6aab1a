"""Evaluation of identity-based policies, by the rules of IAM's policy evaluation logic.

It knows Effect, Action, Resource, their Not forms, and the condition operators and keys below. `problems`
names what it does not know: an Allow with such a part never applies, a Deny always does. Not evaluated
at all: resource-based and session policies, permissions boundaries, an organization's policies.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

Effect = Literal["allowed", "explicitDeny", "implicitDeny"]
MOST_CHARACTERS = 6144  # of a managed policy, whitespace not counted (IAM and STS quotas)
EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
KNOWN = "(known)"
# Names of condition keys ignore case; after a slash comes a tag's key.
KEYS = ("iam:awsservicename", "iam:passedtoservice", "sagemaker:taggingaction", "sts:externalid")
KEYS_OF_TAGS = ("aws:resourcetag/", "aws:requesttag/")


@dataclass(frozen=True)
class Permission:
    """An action, the ARN that it is for, and its condition keys, in lower case, with their values.

    `resource` is None where the sandbox can't tell: then any Resource of an Allow matches. It is "*" for an
    action that is for no resource.
    """

    action: str
    resource: str | None = "*"
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """The effect, and policy name and Sid of each statement that it comes from."""

    effect: Effect
    statements: tuple[tuple[str, str], ...] = ()


def decide(policies: Mapping[str, str], asked: Permission) -> Decision:
    """Return what policies (name -> JSON) say of a permission: a Deny wins, what nothing allows is denied.

    Statements that are malformed count for nothing.
    """
    found = [
        (each["Effect"], (name, str(each.get("Sid", ""))))
        for name, document in policies.items()
        for each in statements(document)
        if _applies(each, asked)
    ]
    for effect, told in (("Deny", "explicitDeny"), ("Allow", "allowed")):
        if matched := tuple(dict.fromkeys(where for given, where in found if given == effect)):
            return Decision(told, matched)  # type: ignore[arg-type]
    return Decision("implicitDeny")


@lru_cache(maxsize=256)
def statements(document: str) -> tuple[dict[str, Any], ...]:
    """Return the well formed statements of a policy; each one's KNOWN says whether all of it is evaluated."""
    try:
        policy = json.loads(document)
    except (ValueError, RecursionError):
        return ()
    listed = _listed(policy.get("Statement")) if isinstance(policy, dict) else []
    return tuple({**each, KNOWN: not any(_not_known(each))} for each in listed if not _malformed(each))


@lru_cache(maxsize=256)
def problems(document: str) -> tuple[str, ...]:
    """Return what is wrong with a policy, and what of it the sandbox does not evaluate."""
    try:
        policy = json.loads(document)
    except (ValueError, RecursionError) as error:
        return (f"it is not JSON: {error}",)
    if not isinstance(policy, dict) or not _listed(policy.get("Statement")):
        return ("it has no Statement",)
    long = len(re.sub(r"\s", "", document)) > MOST_CHARACTERS
    found = [f"it has more than {MOST_CHARACTERS} characters"] if long else []
    for number, statement in enumerate(_listed(policy["Statement"]), 1):
        name = statement.get("Sid", number) if isinstance(statement, dict) else number
        found += [f"statement {name}: {each}" for each in _malformed(statement) or _not_known(statement)]
    return tuple(found)


def context_keys(policies: Mapping[str, str], action: str) -> list[str]:
    """Return the condition keys that statements on an action ask for, as they are written."""
    return [
        key
        for document in policies.values()
        for each in statements(document)
        if _is_for(each, "Action", lambda pattern: like(pattern.lower(), action.lower()))
        for conditions in each.get("Condition", {}).values()
        for key in conditions
    ]


def like(pattern: str, value: str) -> bool:
    """Return whether a value matches a pattern of `*` (any characters) and `?` (one)."""
    return _compiled(pattern).fullmatch(value) is not None


def arn_like(pattern: str, arn: str) -> bool:
    """Return whether an ARN matches a pattern, each of its six parts for itself; missing parts match all."""
    if "*" in (pattern, arn):
        return pattern == "*"
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    return all(like(*pair) for pair in zip(wanted, given, strict=False)) and len(wanted) <= len(given)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _applies(statement: dict[str, Any], asked: Permission) -> bool:
    denies = statement["Effect"] == "Deny"
    return (
        _is_for(statement, "Action", lambda pattern: like(pattern.lower(), asked.action.lower()))
        and _is_for(statement, "Resource", lambda pattern: _covers(pattern, asked.resource, denies))
        and (_holds(statement.get("Condition", {}), asked.keys) if statement[KNOWN] else denies)
    )


def _is_for(statement: dict[str, Any], element: str, matches: Callable[[str], bool]) -> bool:
    if element in statement:
        return any(map(matches, _listed(statement[element])))
    return not any(map(matches, _listed(statement[f"Not{element}"])))


def _covers(pattern: str, resource: str | None, denies: bool) -> bool:
    return arn_like(pattern, resource) if resource is not None else pattern == "*" or not denies


# operator -> (whether a value in the policy matches a key's, whether that shall be so)
_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (str.__eq__, True),
    "StringNotEquals": (str.__eq__, False),
    "StringLike": (like, True),
    "StringNotLike": (like, False),
    "ArnEquals": (arn_like, True),
    "ArnLike": (arn_like, True),
    "ArnNotEquals": (arn_like, False),
    "ArnNotLike": (arn_like, False),
}
_IF_EXISTS = "IfExists"


def _holds(conditions: dict[str, dict[str, Any]], keys: Mapping[str, str]) -> bool:
    """Return whether all operators hold for all their keys; several values of a key are alternatives."""
    return all(
        _key_holds(operator, _listed(values), keys.get(key.lower()))
        for operator, wanted in conditions.items()
        for key, values in wanted.items()
    )


def _key_holds(operator: str, values: list[str], given: str | None) -> bool:
    if operator == "Null":
        return (str(next(iter(values), "")).lower() == "true") == (given is None)
    matches, positive = _OPERATORS[operator.removesuffix(_IF_EXISTS)]
    if given is None:  # a negated operator holds for a key that is not there
        return operator.endswith(_IF_EXISTS) or not positive
    return any(matches(str(value), given) for value in values) == positive


def _malformed(statement: Any) -> list[str]:
    if not isinstance(statement, dict):
        return ["it is not an object"]
    found = [] if statement.get("Effect") in ("Allow", "Deny") else ["Effect is neither Allow nor Deny"]
    for element in ("Action", "Resource"):
        given = [statement[name] for name in (element, f"Not{element}") if name in statement]
        texts = [text for each in given for text in _listed(each)]
        if len(given) != 1 or not texts or not all(isinstance(text, str) for text in texts):
            found.append(f"it needs one of {element} and Not{element}")
    conditions = statement.get("Condition", {})
    if not isinstance(conditions, dict) or not all(isinstance(each, dict) for each in conditions.values()):
        found.append("Condition is not an object of objects")
    return found


def _not_known(statement: dict[str, Any]) -> Iterator[str]:
    conditions = statement.get("Condition", {})
    for operator in conditions:
        if operator != "Null" and operator.removesuffix(_IF_EXISTS) not in _OPERATORS:
            yield f"the sandbox does not evaluate the condition operator {operator}"
    for key in (key for wanted in conditions.values() for key in wanted):
        if key.lower() not in KEYS and not key.lower().startswith(KEYS_OF_TAGS):
            yield f"the sandbox does not evaluate the condition key {key}"
    if "${" in json.dumps(statement):
        yield "the sandbox does not evaluate policy variables (${...})"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
