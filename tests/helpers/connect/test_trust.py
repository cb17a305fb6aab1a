"""Whom a role trusts: as IAM's documentation has it, and as the sandbox evaluates the same policy."""

import json
import shlex
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpers.connect.roles import distrust
from helpers.connect.trust import GROUP, SAGEMAKER, SCHEDULER, trust
from helpers.sandbox.services.authorization.policy import problems
from helpers.sandbox.services.iam import Roles
from helpers.sandbox.settings import ACCOUNT

REGION, OTHER = "us-east-1", "999900001111"
ARN = f"arn:aws:iam::{ACCOUNT}:role/deadline"
OWN, THEIRS = {"aws:SourceAccount": ACCOUNT}, {"aws:SourceAccount": OTHER}


def allow(service: str = SCHEDULER, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **more}


def deny(**more: Any) -> dict[str, Any]:
    return allow(**{"Effect": "Deny", **more})


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    return allow(Condition={operator: {key: value}})


def role(*statements: Any) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return {"Arn": ARN, "RoleName": "deadline", "AssumeRolePolicyDocument": document}


def source(account: str = ACCOUNT, group: str = GROUP, region: str = "*") -> str:
    return f"arn:aws:scheduler:{region}:{account}:schedule-group/{group}"


@pytest.mark.parametrize(
    ("statements", "effect"),
    [
        ([], "implicitDeny"),
        ([allow()], "allowed"),
        ([allow(SAGEMAKER)], "implicitDeny"),
        ([allow(Principal={"Service": [SAGEMAKER, SCHEDULER]})], "allowed"),
        ([allow(Action="STS:assume*")], "allowed"),
        ([allow(Action="*")], "allowed"),
        ([allow(Action=["sts:TagSession", "sts:Assume?ole"])], "allowed"),
        ([allow(Action="sts:TagSession")], "implicitDeny"),
        (
            [{**{key: value for key, value in allow().items() if key != "Action"}, "NotAction": "s3:*"}],
            "allowed",
        ),
        ([allow(), deny()], "explicitDeny"),
        ([deny(), allow()], "explicitDeny"),
        ([deny()], "explicitDeny"),
        ([allow(), deny(Action="sts:Tag*")], "allowed"),
        ([allow(), deny(Principal={"Service": SAGEMAKER})], "allowed"),
        # everybody, which of an Allow may or may not mean services
        ([allow(Principal="*")], "unknown"),
        ([allow(Principal={"AWS": "*"})], "unknown"),
        ([allow(), deny(Principal="*")], "explicitDeny"),
        ([allow(), deny(Principal={"AWS": ["*"]})], "explicitDeny"),
        ([allow(Principal={"AWS": ACCOUNT})], "implicitDeny"),
        ([allow(), {"Effect": "Deny", "Action": "*", "NotPrincipal": {"AWS": ACCOUNT}}], "explicitDeny"),
        ([allow(), {"Effect": "Deny", "Action": "*", "NotPrincipal": {"Service": SCHEDULER}}], "allowed"),
        # the confused deputy
        ([when("StringEquals", "aws:SourceAccount", ACCOUNT)], "allowed"),
        ([when("StringEquals", "AWS:sourceaccount", [OTHER, ACCOUNT])], "allowed"),
        ([when("StringEquals", "aws:SourceAccount", OTHER)], "implicitDeny"),
        ([when("StringEqualsIfExists", "aws:SourceAccount", OTHER)], "implicitDeny"),
        ([when("StringNotEquals", "aws:SourceAccount", OTHER)], "allowed"),
        ([when("ArnLike", "aws:SourceArn", source())], "allowed"),
        ([when("ArnEquals", "aws:SourceArn", source(group="*", region=REGION))], "allowed"),
        ([when("StringLike", "aws:SourceArn", source(group="cohere*"))], "allowed"),
        ([when("ArnLike", "aws:SourceArn", source(OTHER))], "implicitDeny"),
        ([when("ArnLike", "aws:SourceArn", source(group="another"))], "implicitDeny"),
        ([when("ArnLike", "aws:SourceArn", source(region="eu-west-1"))], "implicitDeny"),
        ([allow(), deny(Condition={"StringNotEquals": OWN})], "allowed"),
        ([allow(), deny(Condition={"StringEquals": OWN})], "explicitDeny"),
        (
            [allow(Condition={"StringEquals": OWN, "ArnLike": {"aws:SourceArn": source(OTHER)}})],
            "implicitDeny",
        ),
        # what can't be judged from here
        ([when("StringEquals", "aws:SourceOrgID", "o-1")], "unknown"),
        ([when("Bool", "aws:SourceAccount", "true")], "unknown"),
        ([when("StringEquals", "aws:SourceAccount", "${aws:PrincipalAccount}")], "unknown"),
        ([allow(), deny(Condition={"StringNotEquals": {"aws:SourceOrgID": "o-1"}})], "unknown"),
        ([when("StringEquals", "aws:SourceOrgID", "o-1"), allow()], "allowed"),
        ([when("StringEquals", "aws:SourceOrgID", "o-1"), deny()], "explicitDeny"),
        ([deny(Condition={"Bool": {"aws:SecureTransport": "false"}})], "implicitDeny"),
    ],
)
def test_what_a_trust_policy_says(statements: list[Any], effect: str) -> None:
    assert trust(role(*statements), SCHEDULER, REGION).effect == effect


