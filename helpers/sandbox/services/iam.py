"""The account's IAM roles, stored by moto, and which services may assume them."""

import json
from fnmatch import fnmatchcase
from typing import Any

from ..settings import ACCOUNT, ROLE_ARN, ROLE_NAME, ROLE_PATH

SAGEMAKER, SCHEDULER = "sagemaker.amazonaws.com", "scheduler.amazonaws.com"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": SAGEMAKER}, "Action": "sts:AssumeRole"}],
}


class Roles:
    """The account's roles: until `connect` only the execution role, as others are created through moto."""

    def __init__(self) -> None:
        self._iam: Any = None

    def connect(self) -> None:
        """Create the execution role in moto's IAM and use its roles from now on (importing takes 1 s)."""
        from moto.backends import get_backend

        self._iam = get_backend("iam")[ACCOUNT]["aws"]
        self._iam.create_role(
            role_name=ROLE_NAME,
            assume_role_policy_document=json.dumps(_TRUST),
            path=ROLE_PATH,
            permissions_boundary=None,
            description="What SageMaker may do on your behalf while it runs your endpoint.",
            tags=[],
            max_session_duration="3600",
        )

    def may_assume(self, arn: str, principal: str, source: str = "") -> bool:
        """Tell whether the role exists and its trust policy names the service.

        `source` is the ARN of what the service acts for, which conditions may name; without it they are not
        looked at.
        """
        if self._iam is None:
            return (arn, principal) == (ROLE_ARN, SAGEMAKER)
        policies = [
            role.assume_role_policy_document for role in list(self._iam.get_roles()) if role.arn == arn
        ]
        return any(_trusts(json.loads(policy), principal, source) for policy in policies)


def _trusts(policy: dict[str, Any], principal: str, source: str) -> bool:
    return any(
        statement.get("Effect") == "Allow"
        and "sts:AssumeRole" in _listed(statement.get("Action"))
        and principal in _listed((statement.get("Principal") or {}).get("Service"))
        and (not source or _holds(statement.get("Condition") or {}, source))
        for statement in _listed(policy.get("Statement"))
    )


def _holds(condition: dict[str, Any], source: str) -> bool:
    """Tell whether a condition on aws:SourceArn and aws:SourceAccount holds; any other does not."""
    known = {"aws:sourcearn": source, "aws:sourceaccount": ACCOUNT}
    return all(
        any(_compared(operator, known.get(key.lower(), ""), str(value)) for value in _listed(values))
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _compared(operator: str, value: str, wanted: str) -> bool:
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return fnmatchcase(value, wanted)
    return operator == "StringEquals" and value == wanted


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
