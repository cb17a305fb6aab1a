"""Which operation a request to one of moto's services calls, and its parameters, as permissions need them."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..aws.service import AwsError
from .signature import Signable

_FORM = "application/x-www-form-urlencoded"
_NO_FORMS = ("application/json", "application/x-amz-json", "application/cbor")
_SMITHY = re.compile(r"/service/[^/]+/operation/([A-Za-z]+)")
# EventBridge Scheduler's paths (botocore): kind -> the noun in its operations
_SCHEDULER = re.compile(r"/(schedules|schedule-groups)(?:/([^/]+))?")
_NOUNS = {"schedules": "Schedule", "schedule-groups": "ScheduleGroup"}
_VERBS = {"POST": "Create", "PUT": "Update", "GET": "Get", "DELETE": "Delete"}
_TAGS = re.compile(r"/tags/(.+)")
_TAG_VERBS = {"POST": "TagResource", "DELETE": "UntagResource", "GET": "ListTagsForResource"}


def call(service: str, request: Signable, body: bytes) -> tuple[str, dict[str, Any]] | None:
    """Return the operation and its parameters.

    None for a service whose operations stand in paths that are not known here: S3 is one. Raises AwsError
    where the request names two operations.
    """
    kind, target = request.header("content-type"), request.header("x-amz-target")
    is_form = service != "s3" and not kind.startswith(_NO_FORMS)
    form = f"{request.query}&{body.decode(errors='replace')}" if is_form else request.query
    given = parse_qsl(form, keep_blank_values=True)
    actions = [value for name, value in given if name == "Action"]
    params: dict[str, Any] = dict(given)
    if actions and (target or len(params) < len(given)):
        # moto might do another one than the one that permission is asked for; wording (not established)
        message = "The request names an operation, or one of its parameters, twice."
        raise AwsError("MalformedQueryString", message)
    if target:
        return target.rpartition(".")[2], _json(body)
    if match := _SMITHY.fullmatch(request.path):
        return match[1], {}
    if actions or kind.startswith(_FORM):
        return "".join(actions), params
    return _of_scheduler(request, body) if service == "scheduler" else None


def _of_scheduler(request: Signable, body: bytes) -> tuple[str, dict[str, Any]]:
    asked = dict(parse_qsl(request.query))
    group = {"GroupName": asked["groupName"]} if "groupName" in asked else {}
    if match := _TAGS.fullmatch(request.path):
        return _TAG_VERBS.get(request.method, request.method), {"ResourceArn": unquote(match[1])}
    match = _SCHEDULER.fullmatch(request.path)
    if match is None:
        return request.method, {}
    noun, name = _NOUNS[match[1]], match[2]
    if name is None:
        return f"List{noun}s", {}
    verb = _VERBS.get(request.method, request.method)
    return f"{verb}{noun}", {**_json(body), **group, "Name": unquote(name)}


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
