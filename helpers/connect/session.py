"""The connection to the sandbox or to AWS; all other code is the same for both."""

import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config

from ..errors import BadInput, NotConnected
from . import endpoint_url, execution_role
from .aws_errors import explained
from .sandbox_session import SandboxSession

if TYPE_CHECKING:
    from ..sandbox.address import Address

Runtime = Literal["sandbox", "aws"]

CLIENT_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 3})
# SageMaker gives a container 60 s for an answer; AWS asks clients to wait 70 s
# (docs.aws.amazon.com, API_runtime_InvokeEndpoint). generate/retries.py decides what is sent again. botocore
# keeps 10 connections; of more requests at once, as in a sweep, each further one would connect anew.
RUNTIME_CONFIG = Config(
    connect_timeout=10, read_timeout=70, retries={"total_max_attempts": 1}, max_pool_connections=256
)
# The Marketplace buyer APIs and one of the price list's endpoints are in us-east-1 alone.
US_EAST_1_ONLY = ("marketplace-agreement", "marketplace-discovery", "pricing")
# The notebooks' services: `connect("aws")` creates their clients, sends nothing, and checks their URLs.
SERVICES = (
    *("sagemaker", "sagemaker-runtime", "sts", "iam", "scheduler", "service-quotas"),
    *("cloudformation", "resourcegroupstaggingapi", "application-autoscaling", "cloudwatch"),
    *US_EAST_1_ONLY,
)


def connect(runtime: str = "sandbox", region: str = "us-east-1", *, role_arn: str | None = None) -> "Session":
    """Connect to the practice AWS on this machine ("sandbox") or to your own account ("aws").

    Starts the sandbox if none is running. AWS credentials are searched only with "aws", as boto3 does.
    `role_arn` is the execution role that SageMaker runs the endpoint with; `Session.role_arn` says which is
    used without it. Raises BadInput or NotConnected.
    """
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region):
        raise BadInput(f"{region!r} is not the name of an AWS region; one is 'us-east-1'.")
    _forget_clients_of_sdk()
    if runtime == "sandbox":
        return _connect_sandbox(region, role_arn)
    if runtime == "aws":
        return _connect_aws(region, role_arn)
    raise BadInput(f"runtime is {runtime!r}; it is 'sandbox' (practice, free) or 'aws' (your account, paid).")


@dataclass
class Session:
    """A runtime, a region and an identity; `connect` creates it."""

    runtime: Runtime
    region: str
    boto3: boto3.Session
    writer: str
    given_role_arn: str | None = None
    known_account: str | None = None
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _making: Any = field(default_factory=threading.Lock, repr=False)

    @property
    def spends_money(self) -> bool:
        """Whether what you create costs money: on AWS yes, in the sandbox never."""
        return self.runtime == "aws"

    def client(self, service: str) -> Any:
        """Return the boto3 client of an AWS service, for example "sagemaker"; each is created once."""
        with self._making:  # boto3's clients are thread-safe, its sessions are not
            if service not in self._clients:
                region = "us-east-1" if service in US_EAST_1_ONLY else self.region
                config = RUNTIME_CONFIG if service == "sagemaker-runtime" else CLIENT_CONFIG
                self._clients[service] = self.boto3.client(service, region_name=region, config=config)
            return self._clients[service]

    def practise_with(self, *, slots: int | None = None, clock_speed: float | None = None) -> float:
        """Choose what an instance of the sandbox bears, and how long AWS's minutes last; return the speed.

        `slots` is the number of requests that an instance serves at once, 1 to 1000; `clock_speed`, 1 to 600,
        says how many of AWS's seconds pass in one second, for metrics, alarms and scaling. Both last until
        `end_practice`, or until this process ends, in whatever way. On AWS nothing changes, and the speed is
        1. Raises BadInput or NotConnected.
        """
        if self.spends_money:
            return 1.0
        from ..sandbox import process

        with _practising() as address:
            return process.practise_with(address, slots=slots, clock_speed=clock_speed)

    def end_practice(self) -> None:
        """Put the sandbox's slots and clock back, and end its faults; do nothing on AWS."""
        if self.spends_money:
            return
        from ..sandbox import process

        with _practising() as address:
            process.end_practice(address)

    def set_fault(self, name: str, **parameters: object) -> bool:
        """Let something go wrong in the sandbox, as `python -m helpers.sandbox faults set` does.

        It lasts as `practise_with`'s changes do. Returns False on AWS, where nothing is changed. Raises
        BadInput for a fault that there is not.
        """
        return self._change_faults(name, parameters)

    def clear_faults(self, name: str = "") -> bool:
        """End one fault of the sandbox, or all; return False on AWS."""
        return self._change_faults(name, None)

    def _change_faults(self, name: str, parameters: dict[str, object] | None) -> bool:
        if self.spends_money:
            return False
        from ..sandbox import process

        with _practising() as address:
            process.change_faults(address, name, parameters)
        return True

    @cached_property
    def account(self) -> str:
        """The twelve digits of the AWS account; made up in the sandbox."""
        if self.known_account is None:
            with explained("ask AWS who you are"):
                self.known_account = str(self.client("sts").get_caller_identity()["Account"])
        return self.known_account

    @cached_property
    def role_arn(self) -> str:
        """The execution role: `connect`'s, else Studio's, the stack's, or the role you are signed in with.

        Raises NotPermitted, with what to do, for a role that SageMaker can't assume, or if there is none.
        """
        return execution_role.usable(self)


