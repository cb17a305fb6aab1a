"""An AWS account in this process, for the money path by the thousand: the sandbox's services without sockets.

Calls can be throttled, denied, or the last thing that the caller does: `Plan` says which.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from helpers.connect.roles import DEADLINE_ROLE
from helpers.connect.session import Session
from helpers.connect.trust import SAGEMAKER
from helpers.deploy.schedule import GROUP, moment_of
from helpers.sandbox.aws.service import AwsError, Context, Service
from helpers.sandbox.faults import Faults
from helpers.sandbox.services.authorization.simulation import Simulation
from helpers.sandbox.services.iam import SCHEDULER, Roles
from helpers.sandbox.services.marketplace import Agreements, Discovery
from helpers.sandbox.services.pricing import Pricing
from helpers.sandbox.services.quotas import Quotas
from helpers.sandbox.services.sagemaker import SageMaker
from helpers.sandbox.services.scheduler import Schedules
from helpers.sandbox.services.scheduler.checks import may_run
from helpers.sandbox.settings import ACCOUNT, ROLE_ARN, Settings
from tests.account_template import DEADLINE_POLICY
from tests.sandbox.practice_world import Clock

REGION = "us-east-1"
CONTEXT = Context(REGION, ACCOUNT)
DEADLINE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{DEADLINE_ROLE}"


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


class Iam(Roles):
    """IAM with the roles of data/account.yaml: which may be there, and trust whom they are to trust."""

    def __init__(self) -> None:
        super().__init__()
        self.is_set_up = self.works = True
        self._simulation = Simulation(self)

    def trust_policy(self, arn: str) -> str | None:
        if arn == DEADLINE_ARN and self.is_set_up and self.works:
            return json.dumps(_role(arn, SCHEDULER)["Role"]["AssumeRolePolicyDocument"])
        return super().trust_policy(arn)

    def policies(self, arn: str) -> dict[str, str]:
        if arn == DEADLINE_ARN and self.is_set_up:
            return {"delete": json.dumps(DEADLINE_POLICY)}
        return super().policies(arn)

    def simulate_principal_policy(self, **asked: Any) -> dict[str, Any]:
        return self._simulation.simulate_principal_policy(asked, CONTEXT)

    def role_arn(self, name: str) -> str | None:
        return DEADLINE_ARN if name == DEADLINE_ROLE and self.is_set_up else super().role_arn(name)

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803
        if ROLE_ARN.endswith(f"/{RoleName}"):
            return _role(ROLE_ARN, SAGEMAKER)
        if RoleName != DEADLINE_ROLE or not self.is_set_up:
            raise _error("NoSuchEntity", f"The role with name {RoleName} cannot be found.", "GetRole")
        return _role(DEADLINE_ARN, SCHEDULER)


def _role(arn: str, service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    name, policy = arn.rpartition("/")[2], {"Statement": [statement]}
    return {"Role": {"Arn": arn, "RoleName": name, "AssumeRolePolicyDocument": policy}}


class Tags:
    """The Tagging API, which finds what SageMaker has tagged."""

    def __init__(self, sagemaker: SageMaker) -> None:
        self._sagemaker = sagemaker

    def get_resources(self, TagFilters: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        wanted = {(each["Key"], value) for each in TagFilters for value in each["Values"]}
        found = [arn for arn, _, tags in self._sagemaker.tagged(REGION) if wanted <= set(tags.items())]
        return {"ResourceTagMappingList": [{"ResourceARN": arn} for arn in found]}


class Dashboards:
    """CloudWatch, in which nobody has made any."""

    def list_dashboards(self, **_: Any) -> dict[str, Any]:
        return {"DashboardEntries": []}


class Scaling:
    """Application Auto Scaling, in which `targets` are registered."""

    def __init__(self) -> None:
        self.targets: list[dict[str, Any]] = []

    def describe_scalable_targets(self, **_: Any) -> dict[str, Any]:
        return {"ScalableTargets": self.targets}


class Scheduler:
    """EventBridge Scheduler, which stores schedules; the sandbox's `Schedules` runs them."""

    def __init__(self, iam: Iam, clock: Clock) -> None:
        self._iam, self._clock = iam, clock
        self.schedule_groups: dict[str, Any] = {}

    @property
    def schedules(self) -> dict[str, Any]:
        """The tutorial's, by the names of their endpoints."""
        return self.schedule_groups[GROUP].schedules if GROUP in self.schedule_groups else {}

    def get_schedule_group(self, Name: str) -> dict[str, Any]:  # noqa: N803
        if Name not in self.schedule_groups:
            raise _error("ResourceNotFoundException", "Schedule group does not exist.", "GetScheduleGroup")
        return self._answered()

    def create_schedule_group(self, Name: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if Name in self.schedule_groups:
            words = f"Schedule group {Name} already exists."
            raise _error("ConflictException", words, "CreateScheduleGroup")
        self.schedule_groups[Name] = SimpleNamespace(schedules={})
        return self._answered()

    def list_schedules(self, GroupName: str) -> dict[str, Any]:  # noqa: N803
        self.get_schedule_group(GroupName)
        return {"Schedules": [{"Name": name} for name in self.schedules]}

    def get_schedule(self, Name: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if Name not in self.schedules:
            raise _error("ResourceNotFoundException", f"Schedule {Name} does not exist.", "GetSchedule")
        return dict(self.schedules[Name].given)

    def create_schedule(self, **given: Any) -> dict[str, Any]:
        if given["Name"] in self.schedules:
            raise _error("ConflictException", f"Schedule {given['Name']} already exists.", "CreateSchedule")
        return self._store(given)

    def update_schedule(self, **given: Any) -> dict[str, Any]:
        self.get_schedule(given["Name"])
        return self._store(given)

    def delete_schedule(self, Name: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.get_schedule(Name)
        del self.schedules[Name]
        return {}

    def moment(self, name: str) -> datetime:
        moment = moment_of(self.get_schedule(name))
        assert moment is not None
        return moment

    def _store(self, given: dict[str, Any]) -> dict[str, Any]:
        if not may_run(self._iam, given["Target"]["RoleArn"], REGION, given["GroupName"]):
            words = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
            raise _error("ValidationException", words, "CreateSchedule")
        self.schedules[given["Name"]] = SimpleNamespace(
            given=given,
            name=given["Name"],
            group_name=given["GroupName"],
            state=given.get("State"),
            schedule_expression=given["ScheduleExpression"],
            schedule_expression_timezone="UTC",
            start_date=given["StartDate"].timestamp() if "StartDate" in given else None,
            end_date=given["EndDate"].timestamp() if "EndDate" in given else None,
            action_after_completion=given["ActionAfterCompletion"],
            target=given["Target"],
            last_modified_date=self._clock.now.timestamp(),
        )
        return {}

    def _answered(self) -> dict[str, Any]:
        return {"ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(self._clock.now)}}}


@dataclass
class Account:
    """The services, and `session`: a session that spends money, whose every call follows `plan`."""

    clock: Clock = field(default_factory=Clock)
    iam: Iam = field(default_factory=Iam)
    faults: Faults = field(default_factory=Faults)
    plan: Plan = field(default_factory=Plan)
    log: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = Settings(endpoint_seconds=60, subscription_seconds=1)
        agreements = Agreements(settings, self.clock)
        self.scheduler, schedules = Scheduler(self.iam, self.clock), Schedules(self.iam)
        schedules._backends = {REGION: self.scheduler}
        self.sagemaker = SageMaker(
            settings,
            agreements,
            self.iam,
            schedules,
            lambda *_: None,
            self.clock,
            self.faults,
            random.Random(7),
        )
        self.scaling = Scaling()
        services: dict[str, Any] = {
            "sagemaker": self.sagemaker,
            "application-autoscaling": self.scaling,
            "marketplace-agreement": agreements,
            "marketplace-discovery": Discovery(),
            "pricing": Pricing(),
            "service-quotas": Quotas(),
            "scheduler": self.scheduler,
            "iam": self.iam,
            "resourcegroupstaggingapi": Tags(self.sagemaker),
            "cloudwatch": Dashboards(),
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
        try:
            if not isinstance(self._service, Service):
                return dict(getattr(self._service, name)(**params))
            operations = {xform_name(each): each for each in self._service.model.operation_names}
            return self._service.call(operations[name], params, CONTEXT)
        except AwsError as error:
            raise _error(error.code, error.message, name) from error


def _error(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
