"""The deadline of an endpoint: when AWS deletes it by itself, even if nobody runs 06_clean_up.

A one-off schedule of EventBridge Scheduler calls SageMaker's DeleteEndpoint. The endpoint need not exist yet,
so the deadline can be set before the first cent is spent. Configuration and model stay; they cost nothing.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from ..connect.aws_errors import explained, if_there
from ..connect.session import Session
from ..consent import is_amount, refusal
from ..errors import NotOurs, NotPermitted
from .endpoint import TAG, check_name

GROUP = "cohere-on-sagemaker"  # keeps our schedules apart from those of other programs
TARGET = "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint"
MOST_HOURS = 24 * 365
HOURS_RULE = f"more than 0 and at most {MOST_HOURS} hours, or None: no deadline"


def check_hours(name: str, hours: object) -> float | None:
    """Return `hours`; raise BadInput unless it is more than 0 and at most a year, or None (no deadline)."""
    if not is_hours(hours):
        raise refusal(name, hours, HOURS_RULE)
    return hours  # type: ignore[return-value]


def is_hours(hours: object) -> bool:
    """Return whether `hours` is more than 0 and at most a year, or None (no deadline)."""
    return hours is None or (is_amount(hours) and 0 < hours <= MOST_HOURS)  # type: ignore[operator]


def set_deadline(session: Session, endpoint_name: str, hours: float | None) -> datetime | None:
    """Have AWS delete the endpoint in `hours` (up to a year), replacing any deadline before; None: never.

    Returns that time, or None where it took the deadline back. The execution role must trust
    scheduler.amazonaws.com and allow sagemaker:DeleteEndpoint, or NotPermitted is raised and says how to
    mend it. Raises BadInput for other hours, NotOurs for an endpoint that this tutorial has not made.
    """
    check_name(endpoint_name)
    if (checked := check_hours("hours", hours)) is None:
        clear_deadline(session, endpoint_name)
        return None
    _check_ours(session, endpoint_name)
    moment = (datetime.now(UTC) + timedelta(hours=checked)).replace(microsecond=0)
    scheduler = session.client("scheduler")
    with explained(f"set a deadline for {endpoint_name!r}"):
        _make_group(scheduler)
        schedule = _schedule(session, endpoint_name, moment)
        try:
            known = if_there(scheduler.get_schedule, GroupName=GROUP, Name=endpoint_name)
            (scheduler.create_schedule if known is None else scheduler.update_schedule)(**schedule)
        except ClientError as error:
            if "to assume the role" not in error.response["Error"]["Message"]:
                raise
            raise NotPermitted(
                f"No deadline was set: the role {session.role_arn} does not trust EventBridge Scheduler. In "
                f'IAM, add "scheduler.amazonaws.com" beside "sagemaker.amazonaws.com" to its trust policy '
                f"(README, On AWS), or go without a deadline: delete_after_hours = None."
            ) from error
    return moment


def renew_deadline(
    session: Session, endpoint_name: str, hours: float | None, tell: Callable[[str], object]
) -> None:
    """Set the deadline of an existing endpoint; where that is not possible, `tell` why and go on.

    The endpoint runs and costs either way, so whoever attaches to it has to know what ends it. A deadline
    found for somebody else's endpoint is taken back: it would delete what is not ours.
    """
    try:
        moment = set_deadline(session, endpoint_name, hours)
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
    """Return when AWS will delete the endpoint; None if no deadline is set."""
    check_name(endpoint_name)
    with explained(f"look for the deadline of {endpoint_name!r}"):
        found = if_there(session.client("scheduler").get_schedule, GroupName=GROUP, Name=endpoint_name)
    if found is None:
        return None
    return datetime.fromisoformat(found["ScheduleExpression"][len("at(") : -1]).replace(tzinfo=UTC)


def clear_deadline(session: Session, endpoint_name: str) -> bool:
    """Remove the deadline; return False if there was none, or if you may not use the scheduler at all."""
    check_name(endpoint_name)
    scheduler = session.client("scheduler")
    with suppress(NotPermitted), explained(f"take back the deadline of {endpoint_name!r}"):
        return if_there(scheduler.delete_schedule, GroupName=GROUP, Name=endpoint_name) is not None
    return False


def _schedule(session: Session, endpoint_name: str, moment: datetime) -> dict[str, Any]:
    return {
        "GroupName": GROUP,
        "Name": endpoint_name,
        "ScheduleExpression": f"at({moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": TARGET,
            "RoleArn": session.role_arn,
            "Input": json.dumps({"EndpointName": endpoint_name}),
        },
    }


def _make_group(scheduler: Any) -> None:
    """Create the schedules' group unless there is one; another notebook may do so at this moment."""
    if if_there(scheduler.get_schedule_group, Name=GROUP) is not None:
        return
    try:
        scheduler.create_schedule_group(Name=GROUP, Tags=[TAG])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConflictException":
            raise


def _check_ours(session: Session, endpoint_name: str) -> None:
    sagemaker = session.client("sagemaker")
    with explained(f"look at the endpoint {endpoint_name!r}"):
        found = if_there(sagemaker.describe_endpoint, EndpointName=endpoint_name)
        if found and TAG not in sagemaker.list_tags(ResourceArn=found["EndpointArn"])["Tags"]:
            raise NotOurs(f"This tutorial has not made {endpoint_name!r}: it sets no deadline for it.")
