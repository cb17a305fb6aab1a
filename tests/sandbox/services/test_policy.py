"""The evaluation of policies, and which permissions a request needs."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.sandbox.aws.service import Context
from helpers.sandbox.services.authorization import principals
from helpers.sandbox.services.authorization.conditions import arn_like, like
from helpers.sandbox.services.authorization.permissions import needed
from helpers.sandbox.services.authorization.policy import Permission, decide, problems
from helpers.sandbox.settings import ACCOUNT, ROLE_ARN, ROLE_NAME

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"
OURS = {"aws:resourcetag/made-by": "us"}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect="Allow", action="sagemaker:DeleteEndpoint", resource="*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def effect_of(asked, *statements):
    return decide({"p": policy(*statements)}, asked).effect


def when(operator, key, *values):
    return {"Condition": {operator: {key: list(values)}}}


DELETE = Permission("sagemaker:DeleteEndpoint", ARN, OURS)


@pytest.mark.parametrize(
    ("statements", "effect"),
    [
        ([], "implicitDeny"),
        ([statement()], "allowed"),
        ([statement(action=["sagemaker:List*", "SAGEMAKER:delete*"])], "allowed"),
        ([statement(action="sagemaker:Create*")], "implicitDeny"),
        ([statement(), statement("Deny", "*")], "explicitDeny"),
        ([statement(resource="arn:aws:sagemaker:*:*:endpoint/*")], "allowed"),
        ([statement(resource="arn:aws:sagemaker:*:*:model/*")], "implicitDeny"),
        ([statement(resource="arn:aws:sagemaker:eu-west-1:*:endpoint/*")], "implicitDeny"),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "allowed"),
        ([{"Effect": "Allow", "NotAction": "sagemaker:*", "Resource": "*"}], "implicitDeny"),
        ([{"Effect": "Allow", "Action": "*", "NotResource": ARN}], "implicitDeny"),
        ([statement(**when("StringEquals", "aws:ResourceTag/made-by", "them", "us"))], "allowed"),
        ([statement(**when("StringEquals", "AWS:resourcetag/Made-By", "us"))], "allowed"),
        ([statement(**when("StringEquals", "aws:ResourceTag/made-by", "them"))], "implicitDeny"),
        ([statement(**when("StringNotEquals", "aws:ResourceTag/made-by", "us"))], "implicitDeny"),
        ([statement(**when("StringNotEquals", "aws:RequestTag/made-by", "us"))], "allowed"),
        ([statement(**when("StringEquals", "aws:RequestTag/made-by", "us"))], "implicitDeny"),
        ([statement(**when("StringEqualsIfExists", "aws:RequestTag/made-by", "us"))], "allowed"),
        ([statement(**when("StringLike", "aws:ResourceTag/made-by", "u*"))], "allowed"),
        ([statement(**when("StringEqualsIgnoreCase", "aws:ResourceTag/made-by", "US"))], "allowed"),
        ([statement(**when("StringNotEqualsIgnoreCase", "aws:ResourceTag/made-by", "US"))], "implicitDeny"),
        ([statement(**when("Null", "aws:ResourceTag/made-by", "true"))], "implicitDeny"),
        ([statement(**when("Null", "aws:ResourceTag/made-by", "false"))], "allowed"),
    ],
)
def test_a_policy_says(statements, effect):
    assert effect_of(DELETE, *statements) == effect


@pytest.mark.parametrize(
    "unknown",
    [
        when("IpAddress", "aws:ResourceTag/made-by", "us"),
        when("StringEquals", "aws:SourceIp", "us"),
        when("StringEquals", "aws:ResourceTag/made-by", "${aws:username}"),
    ],
)
def test_what_is_not_known_never_allows_and_always_denies(unknown):
    assert problems(policy(statement(**unknown)))
    assert effect_of(DELETE, statement(**unknown)) == "implicitDeny"
    assert effect_of(DELETE, statement(), statement("Deny", **unknown)) == "explicitDeny"


@pytest.mark.parametrize(
    "wrong",
    [
        "no JSON",
        "[]",
        "{}",
        policy("text"),
        policy({"Effect": "Allow", "Action": "*"}),
        policy({**statement(), "NotAction": "*"}),
        policy(statement("Perhaps")),
        policy(statement(Condition="text")),
        policy(statement(action="x" * 7000)),
    ],
)
def test_a_wrong_policy_is_named_and_allows_nothing(wrong):
    assert problems(wrong)
    assert decide({"p": wrong}, DELETE).effect == "implicitDeny" or "characters" in problems(wrong)[0]


def test_an_unknown_resource_is_not_held_against_a_permission():
    asked = Permission("iam:GetRole", None)
    assert effect_of(asked, statement(action="iam:*", resource="arn:aws:iam::*:role/r")) == "allowed"
    assert effect_of(asked, statement("Deny", "iam:*", "arn:aws:iam::*:role/r")) == "implicitDeny"


def test_a_decision_names_its_statements():
    documents = {"p": policy(statement(Sid="One")), "q": policy(statement(Sid="Two"))}
    assert decide(documents, DELETE).statements == (("p", "One"), ("q", "Two"))


texts = st.text(st.sampled_from("ab*?:[]\\^.$"), max_size=8)


@given(texts, texts)
def test_wildcards_match_as_a_simple_matcher_does(pattern, value):
    def matches(left, right):
        if not left:
            return not right
        if left[0] == "*":
            return matches(left[1:], right) or (bool(right) and matches(left, right[1:]))
        return bool(right) and left[0] in ("?", right[0]) and matches(left[1:], right[1:])

    assert like(pattern, value) == matches(pattern, value)


@given(st.lists(st.sampled_from(["aws", "s", "r", "1", "x/y", "*"]), min_size=6, max_size=6))
def test_a_star_stays_in_its_part_of_an_arn(parts):
    arn = "arn:aws:sagemaker:us-east-1:1:endpoint/e"
    pattern = ":".join(parts)
    wanted = all(like(*pair) for pair in zip(parts, arn.split(":", 5), strict=True))
    assert arn_like(pattern, arn) == wanted
    assert arn_like("*", arn)


effects = st.sampled_from(["Allow", "Deny"])
actions = st.sampled_from(["*", "sagemaker:*", "sagemaker:DeleteEndpoint", "iam:*"])
resources = st.sampled_from(["*", ARN, "arn:aws:sagemaker:*:*:model/*"])
any_statement = st.builds(statement, effects, actions, resources)


@given(st.lists(any_statement, max_size=6), any_statement)
def test_a_deny_wins_and_an_allow_takes_nothing_away(statements, one_more):
    before, after = effect_of(DELETE, *statements), effect_of(DELETE, *statements, one_more)
    if before == "explicitDeny":
        assert after == "explicitDeny"
    if one_more["Effect"] == "Allow" and before == "allowed":
        assert after == "allowed"
    if one_more["Effect"] == "Deny":
        assert after in ("explicitDeny", before)
    assert effect_of(DELETE, *reversed(statements)) == before


parts = st.none() | st.booleans() | st.integers() | st.sampled_from(["Allow", "*", "true", "${x}"])
some = st.lists(parts, max_size=2) | parts
conditions = st.dictionaries(
    st.sampled_from(["StringEquals", "Null", "ArnLikeIfExists", "IpAddress"]),
    st.dictionaries(st.sampled_from(["aws:ResourceTag/made-by", "aws:SourceIp"]), some, max_size=2) | some,
    max_size=2,
)
fields = st.sampled_from(["Effect", "Action", "NotAction", "Resource", "NotResource", "Sid", "Condition"])
nearly = st.dictionaries(fields, some | conditions) | st.builds(
    lambda condition: statement(Condition=condition), conditions
)


@given(st.dictionaries(st.just("Statement"), some | nearly | st.lists(nearly | some, max_size=2)), parts)
@example({"Statement": statement(**when("Null", "aws:ResourceTag/made-by"))}, None)
def test_any_json_is_a_policy_with_or_without_problems(document, instead):
    for text in (json.dumps(document), json.dumps(instead)):
        effect = decide({"p": text}, DELETE).effect
        assert effect in ("allowed", "implicitDeny", "explicitDeny")
        if problems(text) and not json.dumps(document).count("Allow"):
            assert effect != "allowed"


# --- a role's trust policy: the same evaluation, with principals in place of resources

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE_NAME}/ada"
GROUP = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/g"
SCHEDULER = principals.of_service("scheduler.amazonaws.com")
ADA = principals.of_session(ACCOUNT, ROLE_ARN, SESSION)
SOURCE = {"aws:sourcearn": GROUP, "aws:sourceaccount": ACCOUNT}


def trust(effect="Allow", principal=None, **more):
    named = (
        {} if "NotPrincipal" in more else {"Principal": principal or {"Service": "scheduler.amazonaws.com"}}
    )
    return {"Effect": effect, "Action": "sts:AssumeRole", **named, **more}


def trusted(who, *statements):
    asked = Permission("sts:AssumeRole", ROLE_ARN, SOURCE, who)
    return decide({"trust": policy(*statements)}, asked).effect


@pytest.mark.parametrize(
    ("who", "statements", "effect"),
    [
        (SCHEDULER, [], "implicitDeny"),
        (SCHEDULER, [trust()], "allowed"),
        (
            SCHEDULER,
            [trust(principal={"Service": ["ec2", "scheduler.amazonaws.com"]})],
            "allowed",
        ),
        (SCHEDULER, [trust(principal={"Service": "ec2.amazonaws.com"})], "implicitDeny"),
        (SCHEDULER, [trust(principal={"AWS": "scheduler.amazonaws.com"})], "implicitDeny"),
        (SCHEDULER, [trust(principal={"Service": "*"})], "allowed"),
        (SCHEDULER, [trust(principal="*")], "allowed"),
        (SCHEDULER, [trust(Action="sts:TagSession")], "implicitDeny"),
        (SCHEDULER, [trust(), trust("Deny")], "explicitDeny"),
        (SCHEDULER, [trust(), trust("Deny", "*")], "explicitDeny"),
        (SCHEDULER, [trust(), trust("Deny", {"AWS": ROOT})], "allowed"),
        (SCHEDULER, [trust(), trust("Deny", NotPrincipal={"AWS": ROOT})], "explicitDeny"),
        (
            SCHEDULER,
            [trust(), trust("Deny", NotPrincipal={"Service": "scheduler.amazonaws.com"})],
            "allowed",
        ),
        (SCHEDULER, [trust(NotPrincipal={"AWS": ROOT})], "implicitDeny"),
        (SCHEDULER, [trust(principal={"Federated": "cognito"}, Resource="*")], "implicitDeny"),
        (ADA, [trust(principal={"AWS": ACCOUNT})], "allowed"),
        (ADA, [trust(principal={"AWS": ROOT})], "allowed"),
        (ADA, [trust(principal={"AWS": ROLE_ARN})], "allowed"),
        (ADA, [trust(principal={"AWS": SESSION})], "allowed"),
        (ADA, [trust(principal={"AWS": "*"})], "allowed"),
        (ADA, [trust(principal={"AWS": f"{ROLE_ARN}*"})], "implicitDeny"),  # no part of a name is a wildcard
        (ADA, [trust(principal={"AWS": "arn:aws:iam::999999999999:root"})], "implicitDeny"),
        (ADA, [trust(principal={"Service": "*"})], "implicitDeny"),
        (ADA, [trust(principal={"AWS": ROOT}), trust("Deny", {"AWS": ROLE_ARN})], "explicitDeny"),
    ],
)
def test_a_trust_policy_says(who, statements, effect):
    assert trusted(who, *statements) == effect


@pytest.mark.parametrize(
    ("condition", "effect"),
    [
        ({}, "allowed"),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, "allowed"),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": GROUP}}, "allowed"),
        (
            {"ArnLike": {"aws:SourceArn": ["other", f"arn:aws:scheduler:*:{ACCOUNT}:schedule-group/*"]}},
            "allowed",
        ),
        ({"StringNotEquals": {"aws:SourceAccount": "1"}}, "allowed"),
        ({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}, "allowed"),
        ({"StringEquals": {"aws:SourceAccount": "999999999999"}}, "implicitDeny"),
        ({"ArnLike": {"aws:SourceArn": GROUP.replace("schedule-group/g", "schedule/g/e")}}, "implicitDeny"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "implicitDeny"),
        ({"IpAddress": {"aws:SourceAccount": ACCOUNT}}, "implicitDeny"),
    ],
)
def test_a_trust_policys_condition(condition, effect):
    assert trusted(SCHEDULER, trust(Condition=condition)) == effect


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (statement(), "it needs one of Principal and NotPrincipal"),
        (trust(principal="scheduler.amazonaws.com"), "it needs one of Principal and NotPrincipal"),
        (trust(principal={"Service": [1]}), "it needs one of Principal and NotPrincipal"),
        (trust(NotPrincipal={"AWS": ROOT}), "AWS does not support NotPrincipal with Allow"),
        (trust(Condition={"IpAddress": {"aws:SourceIp": "127.0.0.1"}}), "operator IpAddress"),
    ],
)
def test_what_is_wrong_with_a_trust_policy_is_said(wrong, told):
    assert told in str(problems(policy(wrong), trust=True))
    assert trusted(SCHEDULER, wrong) == "implicitDeny"


named = st.sampled_from(
    ["*", {"Service": "scheduler.amazonaws.com"}, {"Service": "*"}, {"AWS": [ROOT]}, {"AWS": ROLE_ARN}, {}]
)
any_condition = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        {"StringNotEquals": {"aws:SourceArn": GROUP}},
        {"Bool": {"aws:SecureTransport": "true"}},
    ]
)
any_trust = st.builds(
    lambda effect, element, principal, condition: {
        "Effect": effect,
        "Action": "sts:AssumeRole",
        element: principal,
        "Condition": condition,
    },
    effects,
    st.sampled_from(["Principal", "NotPrincipal"]),
    named,
    any_condition,
)


@given(st.sampled_from([SCHEDULER, ADA]), st.lists(any_trust, max_size=5), any_trust, st.randoms())
def test_of_trust_too_a_deny_wins_and_the_order_is_nothing(who, statements, one_more, chance):
    before, after = trusted(who, *statements), trusted(who, *statements, one_more)
    if one_more["Effect"] == "Deny":
        assert after in ("explicitDeny", before)
    else:
        assert after in ("allowed", before)
        assert before != "allowed" or after == "allowed"
    shuffled = [*statements, one_more]
    chance.shuffle(shuffled)
    assert trusted(who, *shuffled) == after


@given(st.lists(nearly | some | any_trust, max_size=3))
def test_any_json_is_a_trust_policy_with_or_without_problems(statements):
    assert trusted(SCHEDULER, *statements) in ("allowed", "implicitDeny", "explicitDeny")
    assert isinstance(problems(policy(*statements), trust=True), tuple)


class Account:
    """One role, and a tag on everything."""

    def role_arn(self, name):
        return ROLE_ARN if name == ROLE_NAME else None

    def tags_of(self, arn, context):
        return {"Made-By": "us"}


def asked(service, operation, **params):
    account, context = Account(), Context("us-east-1", ACCOUNT)
    return [(p.action, p.resource) for p in needed(service, operation, params, context, account, account)]


PLACE = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
TARGETS = f"arn:aws:application-autoscaling:us-east-1:{ACCOUNT}:scalable-target/*"
ALARM = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:TargetTracking-endpoint/e/variant/v"
DASHBOARD = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/d"  # in no region
LINKED_ROLE = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
SCHEDULE = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule"


@pytest.mark.parametrize(
    ("service", "operation", "params", "expected"),
    [
        ("sagemaker", "ListEndpoints", {}, [("sagemaker:ListEndpoints", "*")]),
        (
            "sagemaker",
            "CreateModel",
            {"ModelName": "M", "ExecutionRoleArn": "r"},
            [("sagemaker:CreateModel", f"{PLACE}:model/m"), ("iam:PassRole", "r")],
        ),
        (
            "sagemaker",
            "CreateEndpoint",
            {"EndpointName": "e", "EndpointConfigName": "c", "Tags": [{"Key": "k", "Value": "v"}]},
            [
                ("sagemaker:CreateEndpoint", f"{PLACE}:endpoint/e"),
                ("sagemaker:CreateEndpoint", f"{PLACE}:endpoint-config/c"),
                ("sagemaker:AddTags", f"{PLACE}:endpoint/e"),
            ],
        ),
        ("sagemaker", "ListTags", {"ResourceArn": ARN}, [("sagemaker:ListTags", ARN)]),
        (
            "sagemaker",
            "InvokeEndpoint",
            {"EndpointName": "e"},
            [("sagemaker:InvokeEndpoint", f"{PLACE}:endpoint/e")],
        ),
        (
            "aws-marketplace",
            "AcceptAgreementRequest",
            {},
            [("aws-marketplace:AcceptAgreementRequest", "*"), ("aws-marketplace:Subscribe", "*")],
        ),
        (
            "scheduler",
            "UpdateSchedule",
            {"Name": "e", "GroupName": "g", "Target": {"RoleArn": "r"}},
            [("scheduler:UpdateSchedule", f"{SCHEDULE}/g/e"), ("iam:PassRole", "r")],
        ),
        ("scheduler", "GetSchedule", {"Name": "e"}, [("scheduler:GetSchedule", f"{SCHEDULE}/default/e")]),
        (
            "scheduler",
            "CreateScheduleGroup",
            {"Name": "g", "Tags": [{"Key": "k", "Value": "v"}]},
            [
                ("scheduler:CreateScheduleGroup", f"{SCHEDULE}-group/g"),
                ("scheduler:TagResource", f"{SCHEDULE}-group/g"),
            ],
        ),
        ("scheduler", "ListSchedules", {}, [("scheduler:ListSchedules", "*")]),
        ("iam", "GetRole", {"RoleName": ROLE_NAME}, [("iam:GetRole", ROLE_ARN)]),
        ("iam", "GetRole", {"RoleName": "nobody"}, [("iam:GetRole", None)]),
        # a role that is not there yet is named by the request alone
        (
            "iam",
            "CreateRole",
            {"RoleName": "new", "Path": "/team/"},
            [("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/team/new")],
        ),
        (
            "iam",
            "CreateRole",
            {"RoleName": "new"},
            [("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/new")],
        ),
        ("sts", "AssumeRole", {"RoleArn": "r"}, [("sts:AssumeRole", "r")]),
        ("sts", "GetCallerIdentity", {}, []),
        ("monitoring", "GetMetricData", {}, [("cloudwatch:GetMetricData", "*")]),
        ("monitoring", "ListDashboards", {}, [("cloudwatch:ListDashboards", "*")]),
        ("monitoring", "PutDashboard", {"DashboardName": "d"}, [("cloudwatch:PutDashboard", DASHBOARD)]),
        (
            "monitoring",
            "DeleteDashboards",
            {"DashboardNames": ["d"]},
            [("cloudwatch:DeleteDashboards", DASHBOARD)],
        ),
        ("tagging", "GetResources", {}, [("tag:GetResources", "*")]),
        ("logs", "GetLogEvents", {}, [("logs:GetLogEvents", None)]),
        (
            "application-autoscaling",
            "DescribeScalableTargets",
            {"ServiceNamespace": "sagemaker"},
            [("application-autoscaling:DescribeScalableTargets", "*")],
        ),
        (
            "application-autoscaling",
            "RegisterScalableTarget",
            {"ResourceId": "endpoint/E/variant/V"},
            [
                ("application-autoscaling:RegisterScalableTarget", TARGETS),
                ("sagemaker:DescribeEndpoint", f"{PLACE}:endpoint/e"),
                ("sagemaker:UpdateEndpointWeightsAndCapacities", f"{PLACE}:endpoint/e"),
                ("sagemaker:DescribeEndpointConfig", None),
                ("iam:CreateServiceLinkedRole", LINKED_ROLE),
            ],
        ),
        (
            "application-autoscaling",
            "PutScalingPolicy",
            {"ResourceId": "endpoint/e/variant/v"},
            [
                ("application-autoscaling:PutScalingPolicy", TARGETS),
                ("cloudwatch:PutMetricAlarm", ALARM),
                ("cloudwatch:DeleteAlarms", ALARM),
                ("cloudwatch:DescribeAlarms", "*"),
            ],
        ),
        (
            "application-autoscaling",
            "TagResource",
            {"ResourceARN": "arn"},
            [("application-autoscaling:TagResource", "arn")],
        ),
    ],
)
def test_a_request_needs(service, operation, params, expected):
    assert asked(service, operation, **params) == expected


junk = st.recursive(
    st.none() | st.integers() | st.text("aK:*/", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["Key", "RoleArn"]), inner),
)


@given(
    st.sampled_from(["sagemaker", "scheduler", "iam", "sts", "pricing", "logs", "application-autoscaling"]),
    st.sampled_from(["CreateEndpoint", "CreateSchedule", "ListTags", "AssumeRole", "RegisterScalableTarget"]),
    st.dictionaries(
        st.sampled_from(
            ["EndpointName", "Tags", "Target", "ExecutionRoleArn", "RoleName", "Name", "ResourceId"]
        ),
        junk,
    ),
)
def test_any_parameters_have_permissions(service, operation, params):
    assert asked(service, operation, **params)
