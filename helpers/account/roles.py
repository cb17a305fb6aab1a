"""The two roles: the one that SageMaker runs the endpoint with, and the one that deletes it in the end."""

from ..connect.execution_role import find
from ..connect.roles import DEADLINE_ROLE, MAKE_ROLES, SCHEDULER, find_role, trouble, trust_command, trusts
from ..connect.session import Session
from ..errors import NotPermitted
from .table import Row, looked, missing_permission


@looked("execution role", "iam")
def execution_role(session: Session) -> Row:
    """Return whether SageMaker can assume the execution role."""
    arn = found_role(session)
    if arn is None:
        return Row("execution role", "not ready", "there is none: you are signed in as no role", MAKE_ROLES)
    found = trouble(session, arn)
    if found is None:
        return Row("execution role", "ready", f"{arn} trusts SageMaker")
    return Row("execution role", "not ready", found.why, found.cure)


@looked("deadline's role", "iam")
def deadline_role(session: Session) -> Row:
    """Return whether EventBridge Scheduler can assume the deadline's role, or else the execution role."""
    own = find_role(session, DEADLINE_ROLE)
    if own is not None and trusts(own, SCHEDULER):
        return Row("deadline's role", "ready", f"{own['Arn']} trusts EventBridge Scheduler")
    if own is not None:
        why = f"{own['Arn']} does not trust {SCHEDULER}"
        return Row("deadline's role", "not ready", why, trust_command(own, SCHEDULER))
    arn = found_role(session)
    found = trouble(session, arn, SCHEDULER) if arn else None
    if arn and found is None:
        return Row("deadline's role", "ready", f"the execution role {arn} trusts EventBridge Scheduler too")
    why = f"there is no role {DEADLINE_ROLE}, and {found.why if found else 'no execution role either'}"
    return Row("deadline's role", "not ready", why, MAKE_ROLES)


def found_deadline_role(session: Session) -> str | None:
    """Return the ARN of the role that a deadline will have; None where there is none."""
    own = find_role(session, DEADLINE_ROLE)
    return str(own["Arn"]) if own else found_role(session)


def found_role(session: Session) -> str | None:
    """Return the execution role's ARN; None where there is none."""
    try:
        return find(session)
    except NotPermitted as error:
        if missing_permission(error, "iam"):
            raise
        return None
