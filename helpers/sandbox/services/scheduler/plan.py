"""When a schedule calls its target: once, or again and again between two dates."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .checks import RATE, TARGET

_AGE = timedelta(hours=24)  # EventBridge Scheduler's default MaximumEventAgeInSeconds


@dataclass(frozen=True)
class Plan:
    """The calls of a schedule that deletes an endpoint: the `first`, then one after each `every`."""

    endpoint_name: str
    first: datetime
    every: timedelta | None = None
    end: datetime | None = None
    retried: timedelta = timedelta()  # how long a call that failed is tried again
    known: datetime | None = None  # when the schedule was written: nothing was called before

    def calls(self, since: datetime, now: datetime) -> list[datetime]:
        """Return the times of all calls after `since`, up to `now`, if each of them fails."""
        if self.known is not None and self.every is not None:
            since = max(since, self.known)
        planned = self._planned(since, now)
        last = self._last(now)
        if last is not None and last < now < last + self.retried and now not in planned:
            planned.append(now)
        return planned

    def is_over(self, now: datetime) -> bool:
        """Return whether the last call, and its last retry, are in the past."""
        if self.every is None:
            return self.first + self.retried <= now
        return self.end is not None and self.end + self.retried <= now

    def _last(self, now: datetime) -> datetime | None:
        """Return the last planned call up to `now`."""
        until = now if self.end is None else min(now, self.end - timedelta(microseconds=1))
        if until < self.first:
            return None
        return self.first if self.every is None else until - (until - self.first) % self.every

    def _planned(self, since: datetime, now: datetime) -> list[datetime]:
        found: list[datetime] = []
        moment = self._last(now)
        while moment is not None and moment > since and moment >= self.first:
            found.append(moment)
            moment = moment - self.every if self.every else None
        return found[::-1]


def plan_of(schedule: Any) -> Plan | None:
    """Return the plan of a schedule that deletes an endpoint and is enabled; None for any other.

    A rate is called first at StartDate, or at once without one. AWS says "on, or after" (CreateSchedule), so
    there it may also be one interval later.
    """
    state = schedule.state or "ENABLED"  # AWS's default; moto forgets it in UpdateSchedule
    if state != "ENABLED" or schedule.target.get("Arn") != TARGET:
        return None
    try:
        name = str(json.loads(schedule.target["Input"])["EndpointName"])
        retried = _retried(schedule.target.get("RetryPolicy") or {})
        text = str(schedule.schedule_expression)
        if at := re.fullmatch(r"at\((.+)\)", text):
            zone = ZoneInfo(schedule.schedule_expression_timezone)
            moment = datetime.fromisoformat(at[1]).replace(tzinfo=zone).astimezone(UTC)
            return Plan(name, moment, retried=retried)
        if rate := RATE.fullmatch(text):
            every = timedelta(**{f"{rate[2].rstrip('s')}s": int(rate[1])})
            known = _time(schedule.last_modified_date)
            first, end = _time(schedule.start_date) or known, _time(schedule.end_date)
            return None if first is None else Plan(name, first, every, end, retried, known)
    except (ValueError, LookupError, TypeError, OverflowError):  # ZoneInfoNotFoundError is a KeyError
        pass
    return None


def _retried(policy: dict[str, Any]) -> timedelta:
    if not policy.get("MaximumRetryAttempts", 185):
        return timedelta()
    # whether AWS tries again after a 400, as while an endpoint is Creating (not established)
    return timedelta(seconds=policy.get("MaximumEventAgeInSeconds", _AGE.total_seconds()))


def _time(value: Any) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(float(value), UTC)
