"""The schedule of EventBridge Scheduler behind a deadline: how it is written, read and stored.

It does not call DeleteEndpoint once, but every 10 minutes for 4 hours from the deadline on (for the first
call AWS says "on, or after" the StartDate). SageMaker refuses the call while an
endpoint is Creating or Updating, it may be throttled, and a role that was edited takes minutes to work: one
call could fail, and the endpoint would run on. Four hours are longer than an endpoint may take to start (an
hour each for download and health check at most), and a call for an endpoint that is gone does nothing and
costs nothing. AWS's own retries of a call are off: a retry may come a day late, and would then delete an
endpoint that was deployed anew.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from ..connect.aws_errors import if_there
from ..connect.trust import GROUP
from .endpoint import TAG

TARGET = "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint"
EVERY = timedelta(minutes=10)
WINDOW = timedelta(hours=4)
TAKEN, GONE = "ConflictException", "ResourceNotFoundException"


def written(endpoint_name: str, moment: datetime, role_arn: str) -> dict[str, Any]:
    """Return the schedule that deletes the endpoint from `moment` on, as CreateSchedule takes it."""
    return {
        "GroupName": GROUP,
        "Name": endpoint_name,
        "ScheduleExpression": f"rate({EVERY // timedelta(minutes=1)} minutes)",
        "StartDate": moment,
        "EndDate": moment + WINDOW,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": TARGET,
            "RoleArn": role_arn,
            "Input": json.dumps({"EndpointName": endpoint_name}),
            "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
        },
    }


def moment_of(schedule: dict[str, Any]) -> datetime | None:
    """Return when a schedule first deletes, as GetSchedule describes it; None for one of another form.

    Earlier versions of this tutorial wrote one call, at(...).
    """
    expression = str(schedule.get("ScheduleExpression", ""))
    if expression.startswith("at("):
        return datetime.fromisoformat(expression[len("at(") : -1]).replace(tzinfo=UTC)
    start = schedule.get("StartDate")
    return start.astimezone(UTC) if isinstance(start, datetime) else None


def put(scheduler: Any, schedule: dict[str, Any]) -> None:
    """Create the schedule, or replace the one of its name; another notebook may do so at this moment."""
    named = {"GroupName": schedule["GroupName"], "Name": schedule["Name"]}
    operations = [scheduler.create_schedule, scheduler.update_schedule]
    if if_there(scheduler.get_schedule, **named) is not None:
        operations.reverse()
    try:
        operations[0](**schedule)
    except ClientError as error:
        if error.response["Error"]["Code"] not in (TAKEN, GONE):
            raise
        operations[1](**schedule)


def make_group(scheduler: Any) -> dict[str, Any]:
    """Create the schedules' group unless there is one; return AWS's answer to either."""
    if (found := if_there(scheduler.get_schedule_group, Name=GROUP)) is not None:
        return found
    try:
        return dict(scheduler.create_schedule_group(Name=GROUP, Tags=[TAG]))
    except ClientError as error:  # another notebook may do so at this moment
        if error.response["Error"]["Code"] != TAKEN:
            raise
        return {}


def stored(scheduler: Any) -> Iterator[dict[str, Any]]:
    """Yield each schedule of the group, as GetSchedule describes it."""
    try:
        for page in scheduler.get_paginator("list_schedules").paginate(GroupName=GROUP):
            for each in page["Schedules"]:
                if found := if_there(scheduler.get_schedule, GroupName=GROUP, Name=each["Name"]):
                    yield found
    except ClientError as error:
        if error.response["Error"]["Code"] != GONE:  # without the group there is no schedule
            raise
