"""An AWS account in this process, for the money path by the thousand: the sandbox's services without sockets.

Calls can be throttled, denied, or the last thing that the caller does: `Plan` says which.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from helpers.connect.roles import SAGEMAKER, SCHEDULER
from helpers.connect.session import Session
from helpers.sandbox.aws.service import AwsError, Context, Service
from helpers.sandbox.faults import Faults
from helpers.sandbox.services.iam import Roles
from helpers.sandbox.services.marketplace import Agreements, Discovery
from helpers.sandbox.services.pricing import Pricing
from helpers.sandbox.services.quotas import Quotas
from helpers.sandbox.services.sagemaker import SageMaker
from helpers.sandbox.services.scheduler import Deletion
from helpers.sandbox.settings import ACCOUNT, ROLE_ARN, Settings
from tests.sandbox.practice_world import Clock

REGION = "us-east-1"
CONTEXT = Context(REGION, ACCOUNT)


class Killed(BaseException):
    """The process ends here: what comes after this call never runs."""


@dataclass
class Plan:
    """What happens to the calls of one operation of ours; counted from 0 over all services."""

    kill_at: int | None = None
    kill_after: bool = False  # whether AWS has still done what that call asked for
    throttle_at: int | None = None
    denied: frozenset[str] = frozenset()
    calls: int = 0

    def before(self, operation: str) -> None:
        """Raise what is planned for this call."""
        number, self.calls = self.calls, self.calls + 1
        if operation in self.denied:
            raise _error("AccessDeniedException", "User is not authorized to perform it", operation)
        if number == self.throttle_at:
            raise _error("ThrottlingException", "Rate exceeded", operation)
        if number == self.kill_at and not self.kill_after:
            raise Killed

    def after(self) -> None:
        """Raise Killed where AWS has done the call and its answer is never read."""
        if self.kill_after and self.calls - 1 == self.kill_at:
            raise Killed


class Iam:
    """IAM with the sandbox's first role, which trusts both services."""

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803
        arn = ROLE_ARN if ROLE_ARN.endswith(f"/{RoleName}") else ""
        if not arn:
            raise _error("NoSuchEntity", f"The role with name {RoleName} cannot be found.", "GetRole")
        statement = {"Effect": "Allow", "Principal": {"Service": [SAGEMAKER, SCHEDULER]}}
        policy = {"Statement": [{**statement, "Action": "sts:AssumeRole"}]}
        return {"Role": {"Arn": arn, "RoleName": RoleName, "AssumeRolePolicyDocument": policy}}


class Scheduler:
    """EventBridge Scheduler as far as a deadline needs it; SageMaker obeys it through `due` and `done`."""

    def __init__(self) -> None:
        self.groups: set[str] = set()
        self.schedules: dict[str, dict[str, Any]] = {}

    def get_schedule_group(self, Name: str) -> dict[str, Any]:  # noqa: N803
        if Name not in self.groups:
            raise _error("ResourceNotFoundException", "Schedule group does not exist.", "GetScheduleGroup")
        return {}

    def create_schedule_group(self, Name: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if Name in self.groups:
            words = f"Schedule group {Name} already exists."
            raise _error("ConflictException", words, "CreateScheduleGroup")
        self.groups.add(Name)
        return {}

    def get_schedule(self, Name: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if Name not in self.schedules:
            raise _error("ResourceNotFoundException", f"Schedule {Name} does not exist.", "GetSchedule")
        return self.schedules[Name]

    def create_schedule(self, **schedule: Any) -> dict[str, Any]:
        self.schedules[schedule["Name"]] = schedule
        return {}

    update_schedule = create_schedule

    def delete_schedule(self, Name: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.get_schedule(Name)
        del self.schedules[Name]
        return {}

    def due(self, region: str, now: datetime) -> list[Deletion]:
        found = [Deletion(name, self.moment(name), name) for name in self.schedules]
        return [each for each in found if timedelta() <= now - each.moment < timedelta(hours=24)]

    def moment(self, name: str) -> datetime:
        told = self.schedules[name]["ScheduleExpression"]
        return datetime.fromisoformat(told[len("at(") : -1] + "+00:00")

    def done(self, region: str, deletion: Deletion) -> None:
        self.schedules.pop(deletion.schedule, None)


@dataclass
class Account:
    """The services, and `session`: a session that spends money, whose every call follows `plan`."""

    clock: Clock = field(default_factory=Clock)
    scheduler: Scheduler = field(default_factory=Scheduler)
    plan: Plan = field(default_factory=Plan)
    log: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = Settings(endpoint_seconds=60, subscription_seconds=1)
        agreements, roles = Agreements(settings, self.clock), Roles()
        self.sagemaker = SageMaker(
            settings,
            agreements,
            roles,
            self.scheduler,
            lambda *_: None,
            self.clock,
            Faults(),
            random.Random(7),
        )  # type: ignore[arg-type]
        services: dict[str, Any] = {
            "sagemaker": self.sagemaker,
            "marketplace-agreement": agreements,
            "marketplace-discovery": Discovery(),
            "pricing": Pricing(),
            "service-quotas": Quotas(),
            "scheduler": self.scheduler,
            "iam": Iam(),
        }
        self.session = Session("aws", REGION, None, "nobody", ROLE_ARN, ACCOUNT)  # type: ignore[arg-type]
        self.session._clients |= {name: Client(service, self) for name, service in services.items()}

    def ask(self, operation: str, **params: Any) -> dict[str, Any]:
        """SageMaker's answer to somebody else than the tutorial, whom no plan touches."""
        return self.sagemaker.call(operation, params, CONTEXT)


class Client:
    """boto3's client of one service, without the wire."""

    def __init__(self, service: Any, account: Account) -> None:
        self._service, self._account = service, account

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name.startswith("_"):
            raise AttributeError(name)

        def operation(**params: Any) -> dict[str, Any]:
            self._account.plan.before(name)
            answer = self._answer(name, params)
            self._account.log.append((name, params))
            self._account.plan.after()
            return answer

        return operation

    def get_paginator(self, name: str) -> Any:
        """The pages of a list."""

        def paginate(**params: Any) -> Iterator[dict[str, Any]]:
            page = getattr(self, name)(**params)
            yield page
            key = next((each for each in page if each.lower() == "nexttoken"), None)
            while key and (token := page.get(key)):
                page = getattr(self, name)(**params, **{key: token})
                yield page

        return SimpleNamespace(paginate=paginate)

    def _answer(self, name: str, params: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(self._service, Service):
            return dict(getattr(self._service, name)(**params))
        operations = {xform_name(each): each for each in self._service.model.operation_names}
        try:
            return self._service.call(operations[name], params, CONTEXT)
        except AwsError as error:
            raise _error(error.code, error.message, name) from error


def _error(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
