"""Wrong states of an account: the check finds each, and after its cure, as written, deploy works."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from helpers import account as readiness
from helpers import catalog
from helpers.account import Readiness, Row
from helpers.catalog.data import document
from helpers.clean_up.delete import delete
from helpers.connect.roles import EXECUTION_ROLE, STACK
from helpers.connect.session import Session
from helpers.connect.trust import SAGEMAKER, SCHEDULER
from helpers.deploy.deployment import deploy
from helpers.errors import QuotaExceeded
from helpers.sandbox.faults import client as faults
from helpers.sandbox.settings import ACCOUNT, ROLE_ARN
from helpers.subscribe import marketplace

from .conftest import REGION, USER, Account

MODEL, TYPE = "cohere-medium", "ml.g5.xlarge"
RESERVED = "AWSReservedSSO_Admin_0a1b2c3d"


def quiet(_: object) -> None:
    """Tell nobody."""


def subscribe(session: Session) -> None:
    """What 01_subscribe does."""
    marketplace.subscribe(session, MODEL, accept_terms=True, tell=quiet)


def ready_but_for(account: Account, *, subscribed: bool = True, region: str = REGION) -> Session:
    """A session of an account that is ready but for what the test spoils."""
    account.make_deadline_role()
    session = account.session(region=region)
    if subscribed:
        subscribe(session)
    return session


def make_the_stacks_roles(account: Account) -> None:
    """Make the roles that data/account.yaml makes."""
    account.make_role(EXECUTION_ROLE, SAGEMAKER)
    account.make_deadline_role()


def wrong(found: Readiness, what: str) -> Row:
    """That row, which is the only one that is not ready, and says so in one line each."""
    assert [row.what for row in found if row.state == "not ready"] == [what], str(found)
    assert not found.ready
    row = found[what]
    assert row.detail
    assert row.fix
    assert "\n" not in row.detail + row.fix
    return row


def gets_through(
    session: Session, instance_type: str = TYPE, model: str | catalog.Model = MODEL, **more: Any
) -> None:
    """The check finds nothing that is not ready, and the walk's deploy goes through."""
    found = readiness.check(session, model, instance_type, **more)
    assert found.ready, str(found)
    made = deploy(session, model, "walk", instance_type, max_usd_per_hour=100.0, tell=quiet)
    assert made.status == "InService"


def test_a_ready_account_gets_through(account: Account) -> None:
    gets_through(ready_but_for(account))


def test_no_role(account: Account) -> None:
    subscribe(account.session())
    session = account.session(None, caller=USER)
    found = readiness.check(session, MODEL)
    assert [row.what for row in found if row.state == "not ready"] == ["execution role", "deadline's role"]
    assert STACK in found["execution role"].fix
    make_the_stacks_roles(account)
    gets_through(session)
    assert session.role_arn.endswith(EXECUTION_ROLE)


def test_a_reserved_role(account: Account) -> None:
    subscribe(account.session())
    account.make_role(RESERVED, SAGEMAKER, SCHEDULER, path="/aws-reserved/sso.amazonaws.com/", may="*")
    session = account.session(None, caller=f"arn:aws:sts::{ACCOUNT}:assumed-role/{RESERVED}/ada")
    found = readiness.check(session, MODEL)
    assert f"{RESERVED} is reserved" in found["execution role"].detail
    assert STACK in found["execution role"].fix
    make_the_stacks_roles(account)
    gets_through(session)


def test_an_untrusting_role(account: Account) -> None:
    subscribe(account.session())
    account.make_deadline_role()
    role = account.make_role("data-science", "ec2.amazonaws.com")
    row = wrong(readiness.check(account.session(role), MODEL), "execution role")
    assert "does not trust sagemaker.amazonaws.com" in row.detail
    account.run(row.fix)
    gets_through(account.session(role))
    kept = account.session().client("iam").get_role(RoleName="data-science")["Role"]
    assert "ec2.amazonaws.com" in json.dumps(kept["AssumeRolePolicyDocument"])


def simulator(session: Session) -> None:
    """IAM's simulator as the caller's own policies have it: the whole of a policy's actions, or nothing."""
    iam = session.client("iam")

    def allowed() -> set[str]:
        attached = iam.list_attached_user_policies(UserName="ada")["AttachedPolicies"]
        arns = [each["PolicyArn"] for each in attached]
        versions = [iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"] for arn in arns]
        statements = [each for version in versions for each in version["Document"]["Statement"]]
        return {action for each in statements for action in _listed(each["Action"])}

    def answer(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]] | None:
        body = params["body"]
        if body["PolicySourceArn"] != USER:  # the sandbox simulates roles itself
            return None
        actions, may = (
            [value for key, value in body.items() if key.startswith("ActionNames.member.")],
            allowed(),
        )
        results = [
            {"EvalActionName": each, "EvalDecision": "allowed" if each in may else "implicitDeny"}
            for each in actions
        ]
        return FakeResponse(), {"EvaluationResults": results, "IsTruncated": False}

    iam.meta.events.register("before-call.iam.SimulatePrincipalPolicy", answer)


