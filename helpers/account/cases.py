"""The requests that a statement of a policy is meant for, and those that IAM's simulator denies."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from ..connect.session import Session
from ..connect.simulation import Case, denied
from ..connect.trust import listed

PASS_ROLE, PASSED_TO = "iam:PassRole", "iam:PassedToService"
EXAMPLE = "cohere-on-sagemaker"  # in place of a pattern's *


def cases(session: Session, statement: Mapping[str, Any], passed: Mapping[str, str]) -> Iterator[Case]:
    """Yield what a statement allows: for each value of its conditions, with its patterns filled in.

    `passed` has, by service, the role that is passed to it: of roles only these matter.
    """
    resources = tuple(_filled(session, each) for each in listed(statement["Resource"]))
    actions = tuple(listed(statement["Action"]))
    for context in _contexts(statement.get("Condition", {})):
        role = passed.get(context.get(PASSED_TO, ""))
        yield Case(actions, (role,) if role and actions == (PASS_ROLE,) else resources, context)


def denied_actions(session: Session, principal: str, case: Case) -> Iterator[str]:
    """Yield the actions that the principal may not take; a role that may not be passed is named."""
    for result in denied(session, principal, case):
        action = str(result["EvalActionName"])
        yield f"{action} of {case.resources[0]}" if action == PASS_ROLE else action


def _filled(session: Session, pattern: str) -> str:
    """Return a resource that the pattern matches, in your account and region."""
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        return pattern
    own = {3: session.region, 4: session.account}
    return ":".join(part.replace("*", own.get(place, EXAMPLE)) for place, part in enumerate(parts))


def _contexts(condition: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return a request's context for each value that a condition allows, by StringEquals or StringLike."""
    allowed = {
        key: [str(value).replace("*", EXAMPLE) for value in listed(values)]
        for operator, keys in condition.items()
        if operator.startswith(("StringEquals", "StringLike"))
        for key, values in keys.items()
    }
    return [
        {
            key: allowed[key][-1] if value is None else value
            for key, value in zip(allowed, column, strict=True)
        }
        for column in zip_longest(*allowed.values())
    ] or [{}]
