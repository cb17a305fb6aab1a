"""Fixtures for all tests: no AWS account, no network, and one really started sandbox."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, settings

from helpers.connect.roles import DEADLINE_ROLE
from helpers.connect.trust import SCHEDULER
from helpers.sandbox import process
from helpers.sandbox.loopback import only_loopback
from tests.account_template import DEADLINE_POLICY

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
LONGEST = ("tests/notebooks/", "tests/browser/", "tests/helpers/batch/")
LOCKED = re.findall(r"^botocore==(\S+)", LOCK.read_text(encoding="utf-8"), re.M)
# No test may fail because the machine was busy, and none of ours keeps a state in its fixtures.
settings.register_profile(
    "tests", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("tests")


def is_locked() -> bool:
    """Whether botocore is the one that the sandbox's answers were made for: then a difference is a defect."""
    return [version("botocore")] == LOCKED


def pytest_report_header() -> str:
    how = "strict" if is_locked() else f"forgiving: not the lock's {LOCKED}"
    return f"botocore {version('botocore')}, {how}; boto3 {version('boto3')}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a started sandbox, or the language model, is not for `make test-fast`.

    The longest files begin first: at the end neither of two processes waits minutes for the other.
    """
    for item in items:
        if {"sandbox", "engine", "account"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def isolation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing of the caller's AWS account, nothing but loopback, and a sandbox of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("SANDBOX_HOME", str(tmp_path_factory.mktemp("sandbox")))
        patch.setenv("SANDBOX_STRICT", "1" if is_locked() else "0")
        patch.setenv("SANDBOX_ENDPOINT_SECONDS", "0.2")
        patch.setenv("SANDBOX_SUBSCRIPTION_SECONDS", "0")
        only_loopback()
        yield


@pytest.fixture(scope="module")
def sandbox(isolation: None) -> Iterator[process.Address]:
    """A sandbox in a process of its own, with a new account for each module: quotas are nobody else's.

    The weights are fetched if this machine has none yet.
    """
    # In another process: this one may not reach the package index that has the weights.
    subprocess.run([sys.executable, "-m", "helpers.sandbox", "start"], check=True)
    address = process.find()
    assert address is not None
    yield address
    process.stop()


@pytest.fixture(scope="module")
def deadline_role(sandbox: process.Address, aws: Callable[..., Any]) -> str:
    """The role of data/account.yaml that deadlines need, made by IAM alone: the whole stack takes seconds."""
    trust = {"Effect": "Allow", "Principal": {"Service": SCHEDULER}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = aws("iam")
    made = iam.create_role(RoleName=DEADLINE_ROLE, AssumeRolePolicyDocument=policy)
    allowed = json.dumps(DEADLINE_POLICY)
    iam.put_role_policy(RoleName=DEADLINE_ROLE, PolicyName="delete", PolicyDocument=allowed)
    return str(made["Role"]["Arn"])


@pytest.fixture(scope="module")
def aws(sandbox: process.Address) -> Callable[..., Any]:
    """aws(service, region="us-east-1"): a boto3 client of the sandbox that tries everything once only."""
    session = boto3.Session(sandbox.access_key_id, sandbox.secret_access_key)
    config = Config(retries={"total_max_attempts": 1})

    def client(service: str, region: str = "us-east-1") -> Any:
        return session.client(service, region, endpoint_url=sandbox.url, config=config)

    return client
