"""Service Quotas for SageMaker endpoints, and the quotas that CreateEndpoint enforces."""

import hashlib
import uuid
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from helpers import catalog

from ..aws.paging import page
from ..aws.service import AwsError, Context, Service, load_model
from ..faults import Faults
from .clock import utc_now

DEFAULT = (
    0  # AWS's default for GPU types in a new account, of which many are 0 (the others are not practised)
)


def endpoint_quota(instance_type: str, faults: Faults) -> int:
    """Return how many instances of that type all endpoints of a region may use together."""
    return faults.quota(instance_type, _quotas().get(instance_type, 0))


def quota_name(instance_type: str) -> str:
    """Return the quota's name, as Service Quotas and ResourceLimitExceeded write it."""
    return f"{instance_type} for endpoint usage"


def quota_code(instance_type: str) -> str:
    """Return AWS's code where the catalogue knows it; else one in AWS's format, the same on every machine."""
    known = (each.quota_code for each in catalog.instance_types() if each.type == instance_type)
    return (
        next(known, "") or "L-" + hashlib.sha256(quota_name(instance_type).encode()).hexdigest()[:8].upper()
    )


@cache
def _codes() -> dict[str, str]:
    """Return quota code -> instance type, for all types of SageMaker's service model or the catalogue."""
    known = load_model("sagemaker").shape_for("ProductionVariantInstanceType").metadata.get("enum", [])
    return {quota_code(instance_type): instance_type for instance_type in dict.fromkeys([*known, *_quotas()])}


def _quotas() -> dict[str, int]:
    """Return instance type -> quota without faults, from the catalogue."""
    return {each.type: each.sandbox_quota for each in catalog.instance_types()}


class Quotas(Service):
    """The service `service-quotas`, only for ServiceCode `sagemaker` and its endpoint quotas.

    As on AWS, a quota without a value of the account's own is not in GetServiceQuota and ListServiceQuotas
    (botocore's documentation of both): its default is asked for by the operations named AWSDefault.
    """

    service_name = "service-quotas"

    def __init__(self, faults: Faults | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__()
        self._faults = faults or Faults()
        self._clock = clock
        self._requested: dict[tuple[str, str], dict[str, Any]] = {}  # by region and quota code

    def get_service_quota(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the account's own value of the quota with that code."""
        instance_type = _find(params)
        if not self._is_applied(instance_type):
            raise _no_quota()
        return {"Quota": self._applied(instance_type, context)}

    def get_aws_default_service_quota(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return AWS's default for the quota with that code."""
        return {"Quota": _quota(_find(params), DEFAULT, context)}

    def list_service_quotas(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the endpoint quotas that have a value of the account's own, by name."""
        _check_service(params)
        types = [t for code, t in _codes().items() if params.get("QuotaCode", code) == code]
        chosen, token = _page([each for each in types if self._is_applied(each)], params)
        return {"Quotas": [self._applied(each, context) for each in chosen], **token}

    def list_aws_default_service_quotas(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the defaults of all endpoint quotas, by name."""
        _check_service(params)
        chosen, token = _page(list(_codes().values()), params)
        return {"Quotas": [_quota(each, DEFAULT, context) for each in chosen], **token}

    def request_service_quota_increase(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Note the request, which nobody here ever grants; the fault `quota` sets a quota."""
        instance_type, now = _find(params), self._clock()
        key, wanted = (context.region, params["QuotaCode"]), params["DesiredValue"]
        if key in self._requested:
            # wording (not established)
            message = "Only one open service quota increase request is allowed per quota."
            raise AwsError("ResourceAlreadyExistsException", message)
        if wanted <= endpoint_quota(instance_type, self._faults):
            # wording (not established)
            message = "You must provide a quota value greater than the current quota value."
            raise AwsError("IllegalArgumentException", message)
        value = _quota(instance_type, wanted, context)
        kept = {name: value[name] for name in value if name in _OF_A_REQUEST}
        times = {"Created": now, "LastUpdated": now}
        made = {"Id": uuid.uuid4().hex, "DesiredValue": wanted, "Status": "PENDING", **kept, **times}
        self._requested[key] = made
        return {"RequestedQuota": made}

    def list_requested_service_quota_change_history_by_quota(
        self, params: dict[str, Any], context: Context
    ) -> dict[str, Any]:
        """Return the request for that quota, for which AWS has opened a case by now."""
        _find(params)
        made = self._requested.get((context.region, params["QuotaCode"]))
        found = {**made, "Status": "CASE_OPENED", "CaseId": "0"} if made else {}
        wanted = params.get("Status", "CASE_OPENED")
        return {"RequestedQuotas": [found] if found and found["Status"] == wanted else []}

    def _is_applied(self, instance_type: str) -> bool:
        return endpoint_quota(instance_type, self._faults) > 0 or self._faults.quota(instance_type, -1) >= 0

    def _applied(self, instance_type: str, context: Context) -> dict[str, Any]:
        value = _quota(instance_type, endpoint_quota(instance_type, self._faults), context)
        return {**value, "QuotaAppliedAtLevel": "ACCOUNT"}


# What a request for more says of its quota
_OF_A_REQUEST = ["ServiceCode", "ServiceName", "QuotaCode", "QuotaName", "QuotaArn", "GlobalQuota", "Unit"]


def _quota(instance_type: str, value: float, context: Context) -> dict[str, Any]:
    code = quota_code(instance_type)
    return {
        "ServiceCode": "sagemaker",
        "ServiceName": "Amazon SageMaker",
        "QuotaArn": f"arn:aws:servicequotas:{context.region}:{context.account}:sagemaker/{code}",
        "QuotaCode": code,
        "QuotaName": quota_name(instance_type),
        "Value": float(value),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def _page(types: list[str], params: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    chosen, token = page(
        types,
        lambda instance_type: (quota_name(instance_type),),
        size=params.get("MaxResults", 100),
        token=params.get("NextToken"),
        # wording (not established)
        bad_token=AwsError("InvalidPaginationTokenException", "The pagination token is not valid."),
    )
    return chosen, {"NextToken": token} if token else {}


def _find(params: dict[str, Any]) -> str:
    """Return the instance type whose quota the request names."""
    _check_service(params)
    if params["QuotaCode"] not in _codes():
        raise _no_quota()
    return _codes()[params["QuotaCode"]]


def _no_quota() -> AwsError:
    # wording (not established)
    return AwsError("NoSuchResourceException", "The request failed because the quota does not exist.")


def _check_service(params: dict[str, Any]) -> None:
    if params["ServiceCode"] != "sagemaker":
        # wording (not established)
        raise AwsError(
            "NoSuchResourceException",
            f"The sandbox knows the quotas of 'sagemaker' only, not of '{params['ServiceCode']}'.",
        )
