"""EventBridge Scheduler's one-off schedules that delete endpoints: moto stores them, SageMaker runs them."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ..settings import ACCOUNT
from .iam import SCHEDULER, Roles

TARGET = "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint"
_TRIES_FOR = timedelta(hours=24)  # EventBridge Scheduler's default MaximumEventAgeInSeconds


@dataclass(frozen=True)
class Deletion:
    """A due schedule: the endpoint to delete, and the time that the schedule names."""

    endpoint_name: str
    moment: datetime
    schedule: Any


class Schedules:
    """The account's schedules; none before `connect`, as they are created through moto."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self._backends: Any = {}

    def connect(self) -> None:
        """Use moto's schedules from now on."""
        from moto.backends import get_backend

        self._backends = get_backend("scheduler")[ACCOUNT]

    def due(self, region: str, now: datetime) -> list[Deletion]:
        """Return the due deletions; each is due until `done`, for 24 hours at most, as AWS retries."""
        if region not in self._backends:
            return []
        groups = list(self._backends[region].schedule_groups.values())
        found = (_deletion(each) for group in groups for each in list(group.schedules.values()))
        return [
            each
            for each in found
            if each
            and timedelta() <= now - each.moment < _TRIES_FOR
            and self._roles.may_assume(each.schedule.target.get("RoleArn", ""), SCHEDULER)
        ]

    def done(self, region: str, deletion: Deletion) -> None:
        """Disable the schedule, or delete it if it asks for that after completion."""
        schedule = deletion.schedule
        schedule.state = "DISABLED"
        if schedule.action_after_completion == "DELETE":
            self._backends[region].schedule_groups[schedule.group_name].schedules.pop(schedule.name, None)


def _deletion(schedule: Any) -> Deletion | None:
    """Return the deletion that a schedule asks for, if it is a valid one; moto validates none."""
    at = re.fullmatch(r"at\((.+)\)", str(schedule.schedule_expression))
    state = schedule.state or "ENABLED"  # AWS's default; moto forgets it in UpdateSchedule
    if not at or state != "ENABLED" or schedule.target.get("Arn") != TARGET:
        return None
    try:
        zone = ZoneInfo(schedule.schedule_expression_timezone)
        moment = datetime.fromisoformat(at[1]).replace(tzinfo=zone).astimezone(UTC)
        return Deletion(str(json.loads(schedule.target["Input"])["EndpointName"]), moment, schedule)
    except (ValueError, LookupError, TypeError, OverflowError):  # ZoneInfoNotFoundError is a KeyError
        return None
