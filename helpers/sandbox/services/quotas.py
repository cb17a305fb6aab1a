"""Service Quotas for SageMaker endpoints, and the quotas that CreateEndpoint enforces."""

import hashlib
from functools import cache
from typing import Any

from helpers import catalog

from ..aws.paging import page
from ..aws.service import AwsError, Context, Service, load_model
from ..faults import Faults


def endpoint_quota(instance_type: str, faults: Faults) -> int:
    """Return how many instances of that type all endpoints of a region may use together."""
    return faults.quota(instance_type, _quotas().get(instance_type, 0))


def quota_name(instance_type: str) -> str:
    """Return the quota's name, as Service Quotas and ResourceLimitExceeded write it."""
    return f"{instance_type} for endpoint usage"


def quota_code(instance_type: str) -> str:
    """Return a code in AWS's format, the same on every machine; AWS's real codes differ."""
    return "L-" + hashlib.sha256(quota_name(instance_type).encode()).hexdigest()[:8].upper()


@cache
def _codes() -> dict[str, str]:
    """Return quota code -> instance type, for all types of SageMaker's service model or the catalogue."""
    known = load_model("sagemaker").shape_for("ProductionVariantInstanceType").metadata.get("enum", [])
    return {quota_code(instance_type): instance_type for instance_type in dict.fromkeys([*known, *_quotas()])}


def _quotas() -> dict[str, int]:
    """Return instance type -> quota without faults, from the catalogue."""
    return {each.type: each.sandbox_quota for each in catalog.instance_types()}


class Quotas(Service):
    """The service `service-quotas`, only for ServiceCode `sagemaker` and its endpoint quotas."""

    service_name = "service-quotas"

    def __init__(self, faults: Faults | None = None) -> None:
        super().__init__()
        self._faults = faults or Faults()

    def get_service_quota(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the quota with that code."""
        _check_service(params)
        if params["QuotaCode"] not in _codes():
            # wording (not established)
            raise AwsError("NoSuchResourceException", "The request failed because the quota does not exist.")
        return {"Quota": self._quota(_codes()[params["QuotaCode"]], context)}

    def list_service_quotas(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return all endpoint quotas, by name."""
        _check_service(params)
        types = [t for code, t in _codes().items() if params.get("QuotaCode", code) == code]
        chosen, token = page(
            types,
            lambda instance_type: (quota_name(instance_type),),
            size=params.get("MaxResults", 100),
            token=params.get("NextToken"),
            # wording (not established)
            bad_token=AwsError("InvalidPaginationTokenException", "The pagination token is not valid."),
        )
        quotas = [self._quota(instance_type, context) for instance_type in chosen]
        return {"Quotas": quotas, **({"NextToken": token} if token else {})}

    def _quota(self, instance_type: str, context: Context) -> dict[str, Any]:
        code = quota_code(instance_type)
        return {
            "ServiceCode": "sagemaker",
            "ServiceName": "Amazon SageMaker",
            "QuotaArn": f"arn:aws:servicequotas:{context.region}:{context.account}:sagemaker/{code}",
            "QuotaCode": code,
            "QuotaName": quota_name(instance_type),
            "Value": float(endpoint_quota(instance_type, self._faults)),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
            "QuotaAppliedAtLevel": "ACCOUNT",
        }


def _check_service(params: dict[str, Any]) -> None:
    if params["ServiceCode"] != "sagemaker":
        # wording (not established)
        raise AwsError(
            "NoSuchResourceException",
            f"The sandbox knows the quotas of 'sagemaker' only, not of '{params['ServiceCode']}'.",
        )
