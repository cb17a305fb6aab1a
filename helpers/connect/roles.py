"""IAM roles: the names that the tutorial's stack gives, and whom a role trusts."""

from collections.abc import Iterable, Mapping
from typing import Any

EXECUTION_ROLE = "cohere-on-sagemaker-execution"
DEADLINE_ROLE = "cohere-on-sagemaker-deadline"
SAGEMAKER, SCHEDULER = "sagemaker.amazonaws.com", "scheduler.amazonaws.com"


def is_reserved(role_arn: str) -> bool:
    """Return whether the role is AWS's own: no service can assume it, and nobody can change whom it trusts.

    Those of IAM Identity Center (`AWSReservedSSO_...`) are, and those of services (IAM User Guide).
    """
    path = role_arn.partition(":role/")[2]
    return path.startswith(("aws-reserved/", "aws-service-role/"))


def trusts(role: Mapping[str, Any], service: str) -> bool:
    """Return whether a role, as IAM's GetRole describes it, lets a service such as SAGEMAKER assume it."""
    policy = role.get("AssumeRolePolicyDocument") or {}
    return any(
        statement.get("Effect") == "Allow"
        and "sts:AssumeRole" in _listed(statement.get("Action"))
        and service in _services(statement.get("Principal"))
        for statement in _listed(policy.get("Statement"))
    )


def _services(principal: Any) -> Iterable[Any]:
    return _listed(principal.get("Service")) if isinstance(principal, dict) else ()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
