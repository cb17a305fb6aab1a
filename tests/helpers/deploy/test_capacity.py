"""How many instances an endpoint may come to: counted at the most, or not known."""

from typing import Any

import pytest

from helpers.deploy.capacity import Capacity, capacity, one

KIND = "ml.g5.xlarge"


def variant(name: str = "a", count: int = 1, **more: Any) -> dict[str, Any]:
    return {"VariantName": name, "InstanceType": KIND, "InitialInstanceCount": count, **more}


def scaling(most: int | None, status: str = "ENABLED") -> dict[str, Any]:
    told = {"Status": status, "MinInstanceCount": 1, "MaxInstanceCount": most}
    return {"ManagedInstanceScaling": {key: value for key, value in told.items() if value is not None}}


POOLS = {"InstancePools": [{"InstanceType": "ml.g5.2xlarge"}, {"InstanceType": "ml.p3.2xlarge"}]}
POOLED = {"VariantName": "a", "InitialInstanceCount": 2, **POOLS}


@pytest.mark.parametrize(
    ("variants", "running", "instances"),
    [
        ([variant()], [], 1),
        ([variant(count=3)], [], 3),
        ([variant(), variant("b", 2)], [], 3),
        ([variant(**scaling(8))], [], 8),
        ([variant(count=9, **scaling(8))], [], 9),
        ([variant(**scaling(8, "DISABLED"))], [], 1),
        ([variant(**scaling(None))], [], None),
        ([POOLED], [], 2),
        ([{**POOLED, **scaling(5)}], [], 5),
        ([variant()], [{"VariantName": "a", "CurrentInstanceCount": 4, "DesiredInstanceCount": 2}], 4),
        ([variant()], [{"VariantName": "a", "CurrentInstanceCount": 1, "DesiredInstanceCount": 6}], 6),
        ([variant()], [{"VariantName": "a", **scaling(7)}], 7),
        ([variant()], [{"VariantName": "a"}, {"VariantName": "b", "CurrentInstanceCount": 1}], None),
        ([{"VariantName": "a", "InstanceType": KIND}], [], None),
        ([{"VariantName": "a", "InitialInstanceCount": 1}], [], None),
        ([], [], None),
    ],
)
def test_each_variant_counts_with_the_most_it_may_run_on(
    variants: list[dict[str, Any]], running: list[dict[str, Any]], instances: int | None
) -> None:
    assert capacity(variants, running).instances == instances


def test_the_types_are_those_of_the_variants_and_their_pools() -> None:
    assert capacity([variant(), variant("b"), POOLED]).types == (KIND, "ml.g5.2xlarge", "ml.p3.2xlarge")
    assert capacity([variant()]) == one(KIND) == Capacity(1, (KIND,))
    assert capacity([]) == Capacity(None, ())
