"""IAM's policy simulator: what it decides of actions on resources."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .roles import Clients


@dataclass(frozen=True)
class Case:
    """Actions on resources in one context, as SimulatePrincipalPolicy takes them."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: Mapping[str, str]


def denied(session: Clients, principal: str, case: Case) -> Iterator[Mapping[str, Any]]:
    """Yield the EvaluationResults of the actions that the principal, a user or role, may not take."""
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
            yield result
