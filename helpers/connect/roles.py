"""IAM roles: the names that the tutorial's stack gives, whom a role trusts, and what is wrong with one."""

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .aws_errors import explained, if_there

EXECUTION_ROLE = "cohere-on-sagemaker-execution"
DEADLINE_ROLE = "cohere-on-sagemaker-deadline"
SAGEMAKER, SCHEDULER = "sagemaker.amazonaws.com", "scheduler.amazonaws.com"
STACK = (
    "aws cloudformation deploy --template-file data/account.yaml --stack-name cohere-on-sagemaker "
    "--capabilities CAPABILITY_NAMED_IAM"
)
MAKE_ROLES = f"Make the tutorial's roles, which are then found by their names: {STACK}"


class Clients(Protocol):
    """What gives boto3's clients; `session.Session` does."""

    def client(self, service: str) -> Any:
        """Return the client of an AWS service."""
        ...


@dataclass(frozen=True)
class Trouble:
    """Why a service can't assume a role, and what to do about it: a line each."""

    why: str
    cure: str


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
        and "sts:AssumeRole" in listed(statement.get("Action"))
        and service in _services(statement.get("Principal"))
        for statement in listed(policy.get("Statement"))
    )


def find_role(session: Clients, name: str) -> dict[str, Any] | None:
    """Return the account's role of that name (or ARN) as GetRole describes it, or None.

    Raises NotPermitted without iam:GetRole.
    """
    with explained(f"look up the role {name}"):
        found = if_there(session.client("iam").get_role, RoleName=name.rpartition("/")[2])
    return dict(found["Role"]) if found else None


def trouble(session: Clients, role_arn: str, service: str = SAGEMAKER) -> Trouble | None:
    """Return why `service` can't assume the role; None if it can. Raises NotPermitted without iam:GetRole."""
    if is_reserved(role_arn):
        return Trouble(f"{role_arn} is reserved, so no service can assume it", MAKE_ROLES)
    role = find_role(session, role_arn)
    if role is None:
        return Trouble(f"there is no role {role_arn}", MAKE_ROLES)
    if role["Arn"] != role_arn:
        return Trouble(f"there is no role {role_arn}, but {role['Arn']}", f"role_arn = {role['Arn']!r}")
    if not trusts(role, service):
        return Trouble(f"{role_arn} does not trust {service}", trust_command(role, service))
    return None


def trust_command(role: Mapping[str, Any], service: str) -> str:
    """Return the command that lets a service assume the role, beside whom it trusts already."""
    policy = role.get("AssumeRolePolicyDocument") or {"Version": "2012-10-17"}
    added = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({**policy, "Statement": [*listed(policy.get("Statement")), added]})
    name = shlex.quote(role["RoleName"])
    return f"aws iam update-assume-role-policy --role-name {name} --policy-document {shlex.quote(document)}"


def _services(principal: Any) -> Iterable[Any]:
    return listed(principal.get("Service")) if isinstance(principal, dict) else ()


def listed(value: Any) -> list[Any]:
    """Return a policy's element as a list: it may be one, a single value, or left out."""
    return value if isinstance(value, list) else [] if value is None else [value]
