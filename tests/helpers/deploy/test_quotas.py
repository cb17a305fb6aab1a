"""A quota that AWS does not tell stops nobody; that AWS can't be reached is said in our words."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from helpers.deploy.quotas import check_quota, endpoint_quota
from helpers.errors import NotConnected, QuotaExceeded


class Asked:
    """A session whose Service Quotas answers with one page, or with an error."""

    region = "us-east-1"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def client(self, service: str) -> "Asked":
        assert service == "service-quotas"
        return self

    def get_paginator(self, name: str) -> "Asked":
        return self

    def paginate(self, **_: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return [{"Quotas": [{"QuotaName": "ml.g5.xlarge for endpoint usage", "Value": self.answer}]}]


def aws_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "words of AWS"}}, "ListServiceQuotas")


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "TooManyRequestsException", "ServiceException", "NoSuchResourceException"],
)
def test_what_is_not_told_is_not_known_and_stops_nobody(code: str) -> None:
    asked: Any = Asked(aws_error(code))
    assert endpoint_quota(asked, "ml.g5.xlarge") is None
    check_quota(asked, "ml.g5.xlarge")


@pytest.mark.parametrize(
    "error",
    [
        aws_error("ExpiredTokenException"),
        EndpointConnectionError(endpoint_url="https://q"),
        NoCredentialsError(),
    ],
)
def test_who_is_not_connected_is_told_so(error: Exception) -> None:
    asked: Any = Asked(error)
    with pytest.raises(NotConnected, match=r"Could not ask for the quota of ml\.g5\.xlarge"):
        check_quota(asked, "ml.g5.xlarge")


def test_a_quota_of_zero_is_refused_with_where_to_ask_for_more() -> None:
    asked: Any = Asked(0.0)
    with pytest.raises(QuotaExceeded, match="servicequotas"):
        check_quota(asked, "ml.g5.xlarge")
    assert endpoint_quota(asked, "ml.g5.2xlarge") is None