@pytest.mark.parametrize(
    ("operator", "pattern", "effect"),
    [
        ("ArnLike", f"arn:aws:sagemaker:*:{ACCOUNT}:*", "allowed"),
        ("StringLike", f"arn:aws:sagemaker:us-*:{ACCOUNT}:*", "allowed"),
        ("ArnLike", f"arn:aws:sagemaker:*:{OTHER}:*", "implicitDeny"),
        ("ArnLike", f"arn:aws:sagemaker:*:{ACCOUNT}:training-job/*", "unknown"),
        ("StringEquals", f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model/a", "unknown"),
    ],
)
def test_of_what_sagemaker_acts_for_only_the_account_is_known(
    operator: str, pattern: str, effect: str
) -> None:
    statement = {**allow(SAGEMAKER), "Condition": {operator: {"aws:SourceArn": pattern}}}
    assert trust(role(statement), SAGEMAKER, REGION).effect == effect


@pytest.mark.parametrize("document", [None, {}, {"Statement": []}, {"Statement": allow("ec2.amazonaws.com")}])
def test_a_policy_that_names_no_service_trusts_none(document: Any) -> None:
    assert (
        trust({"Arn": ARN, "AssumeRolePolicyDocument": document}, SAGEMAKER, REGION).effect == "implicitDeny"
    )


def test_what_can_not_be_told_is_said_in_one_sentence_with_the_statement() -> None:
    found = distrust(role(when("StringEquals", "aws:SourceOrgID", "o-1")), SCHEDULER, REGION)
    assert found
    assert not found.sure
    assert found.why.startswith(f"whether {ARN} trusts {SCHEDULER} can't be told: ")
    assert '"aws:SourceOrgID": "o-1"' in found.why
    assert "\n" not in found.why + found.cure


services = st.sampled_from([SAGEMAKER, SCHEDULER, "ec2.amazonaws.com", "*"])
texts = st.sampled_from(
    [
        *(
            ACCOUNT,
            OTHER,
            "*",
            f"{ACCOUNT[:6]}*",
            "arn:*",
            "${aws:x}",
            source(),
            source(region=REGION),
            source(OTHER),
        ),
        *(
            source(group="c?here-*"),
            f"arn:aws:sagemaker:*:{ACCOUNT}:*",
            f"arn:aws:sagemaker:*:{ACCOUNT}:model/m*",
        ),
        *(
            f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/mine",
            f"arn:*:sagemaker:*:{OTHER}:*",
            "arn:aws:sagemaker:*",
        ),
    ]
)
operators = st.sampled_from(
    [
        *(
            f"{kind}{no}{how}{maybe}"
            for kind in ("String", "Arn")
            for no in ("", "Not")
            for how in ("Equals", "Like")
            for maybe in ("", "IfExists")
        ),
        *("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "Bool", "Null", "ForAnyValue:StringEquals"),
    ]
)
keys = st.sampled_from(
    ["aws:SourceAccount", "AWS:SOURCEARN", "aws:SourceArn", "aws:SourceOrgID", "sts:ExternalId"]
)
conditions = st.dictionaries(
    operators,
    st.dictionaries(keys, texts | st.lists(texts, max_size=2), min_size=1, max_size=2),
    max_size=2,
)
principals = st.just("*") | st.fixed_dictionaries(
    {},
    optional={
        "Service": services | st.lists(services, min_size=1),
        "AWS": st.sampled_from(["*", ACCOUNT, [ARN]]),
    },
).filter(bool)
actions = st.sampled_from(
    ["sts:AssumeRole", "STS:Assume*", "*", "sts:TagSession", ["s3:*", "sts:?ssumerole"]]
)


@st.composite
def any_statement(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(actions),
        draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"])): draw(principals),
        "Condition": draw(conditions),
    }


class OneRole(Roles):
    """The sandbox's roles: one, with that trust policy."""

    def __init__(self, described: dict[str, Any]) -> None:
        super().__init__()
        self._document = json.dumps(described["AssumeRolePolicyDocument"])

    def trust_policy(self, arn: str) -> str | None:
        return self._document


SOURCE = {SCHEDULER: source(region=REGION), SAGEMAKER: f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/mine"}


@given(st.lists(any_statement(), min_size=1, max_size=4), st.sampled_from([SAGEMAKER, SCHEDULER]))
def test_what_it_claims_to_know_is_what_the_sandbox_evaluates(statements: list[Any], service: str) -> None:
    """The sandbox takes a Deny that it does not evaluate as one that holds: such a policy is left out."""
    denies = [each for each in statements if each["Effect"] == "Deny"]
    assume(not denies or not problems(json.dumps({"Statement": denies}), trust=True))
    described = role(*statements)
    told = trust(described, service, REGION).effect
    if told != "unknown":
        assert OneRole(described).trusts(ARN, service, SOURCE[service]) == (told == "allowed"), told


@given(st.lists(any_statement(), max_size=4), st.sampled_from([SAGEMAKER, SCHEDULER]))
def test_after_the_cure_nothing_is_known_to_be_wrong(statements: list[Any], service: str) -> None:
    found = distrust(role(*statements), service, REGION)
    if found and found.sure:
        document = json.loads(shlex.split(found.cure)[-1])
        again = trust(role(*document["Statement"]), service, REGION).effect
        assert again in ("allowed", "unknown")
