"""Your permissions, as IAM's simulator tells them for each statement of data/iam-policy.json."""

import re
import shlex
from collections.abc import Iterable
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from ..catalog.data import document
from ..connect.aws_errors import explained
from ..connect.execution_role import role_of
from ..connect.roles import is_reserved
from ..connect.session import Session
from ..connect.trust import SAGEMAKER, SCHEDULER, listed
from ..errors import NotPermitted, Throttled
from .cases import PASS_ROLE, cases, denied_actions
from .roles import found_deadline_role, found_role
from .table import Row, looked

POLICY = "data/iam-policy.json"
# API_SimulatePrincipalPolicy, as botocore 1.44 has it. That of a session's own policies follows from it: an
# assumed role can't be named.
NOT_SEEN = "not seen by the simulator: policies of resources, resource control policies, session policies"


@looked("permissions", "iam")
def permissions(session: Session, caller: str) -> Row:
    """Return which actions of the tutorial's policy the caller lacks, and which roles it may not pass."""
    if caller.endswith(":root"):
        why = "the account's root user may do everything; better sign in as a role"
        return Row("permissions", "ready", why)
    principal = role_of(session, caller) or caller
    if not re.search(r":(role|user)/", principal):
        return Row("permissions", "can't tell", f"IAM's simulator takes users and roles, not {principal}")
    roles, statements = _passed(session), document("iam-policy")["Statement"]
    try:
        with explained("simulate your permissions"):
            every = [case for each in statements for case in cases(session, each, roles)]
            lacking = sorted(
                {action for case in every for action in denied_actions(session, principal, case)}
            )
    except ClientError:
        if session.spends_money:
            raise
        return Row("permissions", "can't tell", f"the sandbox does not simulate those of {principal}")
    if lacking:
        fix = _attach(principal, _unlisted(statements, roles.values()))
        return Row("permissions", "not ready", f"you lack {', '.join(lacking)}", fix)
    actions = {action for each in statements for action in listed(each["Action"])}
    return Row("permissions", "ready", f"all {len(actions)} actions of {POLICY} ({NOT_SEEN})")


def _passed(session: Session) -> dict[str, str]:
    """Return, by service, the role that will be passed to it; without iam:GetRole it may not be known."""
    passed = {}
    for service, look in ((SAGEMAKER, found_role), (SCHEDULER, found_deadline_role)):
        with suppress(NotPermitted, Throttled, ClientError):
            if arn := look(session):
                passed[service] = arn
    return passed


def _unlisted(statements: list[dict[str, Any]], roles: Iterable[str]) -> list[str]:
    """Return the roles that the tutorial's policy itself does not let anybody pass."""
    passing = [each for each in statements if PASS_ROLE in listed(each["Action"])]
    patterns = [pattern for each in passing for pattern in listed(each["Resource"])]
    return sorted({arn for arn in roles if not any(fnmatchcase(arn, pattern) for pattern in patterns)})


def _attach(principal: str, unlisted: list[str]) -> str:
    """Return how to give the principal the tutorial's policy; it is too long for a user's inline policy."""
    first = f"add {', '.join(unlisted)} to its statements on {PASS_ROLE}, then: " if unlisted else ""
    name = shlex.quote(principal.rpartition("/")[2])
    if is_reserved(principal):
        return f"{first}add {POLICY} to your permission set, in IAM Identity Center"
    if ":role/" in principal:
        return (
            f"{first}aws iam put-role-policy --role-name {name} --policy-name cohere-on-sagemaker "
            f"--policy-document file://{POLICY}"
        )
    made = f"arn:aws:iam::{principal.split(':')[4]}:policy/cohere-on-sagemaker"
    return (
        f"{first}aws iam create-policy --policy-name cohere-on-sagemaker "
        f"--policy-document file://{POLICY} && "
        f"aws iam attach-user-policy --user-name {name} --policy-arn {made}"
    )
