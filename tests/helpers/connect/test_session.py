"""connect(): the sandbox by default, AWS only when asked, nothing of the user's own account in between."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import boto3
import pytest
from botocore.exceptions import ClientError

from helpers.connect import studio
from helpers.connect.roles import EXECUTION_ROLE
from helpers.connect.sandbox_session import SandboxSession
from helpers.connect.session import SERVICES, Session, connect
from helpers.connect.trust import SAGEMAKER
from helpers.errors import BadInput, NotConnected, NotPermitted, SandboxStopped
from helpers.sandbox.process import Address

PLANTED = "AKIAPLANTEDPLANTED00"

# Runs in a process of its own: what is planted must not reach the other tests.
USE_THE_SANDBOX = f"""
import os, sys
opened, sent = [], []
home = os.environ["PLANTED_HOME"]
sys.addaudithook(lambda name, args: opened.append(str(args[0])) if name == "open" else None)
import botocore.httpsession
send = botocore.httpsession.URLLib3Session.send
def spy(self, request):
    sent.append(f"{{request.url}} {{request.headers}}")
    return send(self, request)
botocore.httpsession.URLLib3Session.send = spy
from helpers.connect.session import connect
session = connect("sandbox")
session.client("sts").get_caller_identity()
session.client("sagemaker").list_endpoints()
session.boto3.client("s3").list_buckets()
session.role_arn, session.account
assert len(sent) == 4, sent
assert not [line for line in sent if {PLANTED!r} in line], "a planted key was sent"
assert all(line.startswith("http://127.0.0.1:") for line in sent), sent
assert not [path for path in opened if path.startswith(home)], "a planted file was read"
print("clean")
"""


def test_real_credentials_are_never_read_nor_sent(sandbox: Address, tmp_path: Path) -> None:
    folder = tmp_path / ".aws"
    folder.mkdir()
    for name in ("credentials", "config"):
        (folder / name).write_text(
            f"[default]\naws_access_key_id={PLANTED}\naws_secret_access_key=secret\nregion=eu-west-3\n"
        )
    planted = {
        "PLANTED_HOME": str(folder),
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": PLANTED,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": PLANTED,
        "AWS_PROFILE": "no-such-profile",
        "AWS_ENDPOINT_URL_SAGEMAKER": "http://192.0.2.1:9",
        "HTTP_PROXY": "http://192.0.2.1:9",
        "HTTPS_PROXY": "http://192.0.2.1:9",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    result = subprocess.run(
        [sys.executable, "-c", USE_THE_SANDBOX],
        env=kept | planted,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.stdout == "clean\n", result.stderr


def test_both_runtimes_are_named_when_another_is_asked_for() -> None:
    with pytest.raises(BadInput, match=r"'sandbox'.*'aws'"):
        connect("azure")


@pytest.mark.parametrize("region", ["", "us east 1", "us-east", "US-EAST-1", "us-east-1; rm"])
def test_a_region_must_look_like_one(region: str) -> None:
    with pytest.raises(BadInput, match="region"):
        connect("sandbox", region)


def settings_of(
    monkeypatch: pytest.MonkeyPatch, folder: Path, variables: dict[str, str], config: str
) -> None:
    """Someone's AWS settings: variables, a configuration file, and keys that nobody has."""
    path = folder / "config"
    path.write_text(config, encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    for name, value in {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", **variables}.items():
        monkeypatch.setenv(name, value)


SERVICES_SECTION = (
    "[{0}]\nservices = s\n[services s]\nsagemaker_runtime =\n  endpoint_url = http://localhost:1\n"
)


@pytest.mark.parametrize(
    ("variables", "config", "said"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, "", "AWS_ENDPOINT_URL points at this machine"),
        ({"AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "http://[::1]:1"}, "", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"),
        ({"AWS_ENDPOINT_URL_PRICING": "http://0.0.0.0:1"}, "", "AWS_ENDPOINT_URL_PRICING"),
        ({}, "[default]\nendpoint_url = http://127.1\n", "'default' in your AWS configuration file"),
        ({}, SERVICES_SECTION.format("default"), "'default' in your AWS configuration file"),
        ({"AWS_PROFILE": "w"}, SERVICES_SECTION.format("profile w"), "'w' in your AWS configuration file"),
    ],
)
def test_aws_is_refused_while_boto3_would_ask_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], config: str, said: str
) -> None:
    settings_of(monkeypatch, tmp_path, variables, config)
    with pytest.raises(NotConnected, match="would not reach AWS") as refused:
        connect("aws")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("variables", "config"),
    [
        ({}, ""),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, ""),
        ({"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}, ""),  # not what the notebooks ask
        ({"AWS_ENDPOINT_URL_STS": "https://sts.eu-west-1.amazonaws.com"}, ""),
        ({"HTTPS_PROXY": "http://127.0.0.1:3128"}, ""),  # a proxy on this machine leads to AWS
        ({}, SERVICES_SECTION.format("profile another")),
    ],
)
def test_aws_is_connected_where_boto3_would_ask_aws(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], config: str
) -> None:
    settings_of(monkeypatch, tmp_path, variables, config)
    assert (
        connect("aws").client("sagemaker").meta.endpoint_url
        == "https://api.sagemaker.us-east-1.amazonaws.com"
    )


