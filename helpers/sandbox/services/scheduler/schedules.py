"""The account's schedules that delete endpoints: which calls are due, and which are done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Any

from ...aws.caller import Caller
from ...settings import ACCOUNT
from ..authorization.authorizer import denial
from ..authorization.conditions import tag_keys
from ..authorization.policy import Permission
from ..iam import Roles
from .checks import may_run, mistake
from .plan import Plan, plan_of

_EVER = datetime.min.replace(tzinfo=UTC)
_SESSION = "scheduler"  # of the role that it assumes; AWS's name for it (not established)


@dataclass(frozen=True)
class Deletion:
    """One call of DeleteEndpoint by a schedule: the endpoint, and the time of the call."""

    endpoint_name: str
    moment: datetime
    schedule: Any


class Schedules:
    """The account's schedules; none before `connect`, as they are created through moto."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self._backends: Any = {}
        self._seen: dict[str, datetime] = {}  # region -> the time until which its calls have been made

    def connect(self) -> None:
        """Use moto's schedules from now on, and let it refuse what AWS refuses."""
        from moto.backends import get_backend
        from moto.scheduler.models import EventBridgeSchedulerBackend as Backend

        for name in ("create_schedule", "update_schedule"):
            setattr(Backend, name, _checked(getattr(Backend, name), partial(mistake, self._roles)))
        self._backends = get_backend("scheduler")[ACCOUNT]

    def due(self, region: str, now: datetime) -> list[Deletion]:
        """Return the calls that are due since the last time this was asked, in their order.

        A call that AWS would try again is due at each asking until it is `done`. A schedule that has no
        call left, and asks for that, is deleted.
        """
        since, self._seen[region] = self._seen.get(region, _EVER), now
        calls = []
        for schedule, plan in self._planned(region):
            moments = plan.calls(since, now)
            calls += [Deletion(plan.endpoint_name, moment, schedule) for moment in moments]
            if plan.is_over(now):
                self._complete(region, schedule)
        return sorted(calls, key=lambda each: each.moment)

    def refusal(self, region: str, deletion: Deletion, arn: str, tags: Mapping[str, str]) -> str:
        """Return why the schedule's role may not delete that endpoint now, with its tags; "" if it may."""
        role = str(deletion.schedule.target.get("RoleArn", ""))
        if not may_run(self._roles, role, region, deletion.schedule.group_name):
            return f"EventBridge Scheduler may not assume the role {role}"
        asked = Permission("sagemaker:DeleteEndpoint", arn, tag_keys("resource", tags))
        decision = self._roles.decide(role, asked)
        return "" if decision.effect == "allowed" else denial(Caller(role, _SESSION).arn, asked, decision)

    def done(self, region: str, deletion: Deletion) -> None:
        """Complete a schedule that calls once; one that calls again goes on until its end."""
        plan = plan_of(deletion.schedule)
        if plan is not None and plan.every is None:
            self._complete(region, deletion.schedule)

    def _planned(self, region: str) -> list[tuple[Any, Plan]]:
        if region not in self._backends:
            return []
        groups = list(self._backends[region].schedule_groups.values())
        schedules = [each for group in groups for each in list(group.schedules.values())]
        return [(each, plan) for each in schedules if (plan := plan_of(each)) is not None]

    def _complete(self, region: str, schedule: Any) -> None:
        """Disable the schedule, or delete it if it asks for that after completion."""
        schedule.state = "DISABLED"
        if schedule.action_after_completion == "DELETE":
            self._backends[region].schedule_groups[schedule.group_name].schedules.pop(schedule.name, None)


def _checked(
    original: Callable[..., Any], mistake: Callable[[str, dict[str, Any]], str]
) -> Callable[..., Any]:
    """Return moto's method, which then raises ValidationException for a mistake."""
    original = getattr(original, "__wrapped__", original)

    @wraps(original)
    def checked(backend: Any, **given: Any) -> Any:
        from moto.scheduler.exceptions import ValidationException

        if message := mistake(backend.region_name, given):
            raise ValidationException(message)
        backend.get_schedule_group(given["group_name"])  # moto stumbles over a group that is not there
        return original(backend, **given)

    return checked
