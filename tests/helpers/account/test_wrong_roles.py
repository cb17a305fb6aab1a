"""Roles that will not do, found by the check and before anything is created; each cure as it is written."""

import json
from typing import Any

import pytest

from helpers import account as readiness
from helpers.connect.roles import DEADLINE_ROLE
from helpers.connect.trust import SAGEMAKER, SCHEDULER
from helpers.deploy.deployment import deploy
from helpers.errors import NotPermitted

from ..events import deny
from .conftest import Account
from .test_wrong_states import MODEL, gets_through, quiet, ready_but_for, subscribe, wrong


def spoil_trust(account: Account, role: str, *statements: dict[str, Any]) -> None:
    """Give a role that trust policy."""
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    account.session().client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=document)


ALLOW = {"Effect": "Allow", "Principal": {"Service": SCHEDULER}, "Action": "sts:AssumeRole"}
DENY = {"Sid": "NoServices", "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
THEIRS = {"StringEquals": {"aws:SourceAccount": "999900001111"}}


def test_a_trust_that_is_denied(account: Account) -> None:
    session = ready_but_for(account)
    spoil_trust(account, DEADLINE_ROLE, ALLOW, DENY)
    row = wrong(readiness.check(session, MODEL), "deadline's role")
    assert "its trust policy denies it, by" in row.detail
    assert '"Sid": "NoServices"' in row.detail
    with pytest.raises(NotPermitted, match=r'"Sid": "NoServices".* take that statement out'):
        deploy(session, MODEL, "walk", max_usd_per_hour=100.0, tell=quiet)
    what, _, command = row.fix.partition(": ")
    assert what == "take that statement out of its trust policy"
    account.run(command)
    gets_through(session)


def test_an_execution_role_whose_trust_is_denied(account: Account) -> None:
    session = ready_but_for(account)
    role = account.make_role("denied", SAGEMAKER)
    to_sagemaker = {**ALLOW, "Principal": {"Service": SAGEMAKER}}
    spoil_trust(account, "denied", to_sagemaker, DENY)
    row = wrong(readiness.check(account.session(role), MODEL), "execution role")
    with pytest.raises(NotPermitted, match=r'"Sid": "NoServices".* take that statement out'):
        _ = account.session(role).role_arn
    account.run(row.fix.partition(": ")[2])
    gets_through(account.session(role))
    assert session.client("iam").get_role(RoleName="denied")["Role"]["AssumeRolePolicyDocument"][
        "Statement"
    ] == [to_sagemaker]


def test_a_trust_for_another_account(account: Account) -> None:
    session = ready_but_for(account)
    spoil_trust(account, DEADLINE_ROLE, {**ALLOW, "Condition": THEIRS})
    row = wrong(readiness.check(session, MODEL), "deadline's role")
    assert "the condition does not hold of" in row.detail
    assert '"aws:SourceAccount": "999900001111"' in row.detail
    account.run(row.fix)
    gets_through(session)


def test_a_trust_that_can_not_be_judged_stops_nobody(account: Account) -> None:
    session = ready_but_for(account)
    spoil_trust(account, DEADLINE_ROLE, {**ALLOW, "Condition": {"StringLike": {"aws:SourceOrgID": "o-*"}}})
    row = readiness.check(session, MODEL)["deadline's role"]
    assert row.state == "can't tell"
    assert '"aws:SourceOrgID": "o-*"' in row.detail
    assert "prove_deadline(session)" in row.fix


@pytest.mark.parametrize("may", ["", "sagemaker:DescribeEndpoint"])
def test_a_deadlines_role_that_may_not_delete(account: Account, may: str) -> None:
    session = account.session()
    subscribe(session)
    account.make_deadline_role(may=may)
    row = wrong(readiness.check(session, MODEL), "deadline's role")
    assert row.detail.endswith(f"{DEADLINE_ROLE} lacks the permission sagemaker:DeleteEndpoint")
    with pytest.raises(NotPermitted, match=r"The deadline would end nothing: .*aws iam put-role-policy"):
        deploy(session, MODEL, "walk", max_usd_per_hour=100.0, tell=quiet)
    assert session.client("sagemaker").list_models()["Models"] == [], "nothing was created"
    account.run(row.fix)
    gets_through(session)


def test_a_deadlines_role_that_is_denied_to_delete(account: Account) -> None:
    session = ready_but_for(account)
    iam = session.client("iam")
    statement = {"Effect": "Deny", "Action": "sagemaker:Delete*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_role_policy(RoleName=DEADLINE_ROLE, PolicyName="keep", PolicyDocument=policy)
    row = wrong(readiness.check(session, MODEL), "deadline's role")
    assert row.fix == "take the Deny of it out of the policy that has it: keep"
    iam.delete_role_policy(RoleName=DEADLINE_ROLE, PolicyName="keep")
    gets_through(session)


def test_where_it_can_not_be_simulated_that_is_said_and_deploy_goes_on(account: Account) -> None:
    session = ready_but_for(account)
    deny(session, "iam", "SimulatePrincipalPolicy")
    row = readiness.check(session, MODEL)["deadline's role"]
    assert row.state == "can't tell"
    assert "you lack iam:SimulatePrincipalPolicy" in row.detail
    told: list[str] = []
    assert deploy(session, MODEL, "walk", max_usd_per_hour=100.0, tell=told.append).status == "InService"
    (said,) = [each for each in told if "sagemaker:DeleteEndpoint can't be told" in each]
    assert "\n" not in said
