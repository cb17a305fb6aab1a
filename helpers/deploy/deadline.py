"""The deadline of an endpoint: when AWS deletes it by itself, even if nobody runs 06_clean_up.

A schedule of EventBridge Scheduler calls SageMaker's DeleteEndpoint, from the deadline on and for some hours
(`schedule.WINDOW`), until the endpoint is gone. The endpoint need not exist yet, so the deadline can be set
before the first cent is spent. Configuration and model stay; they cost nothing.

The schedule knows the endpoint by its name. So `deploy` sets the deadline anew, or takes it back, before it
creates an endpoint, and 06_clean_up removes it. What is made under the name by other means, while an old
schedule still stands (from a deploy that was killed, or after a deletion in the console), is deleted too,
unless the role may not: that of data/account.yaml may only delete endpoints with this tutorial's tag.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError

from ..connect.aws_errors import explained, if_there
from ..connect.consent import is_amount, refusal
from ..connect.roles import DEADLINE_ROLE, Trouble, find_role, trouble
from ..connect.session import Session
from ..connect.trust import GROUP, SCHEDULER
from ..errors import NotOurs, NotPermitted
from . import schedule
from .deletion import DELETE, END_SCALING, check_permission
from .endpoint import TAG, check_name

MOST_HOURS = 24 * 365
HOURS_RULE = f"more than 0 and at most {MOST_HOURS} hours, or None: no deadline"
# AWS knows a trust policy that was just edited after some seconds.
PAUSES = (2.0, 4.0, 8.0, 16.0)
PROOF = "proof.of-deadline"  # no endpoint can have this name, as it has a dot


def check_hours(name: str, hours: object) -> float | None:
    """Return `hours`; raise BadInput unless it is more than 0 and at most a year, or None (no deadline)."""
    if not is_hours(hours):
        raise refusal(name, hours, HOURS_RULE)
    return hours  # type: ignore[return-value]


def is_hours(hours: object) -> bool:
    """Return whether `hours` is more than 0 and at most a year, or None (no deadline)."""
    return hours is None or (is_amount(hours) and 0 < hours <= MOST_HOURS)  # type: ignore[operator]


def set_deadline(
    session: Session,
    endpoint_name: str,
    hours: float | None,
    *,
    tell: Callable[[str], object] = print,
    sleep: Callable[[float], object] = time.sleep,
) -> datetime | None:
    """Have AWS delete the endpoint in `hours` (up to a year), replacing any deadline before; None: never.

    Returns that time, by AWS's clock, or None where it took the deadline back. Raises NotPermitted, with what
    to do, if the role (`deadline_role`) may not delete the endpoint (where that can't be told, `tell` says
    so), or does not let the scheduler assume it; one whose trust was just edited is tried again for half a
    minute. Raises BadInput for other hours, NotOurs for an endpoint that this tutorial has not made.
    """
    check_name(endpoint_name)
    if (checked := check_hours("hours", hours)) is None:
        clear_deadline(session, endpoint_name)
        return None
    _check_ours(session, endpoint_name)
    scheduler, role_arn = session.client("scheduler"), deadline_role(session)
    check_permission(session, role_arn, DELETE, endpoint_name, tell)
    with explained(f"set a deadline for {endpoint_name!r}"):
        now = _time_of(schedule.make_group(scheduler))
        moment = (now + timedelta(hours=checked)).replace(microsecond=0)
        _put(session, schedule.written(endpoint_name, moment, role_arn), sleep)
    return moment


def prove_deadline(
    session: Session,
    *,
    tell: Callable[[str], object] = print,
    sleep: Callable[[float], object] = time.sleep,
) -> str:
    """Prove that a deadline can be set: store a schedule that never runs, and take it back; return its role.

    It writes to the account, and costs nothing. Raises NotPermitted as `set_deadline` does: for want of a
    permission of yours, or of the role's, or of the role's trust.
    """
    scheduler, role_arn = session.client("scheduler"), deadline_role(session)
    check_permission(session, role_arn, DELETE, GROUP, tell)
    with explained("prove that a deadline can be set"):
        moment = _time_of(schedule.make_group(scheduler)) + timedelta(days=1)
        try:
            _put(session, {**schedule.written(PROOF, moment, role_arn), "State": "DISABLED"}, sleep)
        finally:
            clear_deadline(session, PROOF)
    return role_arn


def deadline_role(session: Session) -> str:
    """Return the ARN of the role that deletes: data/account.yaml's, or without it the execution role."""
    try:
        found = find_role(session, DEADLINE_ROLE)
    except NotPermitted:
        found = None
    return str(found["Arn"]) if found else session.role_arn


def renew_deadline(
    session: Session, endpoint_name: str, hours: float | None, tell: Callable[[str], object]
) -> None:
    """Set the deadline of an existing endpoint; where that is not possible, `tell` why and go on.

    The endpoint runs and costs either way, so whoever attaches to it has to know what ends it. A deadline
    found for somebody else's endpoint is taken back: it would delete what is not ours.
    """
    try:
        moment = set_deadline(session, endpoint_name, hours, tell=tell)
    except NotPermitted as error:
        tell(f"{in_words(session, endpoint_name, None)} {error}")
    except NotOurs as error:
        clear_deadline(session, endpoint_name)  # set for an endpoint that was never created
        tell(f"{in_words(session, endpoint_name, None)} {error}")
    else:
        tell(in_words(session, endpoint_name, moment))


