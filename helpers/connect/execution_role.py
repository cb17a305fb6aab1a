"""The execution role, which SageMaker assumes to run an endpoint: which one it is, and whether it will do."""

import re
from contextlib import suppress
from typing import Protocol

from botocore.exceptions import ClientError

from ..errors import NotPermitted, Throttled
from . import studio
from .aws_errors import explained
from .roles import EXECUTION_ROLE, MAKE_ROLES, Clients, find_role, trouble


class Connected(Clients, Protocol):
    """A connection that may have been given an execution role; `session.Session` is one."""

    given_role_arn: str | None


def usable(session: Connected) -> str:
    """Return the execution role's ARN; raise NotPermitted, with the cure, if SageMaker can't assume it.

    Where that can't be told, as IAM may not be asked, the role is taken as it is: CreateModel will tell.
    """
    arn = find(session)
    try:
        found = trouble(session, arn)
    except (NotPermitted, Throttled, ClientError):
        return arn
    if found is None or not found.sure:
        return arn
    raise NotPermitted(f"SageMaker can't run an endpoint: {found.why}. {found.cure}")


def find(session: Connected) -> str:
    """Return the ARN of `connect`'s role, else of Studio's, the stack's, or the role you are signed in with.

    Raises NotPermitted, with what to do, where there is none.
    """
    return session.given_role_arn or studio.role() or _of_the_stack(session) or _signed_in(session)


def _of_the_stack(session: Clients) -> str | None:
    with suppress(NotPermitted, Throttled, ClientError):
        role = find_role(session, EXECUTION_ROLE)
        return str(role["Arn"]) if role else None
    return None


def _signed_in(session: Clients) -> str:
    caller = caller_arn(session)
    found = role_of(session, caller)
    if found is None:
        raise NotPermitted(
            f"There is no execution role: you are signed in as {caller}, which is not a role, and SageMaker "
            f"needs one to run an endpoint with. {MAKE_ROLES}; or pass yours: connect(..., role_arn=...)"
        )
    return found


def caller_arn(session: Clients) -> str:
    """Return who you are signed in as. Raises NotConnected where AWS can't be asked."""
    with explained("ask AWS who you are"):
        return str(session.client("sts").get_caller_identity()["Arn"])


def role_of(session: Clients, caller: str) -> str | None:
    """Return the ARN of the role that a caller has assumed, None if the caller is no role.

    A caller's ARN lacks the role's path: IAM knows it, and without iam:GetRole the usual one is taken.
    """
    assumed = re.fullmatch(r"arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.*", caller)
    if assumed is None:
        return None
    partition, account, name = assumed.groups()
    with suppress(NotPermitted, Throttled, ClientError):
        role = find_role(session, name)
        if role is not None:
            return str(role["Arn"])
    path = "aws-reserved/sso.amazonaws.com/" if name.startswith("AWSReservedSSO_") else ""
    return f"arn:{partition}:iam::{account}:role/{path}{name}"