@pytest.mark.parametrize(
    ("variables", "config", "said"),
    [
        ({"AWS_PROFILE": "nobody"}, "", "profile"),
        ({"AWS_RETRY_MODE": "nonsense"}, "", "AWS_RETRY_MODE"),
        ({"AWS_DEFAULTS_MODE": "nonsense"}, "", "defaults mode"),
        ({"AWS_STS_REGIONAL_ENDPOINTS": "nonsense"}, "", "STS"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, "", "nonsense"),
        ({"AWS_ENDPOINT_URL": "http://[::1"}, "", "IPv6"),
        ({"AWS_ENDPOINT_URL_STS": "http://a:99999999"}, "", "Port"),
        ({"AWS_CA_BUNDLE": "/nowhere.pem"}, "", "no such file"),
        ({}, "no configuration", "parse"),
        ({}, "[default]\nservices = nowhere\n", "nowhere"),
        ({}, "[default]\nservices = s\n[services s]\nsagemaker = flat\n", "configuration file"),
        ({}, "[default]\nretry_mode = nonsense\n", "nonsense"),
        ({"AWS_METADATA_SERVICE_TIMEOUT": "soon"}, "", "AWS_METADATA_SERVICE_TIMEOUT"),
    ],
)
def test_nonsense_in_the_settings_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], config: str, said: str
) -> None:
    settings_of(monkeypatch, tmp_path, variables, config)
    with pytest.raises(NotConnected, match="settings can't be used") as refused:
        connect("aws")
    assert said in str(refused.value)
    assert len(refused.value._render_traceback_()) == 1


@pytest.mark.parametrize("how", ["/nowhere/tool", "echo hi", "'unclosed"])
def test_a_credential_process_that_fails_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    settings_of(monkeypatch, tmp_path, {}, f"[default]\ncredential_process = {how}\n")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NotConnected, match="settings can't be used"):
        connect("aws")


def test_connect_looks_at_every_service_that_the_helpers_ask() -> None:
    """A service that is asked and not in SERVICES could be pointed at this machine unseen."""
    helpers = Path(__file__).parents[3] / "helpers"
    asked = {
        name
        for path in helpers.rglob("*.py")
        if "sandbox" not in path.parts
        for name in re.findall(r"""\.client\(\s*["']([a-z0-9-]+)["']""", path.read_text(encoding="utf-8"))
    }
    assert asked
    assert asked <= set(SERVICES)


def test_aws_without_credentials_says_how_to_sign_in() -> None:
    with pytest.raises(NotConnected, match="aws sso login"):
        connect("aws")


def test_aws_is_never_the_default(session: Session) -> None:
    assert session.runtime == "sandbox"
    assert not session.spends_money
    assert session.role_arn.startswith(f"arn:aws:iam::{session.account}:role/")


def test_a_stopped_sandbox_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    session = SandboxSession("http://127.0.0.1:9", "AKIA", "secret", "us-east-1")
    with pytest.raises(SandboxStopped, match="Run this notebook's connect") as stopped:
        session.client("sagemaker").list_endpoints()
    assert len(stopped.value._render_traceback_()) == 1


def test_a_key_of_an_earlier_sandbox_is_the_same_sentence(sandbox: Address) -> None:
    session = SandboxSession(sandbox.url, "AKIAEARLIEREARLIER00", "secret", "us-east-1")
    with pytest.raises(SandboxStopped):
        session.client("sagemaker").list_endpoints()


class Iam:
    """IAM, with these roles by name; "denied" in place of a role means that you may not look."""

    def __init__(self, **roles: Any) -> None:
        self.roles = roles

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803
        role = self.roles.get(RoleName.replace("-", "_"))
        if role is None:
            raise ClientError({"Error": {"Code": "NoSuchEntity", "Message": "no such role"}}, "GetRole")
        if role == "denied":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "GetRole")
        return {"Role": role}


ACCOUNT_ARN = "arn:aws:iam::111122223333"
ADA = f"{ACCOUNT_ARN}:user/ada"
STACKS = EXECUTION_ROLE.replace("-", "_")


def role(name: str, *services: str, path: str = "/") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    arn = f"{ACCOUNT_ARN}:role{path}{name}"
    return {"Arn": arn, "RoleName": name, "AssumeRolePolicyDocument": trust}


