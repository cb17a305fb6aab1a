"""The stack of data/account.yaml: what a new account lacks for this tutorial, made by CloudFormation.

Two roles (SageMaker's, and the one that deletes at a deadline), a policy with the reader's permissions, and
on request a monthly budget that sends e-mails. Nothing of it costs anything. Roles are the account's, not a
region's, so one stack in one region is enough.
"""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from ..catalog.data import DATA
from ..connect import consent
from ..connect.aws_errors import explained
from ..connect.roles import DEADLINE_ROLE, find_role
from ..connect.roles import STACK as COMMAND
from ..connect.session import Session
from ..errors import NotPermitted, NotSetUp
from .endpoint import TAG

STACK = "cohere-on-sagemaker"
TEMPLATE = DATA / "account.yaml"
MARK = "Cohere's language models on Amazon SageMaker"  # in the template's description


def set_up(
    session: Session,
    *,
    confirm: bool,
    budget_email: str | None = None,
    budget_usd: float | None = None,
    wait_seconds: float = 600,
    tell: Callable[[str], object] = print,
    sleep: Callable[[float], object] = time.sleep,
) -> bool:
    """Create the stack, or bring it up to date, and wait for it; return whether the role of deadlines exists.

    `confirm` must be exactly True or False (else BadInput). On AWS nothing is made without True; in the
    sandbox it is practice, so a role that lacks is made either way. With `budget_email`, AWS Budgets writes
    there when the account has cost half of `budget_usd` (100) in a month, and all of it; None leaves a
    stack's budget as it is. It takes an administrator's permissions (else NotPermitted). Raises NotSetUp
    where CloudFormation refuses or fails.
    """
    consent.yes_or_no("confirm", confirm)
    consent.amount_or_none("budget_usd", budget_usd)
    if not confirm and (session.spends_money or _has_role(session)):
        return _look(session, tell)
    try:
        with explained(f"make the stack {STACK!r} in {session.region}"):
            _make(session, _given(budget_email, budget_usd), wait_seconds, tell, sleep)
    except NotPermitted as error:
        words = f"{error} Here an administrator's are needed. The same in one command: {COMMAND}"
        raise NotPermitted(words) from error
    except ClientError as error:
        said = error.response["Error"]["Message"]
        raise NotSetUp(f"CloudFormation does not make the stack {STACK!r}: {said}") from error
    return _has_role(session)


def _look(session: Session, tell: Callable[[str], object]) -> bool:
    """Tell whether the account has the role, and how it would get it."""
    try:
        there = _has_role(session)
    except NotPermitted as error:
        tell(f"Nothing was made, and what there is could not be told: {error}")
        return False
    if there:
        tell(f"This account has the role {DEADLINE_ROLE}: nothing is to be made.")
    else:
        tell(
            f"Nothing was made, and this account has no role {DEADLINE_ROLE}. Without it, a deadline needs "
            "an execution role that trusts EventBridge Scheduler. Read data/account.yaml. To have it made, "
            f"say set_up_account = True, or run: {COMMAND}"
        )
    return there


def _has_role(session: Session) -> bool:
    return find_role(session, DEADLINE_ROLE) is not None


def _given(email: str | None, usd: float | None) -> dict[str, str]:
    return {
        **({} if email is None else {"BudgetEmail": email}),
        **({} if usd is None else {"BudgetUsd": f"{usd:.10g}"}),
    }


def _make(
    session: Session,
    given: dict[str, str],
    seconds: float,
    tell: Callable[[str], object],
    sleep: Callable[[float], object],
) -> None:
    api = session.client("cloudformation")
    before = _described(api)
    if before is not None and MARK not in before.get("Description", ""):
        raise NotSetUp(
            f"The stack {STACK!r} in {session.region} is not this tutorial's, and was left as it is: an "
            "update would replace what is in it. Take another region for the stack: roles are the account's."
        )
    if before is None and _has_role(session):
        tell(f"This account has the role {DEADLINE_ROLE} already, from elsewhere: nothing is to be made.")
        return
    known = {each["ParameterKey"]: each["ParameterValue"] for each in (before or {}).get("Parameters", [])}
    asked = {
        "StackName": STACK,
        "TemplateBody": TEMPLATE.read_text(encoding="utf-8"),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": str(value)} for key, value in {**known, **given}.items()
        ],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [TAG],
    }
    if before is None:
        tell(f"CloudFormation makes the stack {STACK}: two roles, a policy, free.")
        api.create_stack(**asked)
    elif not _update(api, asked):
        tell(f"The stack {STACK} is there, and up to date.")
        return
    _wait(api, seconds, sleep)
    tell(f"The stack {STACK} is {_status(api)}.")


def _update(api: Any, asked: dict[str, Any]) -> bool:
    """Update the stack; return False if there is nothing to change."""
    try:
        api.update_stack(**asked)
    except ClientError as error:
        if "No updates are to be performed" not in error.response["Error"]["Message"]:
            raise
        return False
    return True


def _wait(api: Any, seconds: float, sleep: Callable[[float], object]) -> None:
    waited = 0.0
    while (status := _status(api)).endswith("IN_PROGRESS"):
        if waited > seconds:
            raise NotSetUp(
                f"The stack {STACK} is still {status} after {waited:.0f} s: look in CloudFormation."
            )
        sleep(pause := min(10.0, 0.5 + waited / 10))
        waited += pause
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise NotSetUp(
            f"The stack {STACK} is {status}: {_reasons(api)} A stack that was never complete must be deleted "
            f"before it can be made again: aws cloudformation delete-stack --stack-name {STACK}"
        )


def _reasons(api: Any) -> str:
    """Return why resources of the stack failed, newest first."""
    events = api.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"].endswith("FAILED")]
    told = [
        f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', 'no reason')}" for each in failed
    ]
    return "; ".join(told[:5]) + "." if told else "CloudFormation gives no reason."


def _described(api: Any) -> dict[str, Any] | None:
    try:
        return dict(api.describe_stacks(StackName=STACK)["Stacks"][0])
    except ClientError as error:
        if "does not exist" not in error.response["Error"]["Message"]:
            raise
        return None


def _status(api: Any) -> str:
    return str((_described(api) or {}).get("StackStatus", "gone"))
