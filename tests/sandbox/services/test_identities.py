"""Who calls, with which keys, and what the policies of a role let the caller do."""

import json
from contextlib import contextmanager
from http.client import HTTPConnection

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from helpers.sandbox import __main__ as cli
from helpers.sandbox import faults
from helpers.sandbox.services.authorization import client as policies
from helpers.sandbox.settings import ACCOUNT, ROLE_ARN, ROLE_NAME

ONCE = Config(retries={"total_max_attempts": 1})
STUDIO = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE_NAME}/SageMaker"


def denied(call, **params):
    with pytest.raises(ClientError) as error:
        call(**params)
    told = error.value.response["Error"]
    assert "AccessDenied" in told["Code"], told
    return told["Message"], told["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions, resource="*"):
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


@pytest.fixture(scope="module")
def role(aws):
    """make(name, *statements): a role that the account may assume, with that inline policy; its ARN."""
    iam = aws("iam")

    def make(name, *statements, principal=f"arn:aws:iam::{ACCOUNT}:root", **trust):
        who = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", **trust}
        made = iam.create_role(RoleName=name, Path="/team/", AssumeRolePolicyDocument=document(who))
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
        return made["Role"]["Arn"]

    return make


@pytest.fixture(scope="module")
def assumed(aws, sandbox):
    """assumed(role_arn): a function that makes clients with the keys of a session of the role."""

    def assume(arn):
        keys = aws("sts").assume_role(RoleArn=arn, RoleSessionName="ada")["Credentials"]
        return clients(sandbox, keys)

    return assume


def clients(sandbox, keys):
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    return lambda service: session.client(service, "us-east-1", endpoint_url=sandbox.url, config=ONCE)


@contextmanager
def policy_of_the_caller(sandbox, *statements):
    policies.set(sandbox, document(*statements))
    try:
        yield
    finally:
        policies.clear(sandbox)


def test_the_caller_is_a_role_as_in_studio(aws):
    assert aws("sts").get_caller_identity()["Arn"] == STUDIO
    assert aws("iam").get_role(RoleName=ROLE_NAME)["Role"]["Arn"] == ROLE_ARN


def test_keys_of_a_session_are_good_for_every_service(aws, sandbox, role, assumed):
    client = assumed(role("everything", allow("*")))
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/everything/ada"
    assert client("sts").get_caller_identity()["Arn"] == who
    assert client("sagemaker").list_endpoints()["Endpoints"] == []
    client("s3").create_bucket(Bucket="of-a-session")
    assert client("cloudwatch").list_metrics()["Metrics"] is not None
    assert client("scheduler").list_schedules()["Schedules"] == []
    with pytest.raises(ClientError, match="not found"):
        client("sagemaker-runtime").invoke_endpoint(EndpointName="e", Body=b"{}")
    assert denied(client("sts").get_session_token)[:2] == (
        "Cannot call GetSessionToken with session credentials",
        "AccessDenied",
    )
    of_the_same = clients(sandbox, aws("sts").get_session_token()["Credentials"])
    assert of_the_same("sts").get_caller_identity()["Arn"] == STUDIO
    assert of_the_same("sagemaker").list_models()["Models"] == []


def test_a_profile_with_a_role(sandbox, role, tmp_path, monkeypatch):
    arn = role("profiled", allow("sagemaker:ListModels"))
    config = tmp_path / "config"
    config.write_text(
        f"[profile own]\naws_access_key_id = {sandbox.access_key_id}\n"
        f"aws_secret_access_key = {sandbox.secret_access_key}\n"
        f"[profile team]\nrole_arn = {arn}\nsource_profile = own\n"
        f"region = us-east-1\nendpoint_url = {sandbox.url}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    sagemaker = boto3.Session(profile_name="team").client("sagemaker", config=ONCE)
    assert sagemaker.list_models()["Models"] == []
    assert "sagemaker:ListEndpoints" in denied(sagemaker.list_endpoints)[0]


def test_keys_that_were_spoiled(aws, sandbox, role):
    keys = aws("sts").assume_role(RoleArn=role("spoiled", allow("*")), RoleSessionName="ada")["Credentials"]
    for name, code in (("SecretAccessKey", "InvalidSignature"), ("SessionToken", "UnrecognizedClient")):
        with pytest.raises(ClientError, match=code):
            clients(sandbox, {**keys, name: "another"})("sagemaker").list_models()


def test_roles_that_cannot_be_assumed(aws, role):
    sts = aws("sts")
    elsewhere = role("elsewhere", principal="arn:aws:iam::999999999999:root")
    for arn in (elsewhere, ROLE_ARN, f"arn:aws:iam::{ACCOUNT}:role/nobody"):
        message, code, status = denied(sts.assume_role, RoleArn=arn, RoleSessionName="ada")
        assert message == f"User: {STUDIO} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        assert (code, status) == ("AccessDenied", 403)
    keyed = {"Condition": {"StringEquals": {"sts:ExternalId": "42"}}}
    arn = role("keyed", **keyed)
    denied(sts.assume_role, RoleArn=arn, RoleSessionName="ada")
    sts.assume_role(RoleArn=arn, RoleSessionName="ada", ExternalId="42")


def test_a_role_sets_how_long_its_sessions_may_last_and_a_chain_an_hour(aws, role, assumed):
    sts, arn = aws("sts"), role("long", allow("sts:AssumeRole"))
    aws("iam").update_role(RoleName="long", MaxSessionDuration=7200)
    named = {"RoleArn": arn, "RoleSessionName": "ada"}
    sts.assume_role(**named, DurationSeconds=7200)
    with pytest.raises(ClientError, match="exceeds the MaxSessionDuration set for this role"):
        sts.assume_role(**named, DurationSeconds=7201)
    chained = assumed(arn)("sts")
    chained.assume_role(**named)
    with pytest.raises(ClientError, match="1 hour session limit for roles assumed by role chaining"):
        chained.assume_role(**named, DurationSeconds=3601)


def test_each_protocol_denies_in_its_form(role, assumed):
    client = assumed(role("nothing", allow("nothing:*")))
    who = f"User: arn:aws:sts::{ACCOUNT}:assumed-role/nothing/ada is not authorized to perform: "
    why = "because no identity-based policy allows the {0} action"
    place = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"

    def says(action, on, code, status, call, **params):
        found = denied(call, **params)
        assert found == (f"{who}{action}{on} {why.format(action)}", code, status)

    sagemaker, json_code, query_code = client("sagemaker"), "AccessDeniedException", "AccessDenied"
    model = f" on resource: {place}:model/m"
    says("sagemaker:DescribeModel", model, json_code, 400, sagemaker.describe_model, ModelName="m")
    says("sagemaker:ListModels", "", json_code, 400, sagemaker.list_models)
    runtime, on = client("sagemaker-runtime"), f" on resource: {place}:endpoint/e"
    body = {"EndpointName": "e", "Body": b"{}"}
    says("sagemaker:InvokeEndpoint", on, json_code, 403, runtime.invoke_endpoint, **body)
    streamed = runtime.invoke_endpoint_with_response_stream
    says("sagemaker:InvokeEndpointWithResponseStream", on, json_code, 403, streamed, **body)
    role, get_role = f" on resource: {ROLE_ARN}", client("iam").get_role
    says("iam:GetRole", role, query_code, 403, get_role, RoleName=ROLE_NAME)
    group = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/g"
    get_group = client("scheduler").get_schedule_group
    says("scheduler:GetScheduleGroup", f" on resource: {group}", json_code, 403, get_group, Name="g")
    get_products = client("pricing").get_products
    says("pricing:GetProducts", "", json_code, 400, get_products, ServiceCode="AmazonSageMaker")
    says("logs:DescribeLogGroups", "", json_code, 400, client("logs").describe_log_groups)
    assert "cloudwatch:ListMetrics" in denied(client("cloudwatch").list_metrics)[0]
    assert client("sts").get_caller_identity()["Account"] == ACCOUNT, "that needs no permission"


def test_attached_policies_count_in_their_default_version(aws, role, assumed):
    iam, arn = aws("iam"), role("attached")
    client = assumed(arn)
    denied(client("sagemaker").list_models)
    made = iam.create_policy(PolicyName="m", PolicyDocument=document(allow("sagemaker:ListModels")))
    iam.attach_role_policy(RoleName="attached", PolicyArn=made["Policy"]["Arn"])
    client("sagemaker").list_models()
    forbid = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    iam.create_policy_version(
        PolicyArn=made["Policy"]["Arn"], PolicyDocument=document(forbid), SetAsDefault=True
    )
    assert denied(client("sagemaker").list_models)[0].endswith(
        "with an explicit deny in an identity-based policy"
    )


def test_a_simulation_says_what_a_request_would_get(aws, role, assumed):
    endpoint = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/e"
    tagged = {"Condition": {"StringEquals": {"aws:ResourceTag/made-by": "us"}}}
    deletion = {**allow("sagemaker:DeleteEndpoint", resource=endpoint), **tagged}
    arn = role("simulated", allow("sagemaker:List*"), deletion, {**allow("iam:*"), "Effect": "Deny"})

    def simulated(**params):
        found = aws("iam").simulate_principal_policy(PolicySourceArn=arn, **params)["EvaluationResults"]
        return {each["EvalActionName"]: each["EvalDecision"] for each in found}

    names = ["sagemaker:ListModels", "sagemaker:DeleteEndpoint", "iam:GetRole"]
    assert list(simulated(ActionNames=names).values()) == ["allowed", "implicitDeny", "explicitDeny"]
    tag = {
        "ContextKeyName": "aws:ResourceTag/made-by",
        "ContextKeyValues": ["us"],
        "ContextKeyType": "string",
    }
    asked = {"ActionNames": names[1:2], "ResourceArns": [endpoint]}
    assert simulated(**asked) == {names[1]: "implicitDeny"}
    assert simulated(**asked, ContextEntries=[tag]) == {names[1]: "allowed"}
    found = aws("iam").simulate_principal_policy(PolicySourceArn=arn, **asked)["EvaluationResults"][0]
    assert found["MissingContextValues"] == ["aws:ResourceTag/made-by"]
    own = aws("iam").simulate_principal_policy(PolicySourceArn=ROLE_ARN, ActionNames=names)
    assert {each["EvalDecision"] for each in own["EvaluationResults"]} == {"allowed"}
    with pytest.raises(ClientError, match="there is no role"):
        aws("iam").simulate_principal_policy(PolicySourceArn=f"{ROLE_ARN}x", ActionNames=names)


def test_the_callers_own_policy_can_be_set_and_taken_back(aws, sandbox):
    with policy_of_the_caller(sandbox, {**allow("sagemaker:ListModels"), "Sid": "Models"}):
        aws("sagemaker").list_models()
        assert denied(aws("sagemaker").list_endpoints)[0].startswith(f"User: {STUDIO} is not authorized")
        assert policies.show(sandbox)["used"] == {"sagemaker:ListModels": ["Models"]}
    aws("sagemaker").list_endpoints()
    stored = aws("iam").get_role_policy(RoleName=ROLE_NAME, PolicyName="Practice")["PolicyDocument"]
    assert stored["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]


def test_a_policy_that_the_sandbox_cannot_evaluate_is_refused_by_name(aws, sandbox):
    odd = {**allow("*"), "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.1"}}}
    with pytest.raises(Exception, match=r"operator IpAddress.*key aws:SourceIp"):
        policies.set(sandbox, document(odd))
    aws("sagemaker").list_endpoints()


def test_the_policy_from_a_terminal(aws, sandbox, tmp_path, capsys):
    file = tmp_path / "policy.json"
    file.write_text(document({**allow("sagemaker:ListModels"), "Sid": "Models"}))
    try:
        assert cli.main(["policy", "set", str(file)]) == 0
        aws("sagemaker").list_models()
        assert cli.main(["policy"]) == 0
        assert "sagemaker:ListModels  Models" in capsys.readouterr().out
        assert cli.main(["policy", "set", str(tmp_path / "nothing")]) == 2
        file.write_text("{}")
        assert cli.main(["policy", "set", str(file)]) == 1
        assert "it has no Statement" in capsys.readouterr().err
    finally:
        assert cli.main(["policy", "clear"]) == 0
    assert "You may do everything." in capsys.readouterr().out


def test_only_the_sandboxes_own_keys_control_it(sandbox, role, aws):
    keys = aws("sts").assume_role(RoleArn=role("curious", allow("*")), RoleSessionName="ada")["Credentials"]

    request = AWSRequest("POST", f"{sandbox.url}{policies.POLICY_PATH}", data=b'{"do": "clear"}')
    session = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    SigV4Auth(session, "sandbox", "us-east-1").add_auth(request)
    connection = HTTPConnection("127.0.0.1", sandbox.port, timeout=20)
    connection.request("POST", policies.POLICY_PATH, b'{"do": "clear"}', dict(request.headers.items()))
    assert connection.getresponse().status == 404
    connection.close()


def test_the_fault_denies_one_permission(aws, sandbox):
    try:
        faults.set(sandbox, "access-denied", action="iam:GetRole", next=1)
        faults.set(sandbox, "access-denied", action="sagemaker:ListModels")
        for _ in range(2):
            assert "sagemaker:ListModels" in denied(aws("sagemaker").list_models)[0]
        aws("sagemaker").list_endpoints()
        denied(aws("iam").get_role, RoleName=ROLE_NAME)
        aws("iam").get_role(RoleName=ROLE_NAME)
        with pytest.raises(faults.BadFault, match="such as sagemaker:CreateEndpoint"):
            faults.set(sandbox, "access-denied", action="ListModels")
    finally:
        faults.clear(sandbox)


def test_a_passed_role_and_tags_are_asked_for(aws, sandbox):
    sagemaker = aws("sagemaker")
    made = {"ModelName": "m", "PrimaryContainer": {"ModelPackageName": "p"}, "ExecutionRoleArn": ROLE_ARN}
    with policy_of_the_caller(sandbox, allow("sagemaker:CreateModel")):
        assert f"iam:PassRole on resource: {ROLE_ARN}" in denied(sagemaker.create_model, **made)[0]
        tags = [{"Key": "made-by", "Value": "us"}]
        assert "sagemaker:AddTags" in denied(sagemaker.create_model, **made, Tags=tags)[0]
    to_sagemaker = {"Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}}
    with (
        policy_of_the_caller(
            sandbox, allow("sagemaker:CreateModel"), {**allow("iam:PassRole"), **to_sagemaker}
        ),
        pytest.raises(ClientError, match="ValidationException"),
    ):
        sagemaker.create_model(**made)
