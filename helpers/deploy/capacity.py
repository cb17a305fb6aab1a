"""The capacity of an endpoint: the most instances it may run on, and their types, for its price."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Capacity:
    """The most instances that all variants together may run on, and the types they may be of.

    `instances` is None where that can't be told: a variant that is not known, or scales without a maximum.
    """

    instances: int | None
    types: tuple[str, ...]


def one(instance_type: str) -> Capacity:
    """Return the capacity of a single instance, which is what this tutorial deploys."""
    return Capacity(1, (instance_type,))


def capacity(
    variants: Iterable[Mapping[str, Any]],
    running: Iterable[Mapping[str, Any]] = (),
    scaling: Mapping[str, int] = MappingProxyType({}),
) -> Capacity:
    """Return the capacity of a configuration's variants, shadow variants among them.

    `running` are the same variants as DescribeEndpoint lists them now: each counts with the most of what it
    was made with, what it has or is to have, and the maximum of managed instance scaling. `scaling` maps a
    variant's name to its maximum in Application Auto Scaling, which is a service of its own.
    """
    now = {each.get("VariantName"): each for each in running}
    known = list(variants)
    counts = [
        _most(each, now.pop(each.get("VariantName"), {}), scaling.get(each.get("VariantName", ""), 0))
        for each in known
    ]
    types = tuple(dict.fromkeys(kind for each in known for kind in _types(each)))
    if not known or now or None in counts or not all(map(_types, known)):
        return Capacity(None, types)
    return Capacity(sum(each for each in counts if each is not None), types)


def _most(variant: Mapping[str, Any], now: Mapping[str, Any], most: int) -> int | None:
    counts = [variant.get("InitialInstanceCount"), most]
    counts += [now.get(key, 0) for key in ("CurrentInstanceCount", "DesiredInstanceCount")]
    for scaling in (variant.get("ManagedInstanceScaling"), now.get("ManagedInstanceScaling")):
        if scaling and scaling.get("Status") != "DISABLED":
            counts.append(scaling.get("MaxInstanceCount"))
    known = [int(each) for each in counts if each is not None]
    return max(known) if len(known) == len(counts) else None


def _types(variant: Mapping[str, Any]) -> list[str]:
    """Return the variant's instance type, or those of its instance pools."""
    kinds = [variant, *variant.get("InstancePools", [])]
    return [str(each["InstanceType"]) for each in kinds if "InstanceType" in each]