def signed_in_as(arn: str, given: str | None = None, **roles: Any) -> Session:
    session = Session("aws", "us-east-1", boto3.Session(), "the model", given)
    who = {"Arn": arn, "Account": "111122223333", "UserId": "AIDA"}
    session._clients |= {"sts": SimpleNamespace(get_caller_identity=lambda: who), "iam": Iam(**roles)}
    return session


def as_role(name: str, **roles: Any) -> Session:
    return signed_in_as(f"arn:aws:sts::111122223333:assumed-role/{name}/ada", **roles)


def test_a_user_without_a_role_is_told_to_make_one_or_pass_one() -> None:
    with pytest.raises(
        NotPermitted, match=r"user/ada, which is not a role.*cloudformation deploy.*role_arn="
    ):
        _ = signed_in_as(ADA).role_arn


def test_the_role_you_are_signed_in_with_is_found_with_its_path() -> None:
    made = role("Data", SAGEMAKER, path="/service-role/")
    assert as_role("Data", Data=made).role_arn == f"{ACCOUNT_ARN}:role/service-role/Data"


def test_the_stacks_role_comes_before_the_one_you_are_signed_in_with() -> None:
    made = {STACKS: role(EXECUTION_ROLE, SAGEMAKER), "Data": role("Data", SAGEMAKER)}
    assert as_role("Data", **made).role_arn == f"{ACCOUNT_ARN}:role/{EXECUTION_ROLE}"
    assert signed_in_as(ADA, **made).role_arn == f"{ACCOUNT_ARN}:role/{EXECUTION_ROLE}"


def test_a_reserved_role_is_refused_even_where_iam_may_not_be_asked() -> None:
    name = "AWSReservedSSO_Admin_0a1b"
    path = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
    for found in (role(name, SAGEMAKER, path=path), "denied"):
        with pytest.raises(NotPermitted, match=r"SSO_Admin_0a1b is reserved.*aws cloudformation deploy"):
            _ = as_role(name, **{name: found}).role_arn


def test_a_role_that_does_not_trust_sagemaker_is_refused_with_the_command_that_mends_it() -> None:
    made = role("Data", "ec2.amazonaws.com")
    for session in (as_role("Data", Data=made), signed_in_as(ADA, made["Arn"], Data=made)):
        with pytest.raises(
            NotPermitted, match=r"role/Data does not trust sagemaker.*aws iam update-"
        ) as refused:
            _ = session.role_arn
        assert len(refused.value._render_traceback_()) == 1


def test_a_given_role_has_to_be_in_the_account() -> None:
    with pytest.raises(NotPermitted, match=r"there is no role .*role/nobody"):
        _ = signed_in_as(ADA, f"{ACCOUNT_ARN}:role/nobody").role_arn
    made = role("Data", SAGEMAKER, path="/service-role/")
    with pytest.raises(NotPermitted, match=r"there is no role .*role/Data, but .*role/service-role/Data"):
        _ = signed_in_as(ADA, f"{ACCOUNT_ARN}:role/Data", Data=made).role_arn


def test_where_iam_may_not_be_asked_a_role_is_taken_as_it_is() -> None:
    assert as_role("Data", Data="denied", **{STACKS: "denied"}).role_arn == f"{ACCOUNT_ARN}:role/Data"
    assert signed_in_as(ADA, f"{ACCOUNT_ARN}:role/x", x="denied").role_arn == f"{ACCOUNT_ARN}:role/x"


def test_in_studio_the_role_is_studios(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "metadata.json"
    arn = f"{ACCOUNT_ARN}:role/Studio"
    path.write_text(
        json.dumps({"ExecutionRoleArn": arn, "ResourceArn": "arn:aws:sagemaker:eu-west-1:1:app/x"})
    )
    monkeypatch.setenv("NOTEBOOK_METADATA_FILE", str(path))
    assert signed_in_as(ADA, Studio=role("Studio", SAGEMAKER)).role_arn == arn
    assert studio.region() == "eu-west-1"
    with pytest.raises(NotPermitted, match="role/Studio does not trust"):
        _ = signed_in_as(ADA, Studio=role("Studio", "ec2.amazonaws.com")).role_arn
    for text in ("[]", "{}", '{"ResourceArn": "x"}'):
        path.write_text(text)
        assert (studio.role(), studio.region()) == (None, None)


def test_the_sdk_makes_its_client_anew_after_each_connect(
    sandbox: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """sagemaker-core 2.20 has one for the whole process: it would ask the former sandbox, or AWS."""

    class Singleton(type):
        _instances: ClassVar[dict[type, object]] = {}

    class SageMakerClient(metaclass=Singleton):
        pass

    Singleton._instances[SageMakerClient] = object()
    sdk = ModuleType("sagemaker.core.utils.utils")
    vars(sdk)["SageMakerClient"] = SageMakerClient
    monkeypatch.setitem(sys.modules, sdk.__name__, sdk)
    connect("sandbox")
    assert Singleton._instances == {}
