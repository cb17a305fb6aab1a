"""Every notebook runs under data/iam-policy.json, and one at least misses each of its statements."""

import ast
import asyncio
import inspect
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers.connect.session import connect
from helpers.deploy.stack import set_up
from helpers.errors import TutorialError
from helpers.sandbox import process
from helpers.sandbox.services.authorization import client as policies
from helpers.sandbox.services.authorization.policy import problems

from .books import BOOKS, ROOT, code_cells, tags
from .test_run import SHORT, own_sandbox

__all__ = ["own_sandbox"]

POLICY = (ROOT / "data/iam-policy.json").read_text(encoding="utf-8")
WHOLE: dict[str, Any] = json.loads(POLICY)
STATEMENTS: dict[str, dict[str, Any]] = {each["Sid"]: each for each in WHOLE["Statement"]}
# The notebook that needs a statement first; it fails without it.
NEEDED_BY = {
    "SeeWhatThereIs": "00_start_here",
    "SubscribeOnMarketplace": "01_subscribe",
    "CreateWhatHasTheTag": "02_deploy",
    "TagWhatIsCreated": "02_deploy",
    "PassTheExecutionRole": "02_deploy",
    "PassTheRoleOfADeadline": "02_deploy",
    "SetDeadlines": "02_deploy",
    "DeleteWhatHasTheTag": "02_deploy",
    "Generate": "03_generate",
    "IsMyAccountReady": "02_deploy",
    "ChangeWhatHasTheTag": "05_in_production",
    "SetAlarms": "05_in_production",
    "MakeADashboard": "05_in_production",
    "LetItScale": "05_in_production",
    "MakeTheAlarmsThatScaleIt": "05_in_production",
    "MakeTheRoleThatScalesIt": "05_in_production",
}
# What no notebook asks for, in the sandbox and with its default parameters, and why it is in the policy.
NOT_ASKED = {
    "cloudwatch:TagResource": "alarms that get their tag as they are made; moto asks no permission for it",
    "application-autoscaling:DeleteScalingPolicy": "ending automatic scaling by hand; its target takes it along",
    "application-autoscaling:DescribeScalableTargets": "leftovers",
    "application-autoscaling:DescribeScalingPolicies": "the console",
    "aws-marketplace:DescribeAgreement": "the console, and account.check",
    "aws-marketplace:GetAgreementTerms": "the console, and account.check",
    "aws-marketplace:SearchListings": "the console",
    "aws-marketplace:Unsubscribe": "the console",
    "aws-marketplace:ViewSubscriptions": "the console",
    "iam:GetRole": "finding the execution role on AWS, and account.check",
    "sagemaker:DescribeModelPackage": "account.check",
    "scheduler:ListSchedules": "leftovers",
    "scheduler:UpdateSchedule": "a deadline that is set anew while it stands",
    "servicequotas:GetAWSDefaultServiceQuota": "account.check",
    "servicequotas:GetServiceQuota": "account.check",
    "servicequotas:ListAWSDefaultServiceQuotas": "account.check",
    "servicequotas:ListServiceQuotas": "account.check, by name where the code is not known",
    "servicequotas:ListRequestedServiceQuotaChangeHistory": "account.check",
    "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota": "account.check",
    "servicequotas:RequestServiceQuotaIncrease": "account.check, with consent",
    "tag:GetResources": "leftovers",
}


def actions(statement: dict[str, Any]) -> list[str]:
    listed = statement["Action"]
    return listed if isinstance(listed, list) else [listed]


def without(sids: Sequence[str]) -> str:
    kept = [each for each in WHOLE["Statement"] if each["Sid"] not in sids]
    return json.dumps({**WHOLE, "Statement": kept})


def names_one(error: str, sid: str) -> bool:
    return any(f"not authorized to perform: {name}" in error for name in actions(STATEMENTS[sid]))


def test_the_policy_is_one_that_iam_and_the_sandbox_take() -> None:
    assert problems(POLICY) == ()
    assert all(sid.isalnum() for sid in STATEMENTS)
    assert len(STATEMENTS) == len(WHOLE["Statement"])
    assert STATEMENTS.keys() == NEEDED_BY.keys()
    assert not [action for each in STATEMENTS.values() for action in actions(each) if "*" in action]


def test_a_role_is_passed_by_name_and_to_one_service() -> None:
    for each in STATEMENTS.values():
        if "iam:PassRole" in actions(each):
            assert isinstance(each["Condition"]["StringEquals"]["iam:PassedToService"], str)
            assert all(arn.startswith("arn:aws:iam::*:role/") for arn in each["Resource"])
            assert not any(arn.endswith("role/*") for arn in each["Resource"])


def run_here(book: Path, given: dict[str, Any], refused: Callable[[str], None]) -> None:
    """Run a notebook's cells in this process, which imports the SDK once.

    `refused` is told each error that ends a cell, and grants what was missing: the cell is run again.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in code_cells(book):
        code = compile(cell.source, str(book), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        while True:
            try:
                if inspect.iscoroutine(work := eval(code, names)):
                    asyncio.run(work)
                break
            except (TutorialError, ClientError) as error:
                refused(str(error))
        if "parameters" in tags(cell):
            chosen = given | SHORT.get(book.stem, {})
            names |= {name: value for name, value in chosen.items() if name in names}


@pytest.mark.slow
def test_the_notebooks_need_every_statement_and_no_other_permission(
    own_sandbox: None, tmp_path: Path
) -> None:
    address = process.start()
    set_up(connect("sandbox"), confirm=True)  # an administrator's part, before the policy holds
    given = {
        "model_id": "cohere-medium",
        "endpoint_name": "test-policy",
        "cancel_subscription": True,
        "runs_folder": str(tmp_path / "runs"),
    }
    used: dict[str, set[str]] = {}

    def note() -> None:
        for action, sids in policies.show(address)["used"].items():
            used.setdefault(action, set()).update(sids)

    for book in BOOKS:
        missing = [sid for sid in STATEMENTS if NEEDED_BY[sid] == book.stem]

        def grant(error: str, missing: list[str] = missing) -> None:
            sid = next((each for each in missing if names_one(error, each)), None) or pytest.fail(error)
            missing.remove(sid)
            note()
            policies.set(address, without(missing))

        policies.set(address, without(missing))
        run_here(book, given, grant)
        assert not missing, f"{book.stem} does not miss {missing}"
        note()
    there = {book.stem for book in BOOKS}
    # a statement may be for a notebook that is still to be written; it counts as soon as that is there
    needed = {sid for sid in STATEMENTS if NEEDED_BY[sid] in there}
    assert needed == set().union(*used.values())
    asked_for = {action for sid in needed for action in actions(STATEMENTS[sid])}
    assert asked_for - used.keys() <= NOT_ASKED.keys()
