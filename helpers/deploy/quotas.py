"""The account's quotas: how many instances of a type its endpoints may run on, and which use them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from .. import catalog
from ..connect.aws_errors import QUOTAS, explained, if_there
from ..connect.session import Session
from ..errors import NotPermitted, QuotaExceeded, Throttled, UnknownInstanceType
from .endpoint import variants_of

SERVICE = "sagemaker"
NO_INSTANCES = ("Failed",)  # of these endpoints, instances are gone already
NEWEST = 50  # endpoints that a deployment looks at: two calls each, in an account that others use too


@dataclass(frozen=True)
class Quota:
    """How many instances of a type all endpoints of a region may use together, and Service Quotas' code."""

    code: str
    instances: int
    is_default: bool = False

    def left(self, used: Mapping[str, int]) -> int:
        """Return how many instances are left beside those in use (`used_by`); 0 or less if none is."""
        return self.instances - sum(used.values())


def find_quota(session: Session, instance_type: str) -> Quota | None:
    """Return the account's own quota, or else AWS's default; None if there is no such quota.

    By its code where the catalogue has it, as one call does; otherwise by its name. Raises NotPermitted and
    the like where Service Quotas may not be asked.
    """
    asked = session.client("service-quotas")
    code = _code(instance_type)
    with explained(f"ask for the quota of {instance_type}"):
        if code:
            found = _one(asked.get_service_quota, code)
            default = None if found else _one(asked.get_aws_default_service_quota, code)
        else:
            found = _named(asked, "list_service_quotas", instance_type)
            default = None if found else _named(asked, "list_aws_default_service_quotas", instance_type)
    if (quota := found or default) is None:
        return None
    return Quota(quota["QuotaCode"], int(quota["Value"]), is_default=found is None)


def endpoint_quota(session: Session, instance_type: str) -> int | None:
    """Return how many instances of that type endpoints may use; None where AWS does not tell.

    New accounts often have 0 for GPU types, and AWS may take a day to raise it. Where you may not read
    quotas, or Service Quotas fails, CreateEndpoint will tell. Raises NotConnected without a connection.
    """
    with suppress(NotPermitted, Throttled, ClientError):
        found = find_quota(session, instance_type)
        return found.instances if found else None
    return None


def check_quota(session: Session, instance_type: str) -> None:
    """Raise QuotaExceeded if the quota leaves no instance of the type beside what other endpoints use.

    Looks at the newest 50 endpoints. Where the quota, or its use, can't be told, CreateEndpoint will tell.
    """
    quota, used = None, dict[str, int]()
    with suppress(NotPermitted, Throttled, ClientError):
        quota = find_quota(session, instance_type)
        if quota and quota.instances:
            used = used_by(session, instance_type, newest=NEWEST)
    if quota is None or quota.left(used) > 0:
        return
    by = f", and {in_words(used)} in use" if used else ""
    less = "delete what you need no more in 06_clean_up, " if used else ""
    raise QuotaExceeded(
        f"Your account's quota for {instance_type} endpoints in {session.region} is {quota.instances}{by}. "
        f"Nothing was created: {less}ask for {sum(used.values()) + 1} at {QUOTAS}, or choose another type."
    )


def used_by(session: Session, instance_type: str, *, newest: int | None = None) -> dict[str, int]:
    """Return endpoint name -> how many instances of the type it has or is to get.

    Looks at the `newest` endpoints only, or at all (None). One whose configuration is gone is left out, as
    only the configuration names the type.
    """
    listed = islice(_endpoints(session), newest)
    used = {name: _instances(session, name, instance_type) for name in listed}
    return {name: count for name, count in used.items() if count}


def in_words(used: Mapping[str, int]) -> str:
    """Return what `used_by` found as "NAME (COUNT), ..."."""
    return ", ".join(f"{name} ({count})" for name, count in used.items())


def _code(instance_type: str) -> str:
    try:
        return catalog.instance_type(instance_type).quota_code
    except UnknownInstanceType:
        return ""


def _one(operation: Any, code: str) -> dict[str, Any] | None:
    try:
        return dict(operation(ServiceCode=SERVICE, QuotaCode=code)["Quota"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchResourceException":
            raise
        return None


def _named(asked: Any, listing: str, instance_type: str) -> dict[str, Any] | None:
    wanted = f"{instance_type} for endpoint usage"
    pages = asked.get_paginator(listing).paginate(ServiceCode=SERVICE, PaginationConfig={"PageSize": 100})
    return next((each for page in pages for each in page["Quotas"] if each["QuotaName"] == wanted), None)


def _endpoints(session: Session) -> Iterator[str]:
    with explained("look which endpoints use a quota"):
        listing = session.client("sagemaker").get_paginator("list_endpoints")
        for page in listing.paginate(PaginationConfig={"PageSize": 100}):
            for each in page["Endpoints"]:
                if each["EndpointStatus"] not in NO_INSTANCES:
                    yield each["EndpointName"]


def _instances(session: Session, endpoint_name: str, instance_type: str) -> int:
    sagemaker = session.client("sagemaker")
    with explained(f"look at the endpoint {endpoint_name!r}"):
        endpoint = if_there(sagemaker.describe_endpoint, EndpointName=endpoint_name) or {}
        name = endpoint.get("EndpointConfigName", "")
        config = if_there(sagemaker.describe_endpoint_config, EndpointConfigName=name) or {}
    running = {each["VariantName"]: each for each in variants_of(endpoint)}
    of_type = [each for each in variants_of(config) if each.get("InstanceType") == instance_type]
    pools = [pool for each in running.values() for pool in each.get("InstancePools", [])]
    in_pools = [pool["CurrentInstanceCount"] for pool in pools if pool["InstanceType"] == instance_type]
    return sum(_count(each, running.get(each["VariantName"], {})) for each in of_type) + sum(
        map(int, in_pools)
    )


def _count(variant: Mapping[str, Any], now: Mapping[str, Any]) -> int:
    """Return the instances of a variant: those it runs on, or is to; while it is made, those asked for."""
    counts = [now[key] for key in ("CurrentInstanceCount", "DesiredInstanceCount") if key in now]
    return int(max(counts or [variant.get("InitialInstanceCount", 0)]))