def in_words(session: Session, endpoint_name: str, moment: datetime | None) -> str:
    """Say in a sentence what ends the endpoint: `moment`, the deadline just set, or (None) what is known."""
    if moment is not None:
        return f"{endpoint_name}: AWS deletes it by itself at {moment:%Y-%m-%d %H:%M} UTC."
    try:
        old = find_deadline(session, endpoint_name)
    except NotPermitted:
        return f"{endpoint_name}: no deadline was set, and whether it has an old one could not be told."
    if old is not None:
        return f"{endpoint_name}: no deadline was set; an old one stays, {old:%Y-%m-%d %H:%M} UTC."
    return f"{endpoint_name} has no deadline: it runs, and bills, until you delete it."


def find_deadline(session: Session, endpoint_name: str) -> datetime | None:
    """Return when AWS deletes, or began to try to delete, the endpoint; None if no deadline is set."""
    found = _find_schedule(session, endpoint_name)
    return schedule.moment_of(found) if found else None


def check_may_end_scaling(session: Session, endpoint_name: str, tell: Callable[[str], object]) -> None:
    """Raise NotPermitted, with the cure, if the deadline's role may not end an endpoint that scales.

    An endpoint without a deadline passes; where it can't be told, `tell` why and go on.
    """
    try:
        found = _find_schedule(session, endpoint_name)
    except NotPermitted as error:
        tell(f"{endpoint_name}: whether its deadline would end it while it scales can't be told: {error}")
    else:
        if found is not None:
            check_permission(session, found["Target"]["RoleArn"], END_SCALING, endpoint_name, tell)


def _find_schedule(session: Session, endpoint_name: str) -> dict[str, Any] | None:
    check_name(endpoint_name)
    with explained(f"look for the deadline of {endpoint_name!r}"):
        return if_there(session.client("scheduler").get_schedule, GroupName=GROUP, Name=endpoint_name)


def deadlines(session: Session) -> dict[str, datetime]:
    """Return the deadlines of this region by endpoint name, also of endpoints that are gone."""
    with explained("list the deadlines"):
        stored = list(schedule.stored(session.client("scheduler")))
    found = {each["Name"]: schedule.moment_of(each) for each in stored if each["Name"] != PROOF}
    return {name: moment for name, moment in found.items() if moment is not None}


def clear_deadline(session: Session, endpoint_name: str) -> bool:
    """Remove the deadline; return False if there was none, or if you may not use the scheduler at all."""
    if endpoint_name != PROOF:
        check_name(endpoint_name)
    scheduler = session.client("scheduler")
    with suppress(NotPermitted), explained(f"take back the deadline of {endpoint_name!r}"):
        return if_there(scheduler.delete_schedule, GroupName=GROUP, Name=endpoint_name) is not None
    return False


def _put(session: Session, wanted: dict[str, Any], sleep: Callable[[float], object]) -> None:
    """Store the schedule; while AWS does not yet know that its role may be assumed, try again."""
    for pause in (*PAUSES, None):
        try:
            return schedule.put(session.client("scheduler"), wanted)
        except ClientError as error:
            if "to assume the role" not in error.response["Error"]["Message"]:
                raise
            role_arn = wanted["Target"]["RoleArn"]
            found = _distrust(session, role_arn)
            if pause is None or (found and found.sure):
                raise _untrusting(role_arn, found) from error
        sleep(pause)
    return None


def _distrust(session: Session, role_arn: str) -> Trouble | None:
    """Return why the role does not trust the scheduler; None if IAM says it does, or may not be asked."""
    try:
        return trouble(session, role_arn, SCHEDULER)
    except NotPermitted:
        return None


def _untrusting(role_arn: str, found: Trouble | None) -> NotPermitted:
    mend = (
        "Make one that does: set_up_account = True in 02_deploy, or the README's one command (On your own "
        "AWS account)."
    )
    if found and found.sure and role_arn.endswith(f"/{DEADLINE_ROLE}"):  # the stack makes only what lacks
        mend = f"{found.why}. {found.cure}"
    return NotPermitted(
        f"No deadline was set: the role {role_arn} does not let EventBridge Scheduler assume it. Go without "
        f"one (delete_after_hours = None), or mend that. {mend}"
    )


def _time_of(answer: dict[str, Any]) -> datetime:
    """Return AWS's time of an answer, as the clock here may be wrong; the time here if it has none."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    if "date" not in headers:
        return datetime.now(UTC)
    return parsedate_to_datetime(headers["date"]).astimezone(UTC)


def _check_ours(session: Session, endpoint_name: str) -> None:
    sagemaker = session.client("sagemaker")
    with explained(f"look at the endpoint {endpoint_name!r}"):
        found = if_there(sagemaker.describe_endpoint, EndpointName=endpoint_name)
        if found and TAG not in sagemaker.list_tags(ResourceArn=found["EndpointArn"])["Tags"]:
            raise NotOurs(f"This tutorial has not made {endpoint_name!r}: it sets no deadline for it.")
