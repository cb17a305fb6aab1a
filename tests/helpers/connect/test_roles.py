"""Whom a role trusts, read as IAM describes it."""

from typing import Any

import pytest

from helpers.connect.roles import SAGEMAKER, SCHEDULER, is_reserved, trusts


def _role(*services: str, effect: str = "Allow", action: Any = "sts:AssumeRole") -> dict[str, Any]:
    named = {"Service": list(services) if len(services) > 1 else services[0]}
    statement = {"Effect": effect, "Principal": named, "Action": action}
    return {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def test_role_trusts_the_services_it_names() -> None:
    both = _role(SAGEMAKER, SCHEDULER, action=["sts:AssumeRole", "sts:TagSession"])
    assert trusts(both, SAGEMAKER)
    assert trusts(both, SCHEDULER)
    assert trusts(_role(SAGEMAKER), SAGEMAKER)
    assert not trusts(_role(SAGEMAKER), SCHEDULER)


@pytest.mark.parametrize(
    "role",
    [
        {},
        {"AssumeRolePolicyDocument": None},
        {"AssumeRolePolicyDocument": {"Statement": []}},
        _role(SAGEMAKER, effect="Deny"),
        _role(SAGEMAKER, action="sts:TagSession"),
        {
            "AssumeRolePolicyDocument": {
                "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
            }
        },
    ],
)
def test_role_that_names_no_service_trusts_none(role: dict[str, Any]) -> None:
    assert not trusts(role, SAGEMAKER)


def test_roles_of_identity_center_are_reserved() -> None:
    reserved = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0a1b"
    assert is_reserved(reserved)
    assert not is_reserved("arn:aws:iam::111122223333:role/service-role/AmazonSageMaker-ExecutionRole")
