"""The stack of data/account.yaml: lint, made, used, deleted; and never claimed where it is not made."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers.clean_up.delete import delete
from helpers.connect.roles import DEADLINE_ROLE, EXECUTION_ROLE
from helpers.connect.session import Session, connect
from helpers.connect.trust import SAGEMAKER, SCHEDULER, trust
from helpers.deploy.deadline import deadline_role, find_deadline, prove_deadline, set_deadline
from helpers.deploy.deployment import deploy
from helpers.deploy.stack import COMMAND, MARK, STACK, TEMPLATE, set_up
from helpers.errors import NotPermitted, NotSetUp
from helpers.sandbox import process
from helpers.sandbox.settings import ROLE_NAME
from helpers.subscribe import marketplace
from tests.account_template import DEADLINE_POLICY, POLICY, with_policy

from ..conftest import quiet
from ..events import deny, watch

CLOUDFORMATION_MOST = 6144  # characters of a managed policy, without white space (IAM's quotas)
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "RoleName": "made",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
    },
}


@pytest.fixture(scope="module")
def bare(sandbox: process.Address) -> Session:
    """A session of an account as new as AWS makes it."""
    return connect("sandbox")


@pytest.fixture
def stack(bare: Session) -> Any:
    """CloudFormation, without our stack before and after."""
    api = bare.client("cloudformation")
    yield api
    api.delete_stack(StackName=STACK)


def paying() -> Session:
    session = connect()
    session.runtime = "aws"
    return session


def test_the_template_passes_cfn_lint() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("cfn-lint")), str(TEMPLATE)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_readers_policy_in_it_is_the_one_of_the_file() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    assert text == with_policy(text), "write it anew: python -m tests.account_template"
    policy = json.dumps(json.loads(POLICY.read_text(encoding="utf-8")), separators=(",", ":"))
    assert len(policy) <= CLOUDFORMATION_MOST


def test_a_new_account_lacks_a_role_and_is_told_what_to_do(bare: Session) -> None:
    marketplace.subscribe(bare, "cohere-medium", tell=quiet)
    asked = watch(bare, "sagemaker")
    with pytest.raises(NotPermitted, match=rf"{ROLE_NAME} does not let .* set_up_account = True"):
        deploy(bare, "cohere-medium", "demo", tell=quiet)
    assert not [each for each in asked if each.startswith("Create")]
    with pytest.raises(NotPermitted, match="one command"):
        prove_deadline(bare)
    assert deploy(bare, "cohere-medium", "demo", delete_after_hours=None, tell=quiet).status == "InService"
    assert delete(bare, "demo", tell=quiet)


def test_it_is_made_used_and_deleted(bare: Session, stack: Any) -> None:
    told: list[str] = []
    assert set_up(bare, confirm=True, tell=told.append)
    assert told[-1] == f"The stack {STACK} is CREATE_COMPLETE."
    names = (EXECUTION_ROLE, DEADLINE_ROLE)
    roles = {name: bare.client("iam").get_role(RoleName=name)["Role"] for name in names}
    services = {EXECUTION_ROLE: SAGEMAKER, DEADLINE_ROLE: SCHEDULER}
    for name, service in services.items():
        trusted = {
            each for each in services.values() if trust(roles[name], each, "us-east-1").effect == "allowed"
        }
        assert trusted == {service}
    named = {"RoleName": DEADLINE_ROLE, "PolicyName": "delete-endpoints-of-the-tutorial"}
    assert bare.client("iam").get_role_policy(**named)["PolicyDocument"] == DEADLINE_POLICY
    assert deadline_role(bare) == prove_deadline(bare) == roles[DEADLINE_ROLE]["Arn"]
    assert bare.client("scheduler").list_schedules(GroupName=STACK)["Schedules"] == []
    assert set_deadline(bare, "demo", 1) == find_deadline(bare, "demo")
    set_deadline(bare, "demo", None)
    (found,) = stack.describe_stacks(StackName=STACK)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
    assert outputs["ExecutionRoleArn"] == roles[EXECUTION_ROLE]["Arn"]
    policy = bare.client("iam").get_policy(PolicyArn=outputs["ReaderPolicyArn"])["Policy"]
    version = {"PolicyArn": policy["Arn"], "VersionId": policy["DefaultVersionId"]}
    made = bare.client("iam").get_policy_version(**version)["PolicyVersion"]["Document"]
    assert made == json.loads(POLICY.read_text(encoding="utf-8"))

    assert set_up(bare, confirm=True, tell=told.append)
    assert told[-1] == f"The stack {STACK} is there, and up to date."
    stack.delete_stack(StackName=STACK)
    for name in roles:
        with pytest.raises(ClientError, match="not found"):
            bare.client("iam").get_role(RoleName=name)
    with pytest.raises(ClientError):
        bare.client("iam").get_policy(PolicyArn=policy["Arn"])


def test_the_one_command_makes_it_too(bare: Session, stack: Any, sandbox: process.Address) -> None:
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": sandbox.access_key_id,
        "AWS_SECRET_ACCESS_KEY": sandbox.secret_access_key,
        "AWS_ENDPOINT_URL": sandbox.url,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    command = [str(Path(sys.executable).with_name("aws")), *COMMAND.split()[1:]]
    done = subprocess.run(command, cwd=TEMPLATE.parents[1], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert stack.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"].endswith("_COMPLETE")
    assert deadline_role(bare).endswith(DEADLINE_ROLE)


def test_on_aws_nothing_is_made_without_a_word(bare: Session, stack: Any) -> None:
    told: list[str] = []
    session = paying()
    asked = watch(session, "cloudformation")
    assert not set_up(session, confirm=False, tell=told.append)
    assert asked == []
    assert COMMAND in told[0]
    assert set_up(session, confirm=True, tell=quiet)
    assert set_up(session, confirm=False, tell=told.append)
    assert "nothing is to be made" in told[-1]


def test_a_role_from_elsewhere_is_taken_as_it_is(bare: Session, stack: Any) -> None:
    told: list[str] = []
    set_up(bare, confirm=True, tell=quiet)
    assert set_up(connect(region="eu-west-1"), confirm=True, tell=told.append)
    assert "from elsewhere" in told[0]


def test_a_foreign_stack_of_that_name_is_left_as_it_is(bare: Session, stack: Any) -> None:
    assert MARK in TEMPLATE.read_text(encoding="utf-8")
    foreign = json.dumps({"Resources": {"Mine": ROLE}})
    stack.create_stack(StackName=STACK, TemplateBody=foreign, Capabilities=["CAPABILITY_NAMED_IAM"])
    asked = watch(bare, "cloudformation")
    with pytest.raises(NotSetUp, match="not this tutorial's"):
        set_up(bare, confirm=True, tell=quiet)
    assert [each for each in asked if not each.startswith("Describe")] == []


def test_who_may_not_make_it_is_told_whom_to_ask(bare: Session, stack: Any) -> None:
    session = connect()
    deny(session, "cloudformation", "CreateStack")
    with pytest.raises(NotPermitted, match=r"an administrator's are needed.*aws cloudformation deploy"):
        set_up(session, confirm=True, tell=quiet)


# --- the sandbox's CloudFormation claims nothing


def template(**resources: Any) -> str:
    return json.dumps({"Resources": resources})


@pytest.mark.parametrize(
    "kind",
    ["AWS::SageMaker::Endpoint", "AWS::SageMaker::Model", "AWS::Budgets::Budget", "AWS::Scheduler::Schedule"],
)
def test_what_it_cannot_make_is_refused_before_anything_is_made(bare: Session, stack: Any, kind: str) -> None:
    body = template(Role=ROLE, Other={"Type": kind, "Properties": {}})
    with pytest.raises(ClientError, match=rf"Unrecognized resource types: \[{kind}\]"):
        stack.create_stack(StackName=STACK, TemplateBody=body)
    assert STACK not in str(stack.describe_stacks()["Stacks"])
    with pytest.raises(ClientError, match="not found"):
        bare.client("iam").get_role(RoleName="made")


def test_a_budget_is_not_claimed(bare: Session, stack: Any) -> None:
    with pytest.raises(NotSetUp, match=r"AWS::Budgets::Budget.*does not practise"):
        set_up(bare, confirm=True, budget_email="ada@example.com", tell=quiet)
    set_up(bare, confirm=True, tell=quiet)
    with pytest.raises(NotSetUp, match=r"AWS::Budgets::Budget.*does not practise"):
        set_up(bare, confirm=True, budget_email="ada@example.com", budget_usd=5, tell=quiet)


def test_a_change_that_moto_would_not_make_is_refused(bare: Session, stack: Any) -> None:
    stack.create_stack(StackName=STACK, TemplateBody=template(Role=ROLE))
    other = {**ROLE, "Properties": {**ROLE["Properties"], "Description": "another"}}  # type: ignore[dict-item]
    with pytest.raises(ClientError, match=r"cannot change AWS::IAM::Role: delete the stack"):
        stack.update_stack(StackName=STACK, TemplateBody=template(Role=other))
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stack.update_stack(StackName=STACK, TemplateBody=template(Role=ROLE))
