"""A time at which AWS deletes an endpoint by itself, even if nobody is there to run 06_clean_up.

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

GROUP = "cohere-on-sagemaker"  # of schedules: those of other programs have other groups
TARGET = "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint"
MOST_HOURS = 24 * 365
HOURS_RULE = f"more than 0 and at most {MOST_HOURS} hours, or None: no deadline"


def check_hours(name: str, hours: object) -> float | None:
    """Return `hours` if more than 0 and at most a year, or None for no deadline; raises BadInput if not."""
    if not is_hours(hours):
        raise refusal(name, hours, HOURS_RULE)
    return hours  # type: ignore[return-value]


def is_hours(hours: object) -> bool:
    """Whether a deadline can be so far away; None, no deadline, is one of them."""
    return hours is None or (is_amount(hours) and 0 < hours <= MOST_HOURS)  # type: ignore[operator]


def set_deadline(session: Session, endpoint_name: str, hours: float | None) -> datetime | None:
    """Have AWS delete the endpoint `hours` from now (up to a year); again: at another time; None: never.

    Returns the time; with None, which takes back what was set, None. The execution role must trust
    scheduler.amazonaws.com and may sagemaker:DeleteEndpoint; NotPermitted says how. Raises BadInput for hours
    that can't be, NotOurs for an endpoint that this tutorial has not made.
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
    """Set the deadline of an endpoint that is there already; where that can't be, tell so and go on.

    The endpoint runs and bills either way, so whoever attaches to it has to know what ends it. A deadline
    that is found for an endpoint of somebody else's is taken back: it would delete what is not ours.
    """
    try:
        moment = set_deadline(session, endpoint_name, hours)
    except NotPermitted as error:
        tell(f"{in_words(session, endpoint_name, None)} {error}")
    except NotOurs as error:
        clear_deadline(session, endpoint_name)  # of an endpoint that was to have this name and never came
        tell(f"{in_words(session, endpoint_name, None)} {error}")
    else:
        tell(in_words(session, endpoint_name, moment))


def in_words(session: Session, endpoint_name: str, moment: datetime | None) -> str:
    """One sentence on what ends the endpoint: the deadline just set, or (None) what else is known."""
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
    """When AWS will delete the endpoint; None if nothing is set."""
    check_name(endpoint_name)
    with explained(f"look for the deadline of {endpoint_name!r}"):
        found = if_there(session.client("scheduler").get_schedule, GroupName=GROUP, Name=endpoint_name)
    if found is None:
        return None
    return datetime.fromisoformat(found["ScheduleExpression"][len("at(") : -1]).replace(tzinfo=UTC)


def clear_deadline(session: Session, endpoint_name: str) -> bool:
    """Take the deadline back; False if there was none, or if you may not use the scheduler at all."""
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
