"""A quota that AWS does not tell stops nobody; that AWS can't be reached is said in our words."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from helpers.deploy.quotas import Quota, check_quota, endpoint_quota, find_quota, used_by
from helpers.errors import NotConnected, QuotaExceeded


class Asked:
    """A session whose Service Quotas has these values and defaults by instance type, or fails."""

    region = "us-east-1"

    def __init__(self, own: Any, defaults: dict[str, float] | None = None) -> None:
        self.own, self.defaults = own, defaults or {}
        self.calls: list[str] = []

    def client(self, service: str) -> "Asked":
        assert service == "service-quotas"
        return self

    def get_paginator(self, name: str) -> Any:
        self.calls.append(name)
        values = self._values(self.own if name == "list_service_quotas" else self.defaults)
        quotas = [_quota(kind, value) for kind, value in values.items()]
        return SimpleNamespace(paginate=lambda **_: [{"Quotas": []}, {"Quotas": quotas}])

    def get_service_quota(self, ServiceCode: str, QuotaCode: str) -> Any:  # noqa: N803
        return self._one("get_service_quota", QuotaCode, self.own)

    def get_aws_default_service_quota(self, ServiceCode: str, QuotaCode: str) -> Any:  # noqa: N803
        return self._one("get_aws_default_service_quota", QuotaCode, self.defaults)

    def _one(self, name: str, code: str, values: Any) -> Any:
        self.calls.append(name)
        for kind, value in self._values(values).items():
            if _quota(kind, value)["QuotaCode"] == code:
                return {"Quota": _quota(kind, value)}
        raise aws_error("NoSuchResourceException")

    def _values(self, values: Any) -> dict[str, float]:
        if isinstance(values, Exception):
            raise values
        return dict(values)


def _quota(instance_type: str, value: float) -> dict[str, Any]:
    code = {"ml.g5.xlarge": "L-1928E07B"}.get(instance_type, f"L-of-{instance_type}")
    return {"QuotaCode": code, "QuotaName": f"{instance_type} for endpoint usage", "Value": value}


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
    asked: Any = Asked({"ml.g5.xlarge": 0.0})
    with pytest.raises(QuotaExceeded, match="servicequotas"):
        check_quota(asked, "ml.g5.xlarge")


def test_without_a_value_of_the_accounts_own_awss_default_counts() -> None:
    asked: Any = Asked({}, {"ml.g5.xlarge": 4.0, "ml.m5.large": 2.0})
    assert find_quota(asked, "ml.g5.xlarge") == Quota("L-1928E07B", 4, is_default=True)
    assert find_quota(asked, "ml.m5.large") == Quota("L-of-ml.m5.large", 2, is_default=True)
    assert endpoint_quota(asked, "ml.nonsense.xlarge") is None


def test_a_code_that_the_catalogue_knows_is_one_call_and_others_are_found_by_name() -> None:
    asked: Any = Asked({"ml.g5.xlarge": 1.0, "ml.m5.large": 3.0})
    assert find_quota(asked, "ml.g5.xlarge") == Quota("L-1928E07B", 1)
    assert asked.calls == ["get_service_quota"]
    assert find_quota(asked, "ml.m5.large") == Quota("L-of-ml.m5.large", 3)
    assert asked.calls == ["get_service_quota", "list_service_quotas"]


VARIANT = {"VariantName": "a", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 2}


class Running:
    """A session whose SageMaker has endpoints: name -> (status, configured variants, running variants)."""

    def __init__(self, **endpoints: tuple[str, list[dict[str, Any]], list[dict[str, Any]]]) -> None:
        self.endpoints = endpoints
        self.calls: list[str] = []

    def client(self, service: str) -> "Running":
        assert service == "sagemaker"
        return self

    def get_paginator(self, name: str) -> Any:
        self.calls.append(name)
        listed = [{"EndpointName": n, "EndpointStatus": e[0]} for n, e in self.endpoints.items()]
        return SimpleNamespace(paginate=lambda **_: [{"Endpoints": [each]} for each in listed])

    def describe_endpoint(self, EndpointName: str) -> Any:  # noqa: N803
        self.calls.append("describe_endpoint")
        return {"EndpointConfigName": EndpointName, "ProductionVariants": self.endpoints[EndpointName][2]}

    def describe_endpoint_config(self, EndpointConfigName: str) -> Any:  # noqa: N803
        self.calls.append("describe_endpoint_config")
        return {"ProductionVariants": self.endpoints[EndpointConfigName][1]}


def test_the_instances_that_endpoints_use_or_are_to_get_are_counted() -> None:
    scaled = {"VariantName": "a", "CurrentInstanceCount": 1, "DesiredInstanceCount": 3}
    pools = [{"InstanceType": "ml.g5.xlarge", "CurrentInstanceCount": 1}]
    session: Any = Running(
        creating=("Creating", [VARIANT], []),
        scaling=("Updating", [VARIANT], [scaled]),
        other=("InService", [{**VARIANT, "InstanceType": "ml.g5.2xlarge"}], []),
        failed=("Failed", [VARIANT], []),
        pool=("InService", [{"VariantName": "a"}], [{"VariantName": "a", "InstancePools": pools}]),
    )
    assert used_by(session, "ml.g5.xlarge") == {"creating": 2, "scaling": 3, "pool": 1}


class Account:
    """A session of both: quotas, and what uses them."""

    region = "us-east-1"

    def __init__(self, asked: Asked, running: Any) -> None:
        self.asked, self.running = asked, running

    def client(self, service: str) -> Any:
        return self.asked if service == "service-quotas" else self.running


def account(quota: float, running: Any) -> Any:
    return Account(Asked({"ml.g5.xlarge": quota}), running)


def endpoint(status: str = "InService") -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    return status, [{**VARIANT, "InitialInstanceCount": 1}], []


def test_a_quota_that_other_endpoints_use_up_is_refused_with_their_names() -> None:
    running = Running(theirs=endpoint(), making=endpoint("Creating"))
    check_quota(account(3, running), "ml.g5.xlarge")
    with pytest.raises(QuotaExceeded, match=r"is 2, and theirs \(1\), making \(1\) in use.*ask for 3 at"):
        check_quota(account(2, running), "ml.g5.xlarge")
    check_quota(account(2, Running(theirs=endpoint(), failed=endpoint("Failed"))), "ml.g5.xlarge")


def test_with_a_quota_of_zero_nobody_asks_what_uses_it() -> None:
    running = Running(theirs=endpoint())
    with pytest.raises(QuotaExceeded, match=r"is 0\. Nothing was created: ask for 1 at"):
        check_quota(account(0, running), "ml.g5.xlarge")
    assert running.calls == []


def test_of_a_crowded_account_only_the_newest_endpoints_are_asked_for() -> None:
    running = Running(**{f"e{n}": endpoint() for n in range(120)})
    check_quota(account(60, running), "ml.g5.xlarge")  # CreateEndpoint will tell
    assert (running.calls.count("describe_endpoint"), running.calls.count("list_endpoints")) == (50, 1)
    with pytest.raises(QuotaExceeded):
        check_quota(account(50, running), "ml.g5.xlarge")


@pytest.mark.parametrize("operation", ["get_paginator", "describe_endpoint", "describe_endpoint_config"])
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InternalFailure"])
def test_where_the_use_of_a_quota_is_not_told_a_deployment_goes_on(operation: str, code: str) -> None:
    class Denied(Running):
        pass

    def deny(self: Denied, *_: str, **__: str) -> None:
        raise aws_error(code)

    setattr(Denied, operation, deny)
    check_quota(account(1, Denied(theirs=endpoint())), "ml.g5.xlarge")