@contextmanager
def _practising() -> "Iterator[Address]":
    """Yield the running sandbox's address; raise its errors as BadInput and NotConnected."""
    from ..sandbox import process

    try:
        if (address := process.find()) is None:
            raise process.SandboxError("The sandbox has stopped: run the connect(...) cell again.")
        yield address
    except ValueError as error:
        raise BadInput(str(error)) from error
    except process.SandboxError as error:
        raise NotConnected(str(error)) from error


def _forget_clients_of_sdk() -> None:
    """Let the SageMaker SDK create new clients.

    sagemaker-core up to 2.20 keeps its first client for the whole process, whatever session it gets later: it
    would call a sandbox that has ended, or AWS instead of the sandbox.
    """
    client = getattr(sys.modules.get("sagemaker.core.utils.utils"), "SageMakerClient", None)
    kept = getattr(type(client), "_instances", None)
    if isinstance(kept, dict):
        kept.pop(client, None)


def _connect_aws(region: str, role_arn: str | None) -> Session:
    try:
        own = boto3.Session(region_name=region)
        credentials = own.get_credentials()
        urls = [str(own.client(service).meta.endpoint_url) for service in SERVICES]
        here = [url for url in urls if endpoint_url.is_loopback(url)]
        _check_files()
    except Exception as error:  # re-raised: botocore has no common class for what a bad setting causes
        names = sorted(name for name in os.environ if name.startswith("AWS_"))
        raise NotConnected(
            f"Your AWS settings can't be used: {str(error).rstrip('.')}. Put that right and run the connect "
            f"cell again: it is in your AWS configuration file or in one of these: {', '.join(names)}."
        ) from error
    if here:
        raise NotConnected(
            f"{endpoint_url.sources(here[0])} points at this machine ({here[0]}), so 'aws' would not reach "
            'AWS. Unset it: eval "$(python -m helpers.sandbox env --undo)", if env has set it; then restart.'
        )
    if credentials is None:
        raise NotConnected(
            "No AWS credentials found. Sign in first (for example `aws configure sso`, then "
            "`aws sso login`), or practise with connect('sandbox')."
        )
    return Session("aws", region, own, "the model on your endpoint", role_arn)


def _check_files() -> None:
    """Raise FileNotFoundError for files that boto3 reads only at the first request, with a bare OSError."""
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        if (path := os.environ.get(name)) and not Path(path).exists():
            raise FileNotFoundError(f"{name} is {path!r}, and there is no such file")


def _connect_sandbox(region: str, role_arn: str | None) -> Session:
    from ..sandbox import process

    try:
        address = process.find() or process.start()
    except process.SandboxError as error:
        raise NotConnected(str(error)) from error
    writer = f"{address.model_name}, the sandbox's practice model"
    session = SandboxSession(address.url, address.access_key_id, address.secret_access_key, region)
    return Session("sandbox", region, session, writer, role_arn or address.role_arn, address.account)
