"""An endpoint's life, computed from the clock whenever somebody looks: no thread and no timer.

Creating -> InService or Failed; InService -> Updating -> InService (the old variants serve meanwhile, and
stay when the new ones fail); Deleting -> gone.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from helpers import catalog

DELETABLE = ("InService", "Failed")


@dataclass(frozen=True)
class Variant:
    """A production variant with the model it runs, on the instance type it was given."""

    name: str
    model: catalog.Model
    model_name: str
    instance_type: str
    endpoint_name: str
    weight: float = 1.0
    instances: int = 1
    spec: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Deployment:
    """Variants on their way: at `ready` they serve, or `failure` says why not."""

    config_name: str
    variants: tuple[Variant, ...]
    ready: datetime
    failure: str | None = None
    in_place: bool = False  # the same fleet with other weights or counts, not a second one beside the first

    @property
    def instances(self) -> Counter[str]:
        """Instance type -> how many this deployment holds."""
        count: Counter[str] = Counter()
        for variant in self.variants:
            count[variant.instance_type] += variant.instances
        return count


@dataclass
class Endpoint:
    """An endpoint; call `settle` with the time before reading anything else."""

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
        """Let what has become due by `now` happen."""
        if self.pending is None or now < self.pending.ready:
            return
        self.modified, self.failure = self.pending.ready, self.pending.failure
        if self.failure is None:
            self.current = self.pending
        else:
            self.failed = self.pending
        self.pending = None

    def delete(self, moment: datetime, seconds: float) -> None:
        """Begin to delete it; the name stays taken for so long."""
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
        """The variants that answer invocations now; empty when none does."""
        return self.current.variants if self.current and self.gone_at is None else ()

    @property
    def instances(self) -> Counter[str]:
        """Instance type -> how many count against the account's quota."""
        if self.gone_at is not None:
            return Counter()
        current = self.current.instances if self.current else Counter[str]()
        pending = self.pending.instances if self.pending else Counter[str]()
        return current | pending if self.pending and self.pending.in_place else current + pending
