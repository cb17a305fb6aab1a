"""The account's quotas: how many instances of a type its endpoints may run on."""

from contextlib import suppress

from botocore.exceptions import ClientError

from ..connect.aws_errors import QUOTAS, explained
from ..connect.session import Session
from ..errors import NotPermitted, QuotaExceeded, Throttled


def endpoint_quota(session: Session, instance_type: str) -> int | None:
    """Return how many instances of that type endpoints may use; None where AWS does not tell.

    New accounts often have 0 for GPU types, and AWS may take a day to raise it. Where you may not read
    quotas, or Service Quotas fails, CreateEndpoint will tell. Raises NotConnected without a connection.
    """
    wanted = f"{instance_type} for endpoint usage"
    pages = session.client("service-quotas").get_paginator("list_service_quotas")
    with suppress(NotPermitted, Throttled, ClientError), explained(f"ask for the quota of {instance_type}"):
        for page in pages.paginate(ServiceCode="sagemaker", PaginationConfig={"PageSize": 100}):
            for quota in page["Quotas"]:
                if quota["QuotaName"] == wanted:
                    return int(quota["Value"])
    return None


def check_quota(session: Session, instance_type: str) -> None:
    """Raise QuotaExceeded if the account may run no endpoint at all on `instance_type`."""
    if endpoint_quota(session, instance_type) == 0:
        raise QuotaExceeded(
            f"Your account's quota for {instance_type} endpoints in {session.region} is 0. "
            f"Ask for 1 at {QUOTAS}, or choose another instance type."
        )
