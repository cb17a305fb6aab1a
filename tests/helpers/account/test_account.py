"""What a check shows where a permission is missing, regions differ, or more of a quota is asked for."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from helpers import account as readiness
from helpers.account import Readiness, Row, request_quota
from helpers.account.__main__ import main
from helpers.account.cases import EXAMPLE, cases
from helpers.account.permissions import permissions
from helpers.connect.roles import DEADLINE_ROLE
from helpers.connect.session import Session
from helpers.connect.trust import SAGEMAKER, SCHEDULER, listed
from helpers.errors import BadInput, NotConnected, SandboxStopped
from helpers.sandbox.settings import ACCOUNT

from .conftest import USER, Account

MODEL = "cohere-medium"


class Denied:
    """A client of AWS to which every operation is denied, or fails in another way."""

    def __init__(self, error: Exception | None = None, message: str = "") -> None:
        self.error, self.message = error, message

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        operation = "".join(part.capitalize() for part in name.split("_"))

        def denied(*_: Any, **__: Any) -> None:
            told = {"Code": "AccessDeniedException", "Message": self.message or "Access denied"}
            raise self.error or ClientError({"Error": told}, operation)

        return denied

    def get_paginator(self, name: str) -> Any:
        return SimpleNamespace(paginate=getattr(self, name))


SERVICES = ("iam", "sagemaker", "service-quotas", "marketplace-agreement", "marketplace-discovery", "pricing")


def denied_session(error: Exception | None = None, message: str = "") -> Session:
    session = Session("aws", "us-east-1", SimpleNamespace(profile_name="default"), "nobody", None)
    who = {"Arn": USER, "Account": ACCOUNT, "UserId": "AIDA"}
    session._clients["sts"] = SimpleNamespace(get_caller_identity=lambda: who)
    session._clients |= {service: Denied(error, message) for service in SERVICES}
    return session


def test_who_may_nothing_is_told_each_permission_and_no_error_is_raised() -> None:
    found = readiness.check(denied_session(), MODEL, software_usd_per_hour=2.0)
    lacking = {
        row.what: row.detail.removeprefix("you lack the permission ")
        for row in found
        if row.state == "can't tell"
    }
    assert lacking == {
        "deadline's role": "iam:GetRole",
        "permissions": "iam:SimulatePrincipalPolicy",
        "subscription": "aws-marketplace:GetListing",
        "terms": "aws-marketplace:GetListing",
        "model package": "sagemaker:DescribeModelPackage",
        "quota": "servicequotas:GetServiceQuota",
    }
    assert [row.what for row in found if row.state == "not ready"] == ["execution role"]


def test_a_permission_is_named_as_aws_names_it() -> None:
    message = f"User: {USER} is not authorized to perform: aws-marketplace:ViewSubscriptions on resource: *"
    found = readiness.check(denied_session(message=message), MODEL)
    assert found["subscription"].detail == "you lack the permission aws-marketplace:ViewSubscriptions"


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://x"),
        ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "X"),
        ClientError({"Error": {"Code": "InternalFailure", "Message": "We fail"}}, "X"),
    ],
)
def test_a_look_that_fails_is_a_row_and_the_others_are_made(error: Exception) -> None:
    found = readiness.check(denied_session(error), MODEL, software_usd_per_hour=2.0)
    assert {row.what for row in found if row.state == "not ready"} <= {"execution role"}
    assert len({row.what for row in found}) == len(list(found)) >= 9


def test_a_sandbox_that_has_ended_and_an_aws_that_is_out_of_reach_are_errors() -> None:
    with pytest.raises(SandboxStopped):
        readiness.check(denied_session(SandboxStopped("gone")), MODEL)
    session = denied_session()
    session._clients["sts"] = Denied(EndpointConnectionError(endpoint_url="https://sts"))
    with pytest.raises(NotConnected, match="Could not ask AWS who you are"):
        readiness.check(session)


def test_without_a_model_it_is_who_you_are_the_region_and_the_roles() -> None:
    whats = [row.what for row in readiness.check(denied_session())]
    assert whats == ["who you are", "region", "execution role", "deadline's role"]


@pytest.mark.parametrize("wrong", [-1, "2.0", True])
def test_a_wrong_price_is_refused_before_any_request(wrong: Any) -> None:
    untouched: Any = SimpleNamespace()
    with pytest.raises(BadInput, match="software_usd_per_hour"):
        readiness.check(untouched, MODEL, software_usd_per_hour=wrong)
    with pytest.raises(BadInput, match="No model 'nonsense'"):
        readiness.check(untouched, "nonsense")


def test_another_region_than_the_usual_one_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    assert readiness.check(denied_session())["region"].state == "ready"
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-west-3\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert told_region() == ("eu-west-3", "the region of your profile 'default'")
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    assert told_region() == ("eu-west-2", "AWS_REGION")
    studio = tmp_path / "metadata.json"
    studio.write_text('{"ResourceArn": "arn:aws:sagemaker:eu-west-1:111122223333:space/d/s"}')
    monkeypatch.setenv("NOTEBOOK_METADATA_FILE", str(studio))
    assert told_region() == ("eu-west-1", "Studio's region")
    session = denied_session()
    session.region = "eu-west-1"
    assert readiness.check(session)["region"] == Row("region", "ready", "eu-west-1, as Studio's region says")
    session.runtime, session.region = "sandbox", "us-east-1"
    assert readiness.check(session)["region"].state == "ready", "the sandbox reads none of your settings"


def told_region() -> tuple[str, str]:
    row = readiness.check(denied_session())["region"]
    assert row.state == "can't tell"
    where = re.fullmatch(
        r"you work in us-east-1, and (.*) is (\S+): which one you mean can't be told", row.detail
    )
    assert where
    assert row.fix == f'region = "{where[2]}"'
    return where[2], where[1]


class Simulator:
    """IAM's simulator, which denies some actions; it keeps what it was asked."""

    def __init__(self, *denied: str) -> None:
        self.denied = denied
        self.asked: list[dict[str, Any]] = []

    def get_role(self, RoleName: str) -> Any:  # noqa: N803
        path = "service-role/" if RoleName == "Data" else ""
        return {"Role": {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{path}{RoleName}", "RoleName": RoleName}}

    def get_paginator(self, name: str) -> Any:
        def paginate(**asked: Any) -> Any:
            self.asked.append(asked)
            for action in asked["ActionNames"]:
                decision = "implicitDeny" if action in self.denied else "allowed"
                yield {"EvaluationResults": [{"EvalActionName": action, "EvalDecision": decision}]}

        return SimpleNamespace(paginate=paginate)


def simulated(simulator: Simulator, caller: str) -> Row:
    session = denied_session()
    session._clients["iam"] = simulator
    return permissions(session, caller)


def assumed(name: str) -> str:
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/ada"


def test_permissions_are_those_of_the_role_that_was_assumed() -> None:
    simulator = Simulator("pricing:GetProducts", "iam:PassRole")
    row = simulated(simulator, assumed("Data"))
    assert row.state == "not ready"
    assert row.detail.startswith("you lack iam:PassRole of arn:aws:iam::")
    assert row.detail.endswith(", pricing:GetProducts")
    assert row.fix.startswith("aws iam put-role-policy --role-name Data ")
    assert {each["PolicySourceArn"] for each in simulator.asked} == {
        f"arn:aws:iam::{ACCOUNT}:role/service-role/Data"
    }
    assert not [each for each in simulator.asked for arn in each["ResourceArns"] if "*" in arn and arn != "*"]


def test_the_roles_that_are_passed_are_asked_for_themselves() -> None:
    simulator = Simulator()
    session = denied_session()
    session._clients["iam"] = simulator
    session.given_role_arn = f"arn:aws:iam::{ACCOUNT}:role/own"
    assert permissions(session, USER).state == "ready"
    passed = {
        entry["ContextKeyValues"][0]: each["ResourceArns"]
        for each in simulator.asked
        for entry in each["ContextEntries"]
        if each["ActionNames"] == ["iam:PassRole"]
    }
    deadline = f"arn:aws:iam::{ACCOUNT}:role/{DEADLINE_ROLE}"
    assert passed == {SAGEMAKER: [session.given_role_arn], SCHEDULER: [deadline]}


def test_a_role_that_the_policy_itself_does_not_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = {
        "Action": "iam:PassRole",
        "Resource": "arn:aws:iam::*:role/cohere-*",
        "Condition": {"StringEquals": {"iam:PassedToService": [SAGEMAKER, SCHEDULER]}},
    }
    policy = {"Statement": [statement]}
    monkeypatch.setattr("helpers.account.permissions.document", lambda name: policy)
    session = denied_session()
    session._clients["iam"] = Simulator("iam:PassRole")
    session.given_role_arn = own = f"arn:aws:iam::{ACCOUNT}:role/own"
    row = permissions(session, USER)
    assert f"iam:PassRole of {own}" in row.detail
    assert f"add {own}" in row.fix


@given(
    st.dictionaries(st.text(), st.lists(st.text(), min_size=1, max_size=4) | st.text(), max_size=4),
    st.sampled_from(["StringEquals", "StringLike"]),
)
def test_every_value_of_a_condition_is_simulated(keys: dict[str, Any], operator: str) -> None:
    session: Any = SimpleNamespace(region="us-east-1", account=ACCOUNT)
    statement = {"Action": "a:B", "Resource": "arn:aws:a:*:*:b/*", "Condition": {operator: keys}}
    found = list(cases(session, statement, {}))
    for key, values in keys.items():
        wanted = {value.replace("*", EXAMPLE) for value in listed(values)}
        assert {case.context[key] for case in found} >= wanted
    assert {case.resources for case in found} == {(f"arn:aws:a:us-east-1:{ACCOUNT}:b/{EXAMPLE}",)}


def test_a_ready_row_says_what_the_simulator_does_not_see() -> None:
    row = simulated(Simulator(), USER)
    assert row.state == "ready"
    assert "not seen by the simulator: policies of resources" in row.detail


@pytest.mark.parametrize(
    ("caller", "state", "fix"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", "ready", ""),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/ada", "can't tell", ""),
        (USER, "not ready", "aws iam create-policy --policy-name cohere-on-sagemaker"),
    ],
)
def test_callers_of_other_kinds(caller: str, state: str, fix: str) -> None:
    row = simulated(Simulator("pricing:GetProducts"), caller)
    assert row.state == state
    assert row.fix.startswith(fix)


def test_the_role_of_identity_center_gets_it_by_its_permission_set() -> None:
    session = denied_session()
    simulator = Simulator("pricing:GetProducts")
    simulator.get_role = Denied().get_role  # type: ignore[method-assign]
    session._clients["iam"] = simulator
    row = permissions(session, assumed("AWSReservedSSO_Admin_0a1b"))
    assert row.fix == "add data/iam-policy.json to your permission set, in IAM Identity Center"


@pytest.mark.parametrize("confirm", [1, "True", None])
def test_consent_to_a_request_is_exactly_true(confirm: Any) -> None:
    untouched: Any = SimpleNamespace()
    with pytest.raises(BadInput, match="confirm"):
        request_quota(untouched, "ml.g5.xlarge", 1, confirm=confirm)
    assert request_quota(untouched, "ml.g5.xlarge", 1, confirm=False) is None


@pytest.mark.parametrize("instances", [0, -1, 1.0, True, "1", 1001, None])
def test_a_wrong_number_is_refused_before_any_request(instances: Any) -> None:
    untouched: Any = SimpleNamespace()
    with pytest.raises(BadInput, match="instances"):
        request_quota(untouched, "ml.g5.xlarge", instances, confirm=True)
    with pytest.raises(BadInput, match=r"ml\.nonsense"):
        request_quota(untouched, "ml.nonsense", 1, confirm=True)


def test_a_request_is_made_once_and_never_for_what_there_is(account: Account) -> None:
    session = account.session()
    with pytest.raises(BadInput, match=r"The quota for ml\.g5\.xlarge is 2 already"):
        request_quota(session, "ml.g5.xlarge", 2, confirm=True)
    made = request_quota(session, "ml.g5.xlarge", 3, confirm=True)
    again = request_quota(session, "ml.g5.xlarge", 5, confirm=True)
    assert made
    assert again
    assert (made.status, made.instances) == ("PENDING", 3)
    assert (again.id, again.status, again.instances) == (made.id, "CASE_OPENED", 3)


@given(st.text(), st.text())
def test_the_table_is_one_line_a_row_whatever_aws_says(detail: str, fix: str) -> None:
    shown = Readiness((Row("quota", "can't tell", detail, fix),))._repr_markdown_()
    counted, table = shown.split("\n\n")
    assert counted == "**0 of 1 are ready.**"
    head, rule, *rows = table.split("\n")
    assert head.count("|") == rule.count("|") == 5
    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 5
    folded = Readiness((Row("quota", "ready", detail),))._repr_markdown_().split("\n\n")
    assert folded[0] == "**1 of 1 are ready.**"
    assert folded[1] == "<details><summary>What is ready</summary>"
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in folded[2].split("\n")] == [3, 3, 3]


