"""IAM's policy simulator: the requests that a statement of a policy is meant for, and those it denies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ..connect.roles import listed
from ..connect.session import Session

PASS_ROLE, PASSED_TO = "iam:PassRole", "iam:PassedToService"
EXAMPLE = "cohere-on-sagemaker"  # in place of a pattern's *


@dataclass(frozen=True)
class Case:
    """Actions on resources in one context, as SimulatePrincipalPolicy takes them."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: Mapping[str, str]


def cases(session: Session, statement: Mapping[str, Any], passed: Mapping[str, str]) -> Iterator[Case]:
    """Yield what a statement allows: for each value of its conditions, with its patterns filled in.

    `passed` has, by service, the role that is passed to it: of roles only these matter.
    """
    resources = tuple(_filled(session, each) for each in listed(statement["Resource"]))
    actions = tuple(listed(statement["Action"]))
    for context in _contexts(statement.get("Condition", {})):
        role = passed.get(context.get(PASSED_TO, ""))
        yield Case(actions, (role,) if role and actions == (PASS_ROLE,) else resources, context)


def denied(session: Session, principal: str, case: Case) -> Iterator[str]:
    """Yield the actions that the principal may not take; a role that may not be passed is named."""
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in case.context.items()
    ]
    pages = (
        session.client("iam")
        .get_paginator("simulate_principal_policy")
        .paginate(
            PolicySourceArn=principal,
            ActionNames=list(case.actions),
            ResourceArns=list(case.resources),
            ContextEntries=entries,
        )
    )
    for result in (each for page in pages for each in page["EvaluationResults"]):
        if result["EvalDecision"] != "allowed":
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
