"""Service Quotas for SageMaker endpoints: the service, and the numbers that CreateEndpoint enforces."""

import hashlib
from functools import cache
from typing import Any

from helpers import catalog

from ..aws.paging import page
from ..aws.service import AwsError, Context, Service, load_model
from ..faults import Faults


def endpoint_quota(instance_type: str, faults: Faults) -> int:
    """How many instances of that type all endpoints of a region may use together."""
    return faults.quota(instance_type, _quotas().get(instance_type, 0))


def quota_name(instance_type: str) -> str:
    """The quota's name, as Service Quotas and ResourceLimitExceeded spell it."""
    return f"{instance_type} for endpoint usage"


def quota_code(instance_type: str) -> str:
    """A code of AWS's form, the same on every machine; AWS's real codes are others."""
    return "L-" + hashlib.sha256(quota_name(instance_type).encode()).hexdigest()[:8].upper()


@cache
def _codes() -> dict[str, str]:
    """Quota code -> instance type, for every type that SageMaker's service model or the catalogue knows."""
    known = load_model("sagemaker").shape_for("ProductionVariantInstanceType").metadata.get("enum", [])
    return {quota_code(instance_type): instance_type for instance_type in dict.fromkeys([*known, *_quotas()])}


def _quotas() -> dict[str, int]:
    """Instance type -> its quota where nothing is changed, as the catalogue has it."""
    return {each.type: each.sandbox_quota for each in catalog.instance_types()}


class Quotas(Service):
    """The service `service-quotas`, for ServiceCode `sagemaker` and its endpoint quotas alone."""

    service_name = "service-quotas"

    def __init__(self, faults: Faults | None = None) -> None:
        super().__init__()
        self._faults = faults or Faults()

    def get_service_quota(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """One quota by its code."""
        _check_service(params)
        if params["QuotaCode"] not in _codes():
            # wording not established
            raise AwsError("NoSuchResourceException", "The request failed because the quota does not exist.")
        return {"Quota": self._quota(_codes()[params["QuotaCode"]], context)}

    def list_service_quotas(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """All endpoint quotas, by name."""
        _check_service(params)
        types = [t for code, t in _codes().items() if params.get("QuotaCode", code) == code]
        chosen, token = page(
            types,
            lambda instance_type: (quota_name(instance_type),),
            size=params.get("MaxResults", 100),
            token=params.get("NextToken"),
            # wording not established
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
        # wording not established
        raise AwsError(
            "NoSuchResourceException",
            f"The sandbox knows the quotas of 'sagemaker' only, not of '{params['ServiceCode']}'.",
        )
