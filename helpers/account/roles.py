"""The two roles: the one that SageMaker runs the endpoint with, and the one that deletes it in the end."""

from ..connect.execution_role import find
from ..connect.roles import DEADLINE_ROLE, MAKE_ROLES, Trouble, distrust, find_role, trouble
from ..connect.session import Session
from ..connect.trust import SCHEDULER
from ..deploy.deletion import DELETE, lacking
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
    return _row("execution role", found)


@looked("deadline's role", "iam")
def deadline_role(session: Session, endpoint_name: str) -> Row:
    """Return whether the deadline's role, or else the execution role, will delete the endpoint.

    EventBridge Scheduler has to be let assume it, and it has to have the permission.
    """
    own = find_role(session, DEADLINE_ROLE)
    arn = str(own["Arn"]) if own else found_role(session)
    found = (
        distrust(own, SCHEDULER, session.region) if own else trouble(session, arn, SCHEDULER) if arn else None
    )
    if arn is None or (found and found.sure and not own):
        why = f"there is no role {DEADLINE_ROLE}, and {found.why if found else 'no execution role either'}"
        return Row("deadline's role", "not ready", why, MAKE_ROLES)
    if found := found or lacking(session, arn, DELETE, endpoint_name):
        return _row("deadline's role", found)
    named = arn if own else f"the execution role {arn}"
    return Row("deadline's role", "ready", f"{named} trusts EventBridge Scheduler, and may delete endpoints")


def _row(what: str, found: Trouble) -> Row:
    return Row(what, "not ready" if found.sure else "can't tell", found.why, found.cure)


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
