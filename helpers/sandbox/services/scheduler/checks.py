"""What AWS refuses in CreateSchedule and UpdateSchedule, which moto stores unseen."""

import json
import re
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ...settings import ACCOUNT
from ..iam import SCHEDULER, Roles

TARGET = "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint"
RATE = re.compile(r"rate\(([1-9]\d{0,8}) (minutes?|hours?|days?)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_CRON = re.compile(r"cron\(\S+( \S+){5}\)")
_LATE = 300  # seconds that a StartDate may be in the past
# quoted in aws-sdk-js-v3#6494; it also stands for a role that is not there (not established)
_UNTRUSTING = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


def may_run(roles: Roles, role_arn: str, region: str, group: str | None) -> bool:
    """Return whether the scheduler may assume the role for schedules of that group.

    A trust policy's aws:SourceArn is the group's ARN: with a schedule's own, AWS refuses the schedule.
    """
    source = f"arn:aws:scheduler:{region}:{ACCOUNT}:schedule-group/{group or 'default'}"
    return roles.trusts(role_arn, SCHEDULER, source)


def mistake(roles: Roles, region: str, given: dict[str, Any]) -> str:
    """Return the message of AWS's ValidationException for a schedule, "" if it takes the schedule.

    `given` are the members of the request, named as moto names them.
    """
    expression, target = str(given["schedule_expression"]), given["target"]
    if not _is_expression(expression):
        return f"Invalid Schedule Expression {expression}."  # localstack#9284 quotes it
    if not _is_zone(given["schedule_expression_timezone"] or "UTC"):
        return "Invalid ScheduleExpressionTimezone."  # wording (not established)
    if not expression.startswith("at(") and (wrong := _wrong_dates(given["start_date"], given["end_date"])):
        return wrong
    if target.get("Arn") == TARGET and (wrong := _wrong_input(target.get("Input"))):
        return wrong
    trusted = may_run(roles, target.get("RoleArn", ""), region, given["group_name"])
    return "" if trusted else _UNTRUSTING


def _is_expression(text: str) -> bool:
    if at := _AT.fullmatch(text):
        try:
            datetime.fromisoformat(at[1])
        except ValueError:
            return False
        return True
    return bool(RATE.fullmatch(text) or _CRON.fullmatch(text))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return False
    return True


def _wrong_dates(start: float | None, end: float | None) -> str:
    now = time.time()
    if start is not None and start < now - _LATE:
        return "The StartDate you specify cannot be earlier than 5 minutes ago."  # as moto has it
    if end is not None and end <= max(now, start or 0):
        return "The EndDate you specify must be in the future, and after the StartDate."  # (not established)
    return ""


def _wrong_input(text: Any) -> str:
    """Return what is wrong with the input of a call of DeleteEndpoint; wording (not established)."""
    try:
        asked = json.loads(text or "{}")
    except (TypeError, ValueError, RecursionError):
        return "Invalid RequestJson provided. Reason: it is not valid JSON."
    if not isinstance(asked, dict):
        return "Invalid RequestJson provided. Reason: it is not a JSON object."
    if unknown := sorted(set(asked) - {"EndpointName"}):
        return f"Invalid RequestJson provided. Reason: the field {unknown[0]!r} is not supported."
    if not isinstance(asked.get("EndpointName"), str):
        return "Invalid RequestJson provided. Reason: EndpointName is required, and is text."
    return ""
