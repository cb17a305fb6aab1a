"""IAM roles: the names that the tutorial's stack gives, whom a role trusts, and what is wrong with one."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .aws_errors import explained, if_there
from .trust import SAGEMAKER, SCHEDULER, statements, trust

EXECUTION_ROLE = "cohere-on-sagemaker-execution"
DEADLINE_ROLE = "cohere-on-sagemaker-deadline"
STACK = (
    "aws cloudformation deploy --template-file data/account.yaml --stack-name cohere-on-sagemaker "
    "--capabilities CAPABILITY_NAMED_IAM"
)
MAKE_ROLES = f"Make the tutorial's roles, which are then found by their names: {STACK}"
WHO_TELLS = {
    SAGEMAKER: "CreateModel will tell, before anything costs",
    SCHEDULER: "try it out: prove_deadline(session), of helpers.deploy.deadline",
}


class Clients(Protocol):
    """What gives boto3's clients; `session.Session` does."""

    region: str

    def client(self, service: str) -> Any:
        """Return the client of an AWS service."""
        ...


@dataclass(frozen=True)
class Trouble:
    """Why a role will not do, and the cure, a line each; `sure` is False where it can't be told."""

    why: str
    cure: str
    sure: bool = True


def is_reserved(role_arn: str) -> bool:
    """Return whether the role is AWS's own: no service can assume it, and nobody can change whom it trusts.

    Those of IAM Identity Center (`AWSReservedSSO_...`) are, and those of services (IAM User Guide).
    """
    path = role_arn.partition(":role/")[2]
    return path.startswith(("aws-reserved/", "aws-service-role/"))


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
    return distrust(role, service, session.region)


def distrust(role: Mapping[str, Any], service: str, region: str) -> Trouble | None:
    """Return why a role, as GetRole describes it, does not let the service assume it; None if it does."""
    found, arn = trust(role, service, region), role["Arn"]
    if found.effect == "allowed":
        return None
    if found.effect == "unknown":
        return Trouble(
            f"whether {arn} trusts {service} can't be told: {found}", WHO_TELLS[service], sure=False
        )
    command = _trust_command(role, service, region, found.statements)
    if found.effect == "explicitDeny":
        why = f"{arn} does not trust {service}: its trust policy denies it, by {found}"
        return Trouble(why, f"take that statement out of its trust policy: {command}")
    but = f": the condition does not hold of {found}" if found.statements else ""
    return Trouble(f"{arn} does not trust {service}{but}", command)


def _trust_command(
    role: Mapping[str, Any], service: str, region: str, decisive: Sequence[Mapping[str, Any]]
) -> str:
    """Return the command that lets a service assume the role, beside whom it trusts already."""
    kept = [each for each in statements(role) if each.get("Effect") != "Deny" or each not in decisive]
    policy = {**(role.get("AssumeRolePolicyDocument") or {"Version": "2012-10-17"}), "Statement": kept}
    if trust({**role, "AssumeRolePolicyDocument": policy}, service, region).effect == "implicitDeny":
        kept.append({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})
    name, document = shlex.quote(role["RoleName"]), shlex.quote(json.dumps(policy))
    return f"aws iam update-assume-role-policy --role-name {name} --policy-document {document}"
