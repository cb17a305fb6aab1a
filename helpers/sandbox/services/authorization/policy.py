"""Evaluation of policies, by the rules of IAM's policy evaluation logic.

Two kinds: identity-based ones say what the identity that has them may do to which Resource; a role's trust
policy, which is resource-based, says which Principal may assume it. It knows Effect, Action, Resource,
Principal, their Not forms, and the condition operators and keys of `conditions`. `problems` names what it
does not know: an Allow with such a part never applies, a Deny always does. Not evaluated at all: other
resource-based policies, session policies, permissions boundaries, an organization's policies.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from . import conditions, principals
from .conditions import arn_like, like, listed

Effect = Literal["allowed", "explicitDeny", "implicitDeny"]
MOST_CHARACTERS = 6144  # of a managed policy, whitespace not counted (IAM and STS quotas)
EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
KNOWN = "(known)"


@dataclass(frozen=True)
class Permission:
    """An action, the ARN that it is for, and its condition keys, in lower case, with their values.

    `resource` is None where the sandbox can't tell: then any Resource of an Allow matches. It is "*" for an
    action that is for no resource. With the names of a `principal` it is asked of a trust policy.
    """

    action: str
    resource: str | None = "*"
    keys: Mapping[str, str] = field(default_factory=dict)
    principal: principals.Names | None = None


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
        for each in statements(document, trust=asked.principal is not None)
        if _applies(each, asked)
    ]
    for effect, told in (("Deny", "explicitDeny"), ("Allow", "allowed")):
        if matched := tuple(dict.fromkeys(where for given, where in found if given == effect)):
            return Decision(told, matched)  # type: ignore[arg-type]
    return Decision("implicitDeny")


@lru_cache(maxsize=256)
def statements(document: str, *, trust: bool = False) -> tuple[dict[str, Any], ...]:
    """Return the well formed statements of a policy; each one's KNOWN says whether all of it is evaluated."""
    try:
        policy = json.loads(document)
    except (ValueError, RecursionError):
        return ()
    found = listed(policy.get("Statement")) if isinstance(policy, dict) else []
    return tuple({**each, KNOWN: not any(_not_known(each))} for each in found if not _malformed(each, trust))


@lru_cache(maxsize=256)
def problems(document: str, *, trust: bool = False) -> tuple[str, ...]:
    """Return what is wrong with a policy, and what of it the sandbox does not evaluate."""
    try:
        policy = json.loads(document)
    except (ValueError, RecursionError) as error:
        return (f"it is not JSON: {error}",)
    if not isinstance(policy, dict) or not listed(policy.get("Statement")):
        return ("it has no Statement",)
    long = len(re.sub(r"\s", "", document)) > MOST_CHARACTERS
    found = [f"it has more than {MOST_CHARACTERS} characters"] if long else []
    for number, statement in enumerate(listed(policy["Statement"]), 1):
        name = statement.get("Sid", number) if isinstance(statement, dict) else number
        wrong = _malformed(statement, trust) or _not_known(statement)
        found += [f"statement {name}: {each}" for each in wrong]
    return tuple(found)


def context_keys(policies: Mapping[str, str], action: str) -> list[str]:
    """Return the condition keys that statements on an action ask for, as they are written."""
    return [
        key
        for document in policies.values()
        for each in statements(document)
        if _is_for(each, "Action", lambda pattern: like(pattern.lower(), action.lower()))
        for wanted in each.get("Condition", {}).values()
        for key in wanted
    ]


def _applies(statement: dict[str, Any], asked: Permission) -> bool:
    denies = statement["Effect"] == "Deny"
    return (
        _is_for(statement, "Action", lambda pattern: like(pattern.lower(), asked.action.lower()))
        and _is_for_whom_or_what(statement, asked, denies)
        and (conditions.hold(statement.get("Condition", {}), asked.keys) if statement[KNOWN] else denies)
    )


def _is_for_whom_or_what(statement: dict[str, Any], asked: Permission, denies: bool) -> bool:
    if (names := asked.principal) is not None:
        return _is_for(statement, "Principal", lambda written: principals.is_one(written, names))
    return _is_for(statement, "Resource", lambda pattern: _covers(pattern, asked.resource, denies))


def _is_for(statement: dict[str, Any], element: str, matches: Callable[[str], bool]) -> bool:
    if element in statement:
        return any(map(matches, _values(statement, element)))
    return not any(map(matches, _values(statement, f"Not{element}")))


def _values(statement: dict[str, Any], element: str) -> list[Any]:
    value = statement[element]
    return principals.written(value) if element.endswith("Principal") else listed(value)


def _covers(pattern: str, resource: str | None, denies: bool) -> bool:
    return arn_like(pattern, resource) if resource is not None else pattern == "*" or not denies


def _malformed(statement: Any, trust: bool) -> list[str]:
    if not isinstance(statement, dict):
        return ["it is not an object"]
    found = [] if statement.get("Effect") in ("Allow", "Deny") else ["Effect is neither Allow nor Deny"]
    for element in ("Action", "Principal" if trust else "Resource"):
        given = [name for name in (element, f"Not{element}") if name in statement]
        texts = [text for name in given for text in _values(statement, name)]
        if len(given) != 1 or not texts or not all(isinstance(text, str) for text in texts):
            found.append(f"it needs one of {element} and Not{element}")
    condition = statement.get("Condition", {})
    if not isinstance(condition, dict) or not all(isinstance(each, dict) for each in condition.values()):
        found.append("Condition is not an object of objects")
    return found


def _not_known(statement: dict[str, Any]) -> Iterator[str]:
    yield from conditions.not_known(statement.get("Condition", {}))
    if "NotPrincipal" in statement and statement["Effect"] == "Allow":
        yield "AWS does not support NotPrincipal with Allow"  # IAM User Guide, NotPrincipal
    if "${" in json.dumps(statement):
        yield "the sandbox does not evaluate policy variables (${...})"