class FakeResponse:
    status_code = 200


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_no_permission(account: Account) -> None:
    make_the_stacks_roles(account)
    session = account.session(None, caller=USER)
    subscribe(session)
    session.client("iam").create_user(UserName="ada")
    simulator(session)
    row = wrong(readiness.check(session, MODEL), "permissions")
    assert "sagemaker:CreateEndpoint," in row.detail
    account.run(row.fix)
    gets_through(session)
    every = {action for each in document("iam-policy")["Statement"] for action in _listed(each["Action"])}
    assert f"all {len(every)} actions" in readiness.check(session, MODEL)["permissions"].detail


def test_a_wrong_region(account: Account) -> None:
    session = ready_but_for(account, region="ap-east-1")
    row = wrong(readiness.check(session, MODEL), "region")
    assert "is not published in ap-east-1" in row.detail
    region = row.fix.removeprefix('region = "').rstrip('"')
    gets_through(account.session(region=region))


def test_no_subscription(account: Account) -> None:
    session = ready_but_for(account, subscribed=False)
    row = wrong(readiness.check(session, MODEL), "subscription")
    assert row.fix == "run 01_subscribe with the same model_id"
    subscribe(session)
    gets_through(session)


@pytest.mark.parametrize("account", [2], indirect=True)
def test_a_pending_entitlement(account: Account) -> None:
    session = ready_but_for(account, subscribed=False)
    marketplace.subscribe(session, MODEL, accept_terms=True, wait_seconds=0, tell=quiet)
    row = wrong(readiness.check(session, MODEL), "subscription")
    assert "entitlement is pending" in row.detail
    assert row.fix == "wait some minutes, then check again"
    while readiness.check(session, MODEL)["subscription"].state != "ready":
        time.sleep(0.2)
    gets_through(session)


def test_a_package_that_is_not_visible(account: Account) -> None:
    session = ready_but_for(account)
    arn = catalog.model(MODEL).package_arn("us-east-1")
    unseen = replace(catalog.model(MODEL), arn=f"{arn}0")
    row = wrong(readiness.check(session, unseen), "model package")
    assert f"SageMaker does not see {arn}0" in row.detail
    assert "Configure page of https://aws.amazon.com/marketplace/pp/" in row.fix
    gets_through(session, model=catalog.choose(MODEL, arn))


def test_a_type_that_is_not_supported(account: Account) -> None:
    session = ready_but_for(account)
    found = readiness.check(session, MODEL, "ml.g4dn.xlarge", software_usd_per_hour=2.0)
    row = wrong(found, "instance type")
    assert "does not run on ml.g4dn.xlarge" in row.detail
    instance_type = row.fix.removeprefix('instance_type = "').rstrip('"')
    gets_through(session, instance_type)


def test_a_quota_of_0(account: Account) -> None:
    session = ready_but_for(account)
    faults.set(account.address, "quota", instance_type=TYPE, limit=0)
    row = wrong(readiness.check(session, MODEL), "quota")
    assert "0 of 0" in row.detail
    asked = ask_for_more(row.fix, session)
    waiting = wrong(readiness.check(session, MODEL), "quota")
    assert f"1 were asked for on {asked.created:%Y-%m-%d}, which is CASE_OPENED" in waiting.detail
    assert waiting.fix.startswith("wait for AWS's answer")
    faults.set(account.address, "quota", instance_type=TYPE, limit=1)  # AWS grants it
    gets_through(session)


def ask_for_more(fix: str, session: Session) -> readiness.QuotaRequest:
    """Run the Python of a fix, as a reader does in a notebook."""
    asked = eval(fix, {"account": readiness, "session": session})
    assert isinstance(asked, readiness.QuotaRequest)
    return asked


def test_a_quota_that_is_used_up(account: Account) -> None:
    session = ready_but_for(account)
    faults.set(account.address, "quota", instance_type=TYPE, limit=1)
    deploy(session, MODEL, "another", max_usd_per_hour=100.0, tell=quiet)
    row = wrong(readiness.check(session, MODEL), "quota")
    assert f"1 of 1 {TYPE} in use (L-1928E07B), by another (1)" in row.detail
    assert readiness.check(session, MODEL, endpoint_name="another").ready, "deploy attaches to it"
    with pytest.raises(QuotaExceeded, match=r"is 1, and another \(1\) in use"):
        deploy(session, MODEL, "walk", max_usd_per_hour=100.0, tell=quiet)
    assert len(session.client("sagemaker").list_models()["Models"]) == 1, "nothing was created"
    do, _, _ = row.fix.partition(", if you need it no more")
    eval(do, {"delete": delete, "session": session})
    gets_through(session)


def test_a_role_that_does_not_trust_the_scheduler(account: Account) -> None:
    role = account.make_role("only-sagemaker", SAGEMAKER)
    session = account.session(role)
    subscribe(session)
    row = wrong(readiness.check(session, MODEL), "deadline's role")
    assert f"{role} does not trust scheduler.amazonaws.com" in row.detail
    assert STACK in row.fix
    account.make_deadline_role()  # as the stack does
    gets_through(session)


def test_a_deadlines_role_that_was_spoiled(account: Account) -> None:
    session = account.session()
    subscribe(session)
    account.make_deadline_role(SAGEMAKER)
    row = wrong(readiness.check(session, MODEL), "deadline's role")
    account.run(row.fix)
    gets_through(session)
    assert session.role_arn == ROLE_ARN
