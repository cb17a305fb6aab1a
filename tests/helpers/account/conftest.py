"""A sandbox in a thread of this process, around no model: a new account for each test."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.loaders import Loader

from helpers.connect.roles import DEADLINE_ROLE
from helpers.connect.sandbox_session import SandboxSession
from helpers.connect.session import Session
from helpers.connect.trust import SCHEDULER
from helpers.sandbox import app, serve
from helpers.sandbox.settings import ACCOUNT, ROLE_ARN, Settings
from helpers.sandbox.shell import settings as variables
from tests.sandbox.toy import address_unpublished

ROOT = Path(__file__).resolve().parents[3]
LOADER = Loader()  # one for all sessions: it keeps the services' models, which are slow to read
REGION, USER = "us-east-1", f"arn:aws:iam::{ACCOUNT}:user/ada"


class NoEngine:
    """Where the language model would be: nobody generates here."""

    path = Path("none.gguf")


class Account:
    """The sandbox as Ada's AWS account, which nothing is set up in but its first role."""

    def __init__(self, subscription_seconds: float = 0) -> None:
        from moto.backends import get_backend

        for service in ("iam", "scheduler"):
            get_backend(service).reset()
        listener = serve.loopback_socket()
        self.address = serve.new_address(listener.getsockname()[1], NoEngine.path)
        settings = Settings(endpoint_seconds=0, subscription_seconds=subscription_seconds)
        self.app = app.join(self.address, settings, NoEngine())  # type: ignore[arg-type]
        self.server = serve.Server(self.app, self.address, idle_seconds=3600)
        self._thread = threading.Thread(target=self.server.run, args=([listener],))
        self._thread.start()
        while self._thread.is_alive() and not self.server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(20)

    @property
    def keys(self) -> tuple[str, str, str]:
        return self.address.url, self.address.access_key_id, self.address.secret_access_key

    def session(
        self, role_arn: str | None = ROLE_ARN, region: str = REGION, caller: str | None = None
    ) -> Session:
        """A session that spends money and finds its roles as on AWS; `caller` is who signs in."""
        own = SandboxSession(*self.keys, region)
        own._session.register_component("data_loader", LOADER)
        session = Session("aws", region, own, "nobody", role_arn)
        if caller:
            who = {"Arn": caller, "Account": ACCOUNT, "UserId": "AIDA"}
            session._clients["sts"] = SimpleNamespace(get_caller_identity=lambda: who)
        return session

    def run(self, command: str) -> None:
        """Run a command that a row tells, as it is written, in a terminal that talks to this account."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # the lock's AWS CLI
        done = subprocess.run(
            command,
            shell=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, **variables(*self.keys, REGION), "PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def make_deadline_role(self, service: str = SCHEDULER, may: str = "sagemaker:DeleteEndpoint") -> str:
        """Make the deadline's role, as data/account.yaml does; or one that another service may assume."""
        return self.make_role(DEADLINE_ROLE, service, may=may)

    def make_role(self, name: str, *services: str, path: str = "/", may: str = "") -> str:
        """Make a role that trusts these services and may do `may`, such as "*"; return its ARN."""
        statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam: Any = self.session().client("iam")
        made = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document)
        if may:
            policy = {
                "Version": "2012-10-17",
                "Statement": {"Effect": "Allow", "Action": may, "Resource": "*"},
            }
            iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
        return str(made["Role"]["Arn"])


@pytest.fixture
def unpublished() -> Iterator[None]:
    """The address is not written to where the sandbox's stands."""
    with address_unpublished():
        yield


@pytest.fixture
def account(isolation: None, unpublished: None, request: pytest.FixtureRequest) -> Iterator[Account]:
    """An account; as parameter, how many seconds a subscription takes."""
    made = Account(getattr(request, "param", 0))
    yield made
    made.stop()
