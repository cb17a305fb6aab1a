"""The calculator against a simulation, minute by minute, by the arithmetic that the sandbox scales with."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import BadInput
from helpers.production.sizing import HOURS_A_DAY, HOURS_A_MONTH, SHAPES, Traffic, size
from helpers.sandbox.services.autoscaling.arithmetic import tracked

AN_INSTANCE, SHARE, USD = 60.0, 0.7, 3.41  # requests a minute at the knee; what is aimed at; an hour
DAYS, START_MINUTES = 6, 10


def simulated_usd(traffic: Traffic, seed: int) -> float:
    """USD a month: arrivals by chance, AlarmHigh after 3 minutes, AlarmLow after 15, and slow starts."""
    chance, target = random.Random(seed), SHARE * AN_INSTANCE
    rates = traffic.requests_a_minute
    count, starting, high, seen, instance_minutes = 1, None, 0, [], 0
    for minute in range(DAYS * 1440):
        if starting is not None and minute >= starting[0]:
            count, starting = starting[1], None
        rate = rates[minute // 60 % HOURS_A_DAY]
        each = max(0.0, chance.gauss(rate, math.sqrt(rate))) / count
        high = high + 1 if each > target else 0
        seen = [*seen, each][-15:]
        if minute >= 1440:  # the first day begins with one instance
            instance_minutes += starting[1] if starting is not None else count
        if starting is not None:
            continue
        if high >= 3 and tracked(count, each, target) > count:
            starting, high, seen = (minute + START_MINUTES, tracked(count, each, target)), 0, []
        elif len(seen) == 15 and max(seen) < 0.9 * target:
            fewer = max(1, tracked(count, max(seen), target))
            if fewer < count:
                count, seen = fewer, []
    return instance_minutes / 60 / (DAYS - 1) / HOURS_A_DAY * HOURS_A_MONTH * USD


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("users", [1_000, 30_000, 300_000])
def test_its_cost_is_that_of_a_simulation_within_5_per_cent(shape: str, users: int) -> None:
    traffic = Traffic(users, 5, shape)
    simulated = sum(simulated_usd(traffic, seed) for seed in range(3)) / 3
    assert size(traffic, AN_INSTANCE, USD, share=SHARE).scaled_usd == pytest.approx(simulated, rel=0.05)


@given(
    users=st.integers(0, 10**7),
    more=st.integers(0, 10**6),
    shape=st.sampled_from(sorted(SHAPES)),
    speed=st.floats(0.5, 1e4),
    share=st.floats(0.05, 1),
    least=st.integers(1, 5),
)
def test_scaled_is_never_dearer_and_more_readers_never_need_fewer(
    users: int, more: int, shape: str, speed: float, share: float, least: int
) -> None:
    few = size(Traffic(users, 3, shape), speed, USD, share=share, least=least)
    many = size(Traffic(users + more, 3, shape), speed, USD, share=share, least=least)
    assert len(few.instances) == HOURS_A_DAY
    assert min(few.instances) >= least
    assert few.scaled_usd <= few.always_on_usd * 1.001
    assert many.peak >= few.peak
    busiest = max(Traffic(users, 3, shape).requests_a_minute)
    assert few.peak * share * speed >= busiest * (1 - 1e-9)


@pytest.mark.parametrize("wrong", [{"users_a_day": -1}, {"requests_each": math.nan}, {"shape": "night"}])
def test_a_traffic_that_can_not_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=next(iter(wrong))):
        Traffic(**{"users_a_day": 1, "requests_each": 1, "shape": "even", **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [{"requests_a_minute": 0}, {"usd_per_hour": math.inf}, {"share": 0}, {"share": 1.1}, {"least": 0}],
)
def test_a_size_that_can_not_be_is_refused(wrong: dict[str, float]) -> None:
    values = {"requests_a_minute": 1.0, "usd_per_hour": 1.0, **wrong}
    with pytest.raises(BadInput, match=next(iter(wrong))):
        size(Traffic(1, 1), **values)  # type: ignore[arg-type]


def test_it_says_both_prices() -> None:
    said = str(size(Traffic(100_000, 5, "office"), AN_INSTANCE, USD))
    assert "always on" in said
    assert "scaled with the traffic" in said
