"""Your permissions, as IAM's simulator tells them for each statement of data/iam-policy.json."""

import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import zip_longest
from typing import Any

from botocore.exceptions import ClientError

from ..catalog.data import document
from ..connect.aws_errors import explained
from ..connect.execution_role import role_of
from ..connect.roles import is_reserved
from ..connect.session import Session
from .roles import found_role
from .table import Row, looked

POLICY = "data/iam-policy.json"
# API_SimulatePrincipalPolicy, as botocore 1.44 has it. That of a session's own policies follows from it: an
# assumed role can't be named.
NOT_SEEN = "not seen by the simulator: policies of resources, resource control policies, session policies"


@looked("permissions", "iam")
def permissions(session: Session, caller: str) -> Row:
    """Return which actions of the tutorial's policy the caller lacks."""
    if caller.endswith(":root"):
        return Row(
            "permissions", "ready", "the account's root user may do everything; better sign in as a role"
        )
    principal = role_of(session, caller) or caller
    if not re.search(r":(role|user)/", principal):
        return Row("permissions", "can't tell", f"IAM's simulator takes users and roles, not {principal}")
    statements, role = document("iam-policy")["Statement"], found_role(session) or ""
    try:
        with explained("simulate your permissions"):
            lacking = {a for each in statements for a in _lacking(session, principal, each, role)}
    except ClientError:
        if session.spends_money:
            raise
        return Row("permissions", "can't tell", f"the sandbox does not simulate those of {principal}")
    every = {action for each in statements for action in _listed(each["Action"])}
    if lacking:
        return Row("permissions", "not ready", f"you lack {', '.join(sorted(lacking))}", _attach(principal))
    return Row("permissions", "ready", f"all {len(every)} actions of {POLICY} ({NOT_SEEN})")


def _lacking(session: Session, principal: str, statement: dict[str, Any], role: str) -> Iterator[str]:
    """Yield the actions of a statement that the principal may not take, for any value of its conditions."""
    arns = [_resource(session, each, role) for each in _listed(statement["Resource"])]
    request = {"PolicySourceArn": principal, "ActionNames": _listed(statement["Action"])}
    request |= {"ResourceArns": arns} if arns != ["*"] else {}
    pages = session.client("iam").get_paginator("simulate_principal_policy")
    for context in _contexts(statement.get("Condition", {})):
        for page in pages.paginate(**request, ContextEntries=context):
            for result in page["EvaluationResults"]:
                if result["EvalDecision"] != "allowed":
                    yield result["EvalActionName"]


def _resource(session: Session, pattern: str, role: str) -> str:
    """Return a resource that a statement is meant for: the execution role, or the pattern filled in."""
    head, resource = pattern.split(":", 5)[:5], pattern.split(":", 5)[5:]
    if not resource:
        return pattern
    if role and fnmatchcase(role, pattern):
        return role
    filled = [
        part.replace("*", session.region if place == 3 else session.account)
        for place, part in enumerate(head)
    ]
    return ":".join([*filled, resource[0].replace("*", "cohere-on-sagemaker")])


def _contexts(condition: dict[str, dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return a request's context for each value that a condition allows, by StringEquals or StringLike."""
    allowed = [
        (key, [str(value) for value in _listed(values)])
        for operator, keys in condition.items()
        if operator.startswith(("StringEquals", "StringLike"))
        for key, values in keys.items()
    ]
    columns = zip_longest(*(values for _, values in allowed))
    contexts = [
        [_entry(key, value or values[-1]) for (key, values), value in zip(allowed, column, strict=True)]
        for column in columns
    ]
    return contexts or [[]]


def _entry(key: str, value: str) -> dict[str, Any]:
    filled = value.replace("*", "cohere-on-sagemaker")
    return {"ContextKeyName": key, "ContextKeyValues": [filled], "ContextKeyType": "string"}


def _attach(principal: str) -> str:
    """Return how to give the principal the tutorial's policy; it is too long for a user's inline policy."""
    name = shlex.quote(principal.rpartition("/")[2])
    if is_reserved(principal):
        return f"add {POLICY} to your permission set, in IAM Identity Center"
    if ":role/" in principal:
        return (
            f"aws iam put-role-policy --role-name {name} --policy-name cohere-on-sagemaker "
            f"--policy-document file://{POLICY}"
        )
    made = f"arn:aws:iam::{principal.split(':')[4]}:policy/cohere-on-sagemaker"
    return (
        f"aws iam create-policy --policy-name cohere-on-sagemaker --policy-document file://{POLICY} && "
        f"aws iam attach-user-policy --user-name {name} --policy-arn {made}"
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
