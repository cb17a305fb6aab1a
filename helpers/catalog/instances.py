"""The instance types that the models run on; the facts are in `data/instances.json`."""

from dataclasses import dataclass
from functools import cache

from ..errors import UnknownInstanceType
from .data import document


@dataclass(frozen=True)
class InstanceType:
    """A SageMaker hosting instance type.

    Memory is in GB for each GPU; `usd_per_hour` is an estimate for us-east-1 or None (not established);
    `sandbox_quota` is how many instances of it the sandbox lets all endpoints of a region use together, made
    up for practice.
    """

    type: str
    gpu: str
    gpus: int
    gpu_memory_gb_each: int
    usd_per_hour: float | None
    as_of: str
    source: str
    note: str = ""
    sandbox_quota: int = 0
    quota_code: str = ""

    @property
    def gpu_memory_gb(self) -> int:
        """All GPUs' memory together, in GB."""
        return self.gpus * self.gpu_memory_gb_each


def instance_types() -> tuple[InstanceType, ...]:
    """Return all instance types of the catalogue, the smallest first."""
    return tuple(_instance_types().values())


def instance_type(name: str) -> InstanceType:
    """Return the instance type of that name; raise UnknownInstanceType, listing the known names."""
    if name not in _instance_types():
        raise UnknownInstanceType(
            f"No instance type {name!r} in the catalogue. Choose one of: {', '.join(_instance_types())}."
        )
    return _instance_types()[name]


@cache
def _instance_types() -> dict[str, InstanceType]:
    return {entry["type"]: InstanceType(**entry) for entry in document("instances")["instances"]}
