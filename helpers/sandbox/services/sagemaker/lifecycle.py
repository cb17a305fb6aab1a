"""An endpoint's states, computed from the clock at each request, without a thread or timer.

Creating -> InService or Failed; InService -> Updating -> InService (the old variants serve meanwhile, and
stay if the new ones fail); Deleting -> gone.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from helpers import catalog

DELETABLE = ("InService", "Failed")


@dataclass(frozen=True)
class Variant:
    """A production variant: a model on a number of instances of one type."""

    name: str
    model: catalog.Model
    model_name: str
    instance_type: str
    endpoint_name: str
    weight: float = 1.0
    instances: int = 1
    fleet: str = ""  # a name for the instances that one deployment started
    spec: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Deployment:
    """Variants being deployed: they serve from `ready` on, or `failure` says why they fail."""

    config_name: str
    variants: tuple[Variant, ...]
    ready: datetime
    failure: str | None = None
    in_place: bool = False  # changes weights or counts of the serving variants, instead of deploying new ones

    @property
    def instances(self) -> Counter[str]:
        """Instance type -> number of instances that this deployment uses."""
        count: Counter[str] = Counter()
        for variant in self.variants:
            count[variant.instance_type] += variant.instances
        return count


@dataclass
class Endpoint:
    """An endpoint; call `settle` with the current time before reading its attributes."""

    name: str
    arn: str
    created: datetime
    modified: datetime
    tags: dict[str, str]
    pending: Deployment | None
    current: Deployment | None = None
    failed: Deployment | None = None
    failure: str | None = None
    gone_at: datetime | None = None
    deployment_config: dict[str, Any] = field(default_factory=dict)

    def settle(self, now: datetime) -> None:
        """Complete the pending deployment if it is due by `now`."""
        if self.pending is None or now < self.pending.ready:
            return
        self.modified, self.failure = self.pending.ready, self.pending.failure
        if self.failure is None:
            self.current = self.pending
        else:
            self.failed = self.pending
        self.pending = None

    def delete(self, moment: datetime, seconds: float) -> None:
        """Begin to delete the endpoint; its name stays in use for `seconds`."""
        self.modified, self.gone_at = moment, moment + timedelta(seconds=seconds)

    @property
    def status(self) -> str:
        """SageMaker's EndpointStatus."""
        if self.gone_at is not None:
            return "Deleting"
        if self.pending is not None:
            return "Updating" if self.current else "Creating"
        return "InService" if self.current else "Failed"

    @property
    def serving(self) -> tuple[Variant, ...]:
        """The variants that answer invocations now; empty if the endpoint is not in service."""
        return self.current.variants if self.current and self.gone_at is None else ()

    @property
    def instances(self) -> Counter[str]:
        """Instance type -> number of instances that count against the account's quota."""
        if self.gone_at is not None:
            return Counter()
        current = self.current.instances if self.current else Counter[str]()
        pending = self.pending.instances if self.pending else Counter[str]()
        return current | pending if self.pending and self.pending.in_place else current + pending
