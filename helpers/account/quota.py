"""The quota for the instance type: what uses it, whether more was asked for, and asking for more."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .. import catalog
from ..connect import consent
from ..connect.aws_errors import explained
from ..connect.session import Session
from ..deploy.quotas import SERVICE, Quota, find_quota, in_words, used_by
from ..errors import BadInput, NotPermitted
from .table import Row, looked

OPEN = ("PENDING", "CASE_OPENED")
MOST = 1000


@dataclass(frozen=True)
class QuotaRequest:
    """A request to AWS for more instances of a type, and what has become of it."""

    id: str
    instance_type: str
    instances: int
    status: str
    created: datetime


@looked("quota", "servicequotas")
def quota(session: Session, instance_type: str, endpoint_name: str | None = None) -> Row:
    """Return whether the quota has room for one more instance, or is used by the endpoint of that name."""
    found = find_quota(session, instance_type)
    if found is None:
        return Row("quota", "can't tell", f"Service Quotas knows none for {instance_type}")
    used = used_by(session, instance_type)
    detail = f"{sum(used.values())} of {found.instances} {instance_type} in use ({found.code}{_kind(found)})"
    if used:
        detail += f", by {in_words(used)}"
    if found.left(used) > 0 or endpoint_name in used:
        return Row("quota", "ready", detail)
    more = f"account.request_quota(session, {instance_type!r}, {found.instances + 1}, confirm=True)"
    if asked := _open_request(session, instance_type, found.code):
        detail += f"; {asked.instances} were asked for on {asked.created:%Y-%m-%d}, which is {asked.status}"
        more = "wait for AWS's answer (a day or more), or choose another instance type or region"
    if used and found.instances:
        more = f"delete(session, {next(iter(used))!r}), if you need it no more; or {more}"
    return Row("quota", "not ready", detail, more)


def request_quota(
    session: Session, instance_type: str, instances: int, *, confirm: bool
) -> QuotaRequest | None:
    """Ask AWS for a quota of so many instances of the type, all endpoints of the region together.

    It costs nothing; AWS may open a support case, and take days. Where a request is open already, that one is
    returned and none is made. `confirm` must be exactly True or False, `instances` a whole number from 1 to
    1000 and more than the quota (BadInput); with False nothing is asked, and None returned.
    """
    consent.yes_or_no("confirm", confirm)
    if type(instances) is not int or not 1 <= instances <= MOST:
        raise consent.refusal("instances", instances, f"a whole number from 1 to {MOST}")
    catalog.instance_type(instance_type)
    if not confirm:
        return None
    found = find_quota(session, instance_type)
    if found is None:
        raise BadInput(f"Service Quotas knows no quota for {instance_type} endpoints in {session.region}.")
    if instances <= found.instances:
        raise BadInput(f"The quota for {instance_type} is {found.instances} already. Nothing was asked for.")
    asked = _open_request(session, instance_type, found.code)
    return asked or _request(session, instance_type, instances, found.code)


def _request(session: Session, instance_type: str, instances: int, code: str) -> QuotaRequest:
    with explained(f"ask for {instances} {instance_type}"):
        made = session.client("service-quotas").request_service_quota_increase(
            ServiceCode=SERVICE, QuotaCode=code, DesiredValue=float(instances)
        )["RequestedQuota"]
    return _read(made, instance_type)


def _open_request(session: Session, instance_type: str, code: str) -> QuotaRequest | None:
    """Return the request for this quota that AWS has not answered yet, if you may see it."""
    asked = session.client("service-quotas")
    listing = asked.get_paginator("list_requested_service_quota_change_history_by_quota")
    try:
        with explained(f"look for a request for more {instance_type}"):
            pages = list(listing.paginate(ServiceCode=SERVICE, QuotaCode=code))
    except NotPermitted:
        return None
    requests = [each for page in pages for each in page["RequestedQuotas"] if each["Status"] in OPEN]
    return _read(requests[0], instance_type) if requests else None


def _read(request: dict[str, Any], instance_type: str) -> QuotaRequest:
    return QuotaRequest(
        id=request["Id"],
        instance_type=instance_type,
        instances=int(request["DesiredValue"]),
        status=request["Status"],
        created=request["Created"],
    )


def _kind(found: Quota) -> str:
    return ", AWS's default" if found.is_default else ""
