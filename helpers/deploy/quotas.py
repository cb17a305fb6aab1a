"""Service Quotas: how many instances of a type this account may run endpoints on."""

from botocore.exceptions import ClientError

from ..connect.aws_errors import DENIED, QUOTAS, THROTTLED
from ..connect.session import Session
from ..errors import QuotaExceeded


def endpoint_quota(session: Session, instance_type: str) -> int | None:
    """The account's quota for endpoints on `instance_type`, in instances; None if it may not be asked.

    New accounts often have 0 for GPU types, and AWS may take a day to raise it.
    """
    wanted = f"{instance_type} for endpoint usage"
    pages = session.client("service-quotas").get_paginator("list_service_quotas")
    try:
        for page in pages.paginate(ServiceCode="sagemaker", PaginationConfig={"PageSize": 100}):
            for quota in page["Quotas"]:
                if quota["QuotaName"] == wanted:
                    return int(quota["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] not in (*DENIED, *THROTTLED):
            raise
    return None


def check_quota(session: Session, instance_type: str) -> None:
    """Raise QuotaExceeded if the account may run no endpoint at all on `instance_type`."""
    if endpoint_quota(session, instance_type) == 0:
        raise QuotaExceeded(
            f"Your account's quota for {instance_type} endpoints in {session.region} is 0. "
            f"Ask for 1 at {QUOTAS}, or choose another instance type."
        )