def test_the_table_begins_with_what_is_not_ready() -> None:
    rows = (
        Row("region", "ready", "here"),
        Row("quota", "not ready", "none", "ask"),
        Row("price", "can't tell", "-"),
    )
    counted, first, *rest = Readiness(rows)._repr_markdown_().split("\n\n")
    assert counted == "**1 of 3 are ready.**"
    assert first.split("\n")[2:] == [
        "| quota | **not ready** | none | ask |",
        "| price | **can't tell** | - |  |",
    ]
    assert [line for part in rest for line in part.split("\n") if "here" in line] == ["| region | here |"]


def test_a_source_that_was_wrapped_to_be_printed_is_one_phrase_in_the_table() -> None:
    found = readiness.check(denied_session(), MODEL, software_usd_per_hour=2.0)["price"].detail
    assert "AWS Marketplace page, screenshot" in found
    assert "calling the GetProducts operation" in found


def test_the_table_as_text_and_as_a_frame() -> None:
    found = Readiness((Row("quota", "not ready", "none", "ask"), Row("price", "ready", "$1")))
    assert (
        str(found)
        == repr(found)
        == "not ready   quota  none\n                   -> ask\nready       price  $1"
    )
    assert found.frame().loc["quota", "fix"] == "ask"
    with pytest.raises(KeyError):
        found["nothing"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--region", "nowhere"],
        ["--runtime", "azure"],
        ["--model-id", "nonsense"],
        ["--endpoint-name", "a b"],
        ["--role-arn", "me"],
        ["--runtime", "aws"],
    ],
)
def test_the_command_line_refuses_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_command_line_ends_with_1_for_not_ready_and_0_for_ready(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account.make_deadline_role()
    session = account.session()
    monkeypatch.setattr("helpers.account.__main__.connect", lambda *_, **__: session)
    assert main([]) == 1
    assert "run 01_subscribe" in capsys.readouterr().out
    readiness_of_subscribed(session)
    assert main(["--endpoint-name", "e", "--instance-type", "ml.g5.xlarge"]) == 0


def readiness_of_subscribed(session: Session) -> None:
    from helpers.subscribe import marketplace

    marketplace.subscribe(session, MODEL, accept_terms=True, tell=lambda _: None)
