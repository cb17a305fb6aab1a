"""How many instances a policy asks for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sandbox.services.autoscaling.arithmetic import (
    Cooldown,
    Step,
    inwards,
    outwards,
    stepped,
    tracked,
)

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
COUNTS, METRICS = st.integers(1, 1000), st.floats(0, 1e4)
TARGETS = st.floats(0.1, 1e6)
PERCENT = "PercentChangeInCapacity"
BY_EXCESS = [Step(1, 0, 10), Step(3, 10), Step(-1, -10, 0), Step(-3, None, -10)]


@given(COUNTS, METRICS, TARGETS)
def test_tracking_asks_for_the_fewest_instances_that_keep_the_target(capacity, metric, target):
    wanted, exact = tracked(capacity, metric, target), capacity * metric / target
    assert exact * (1 - 1e-8) - 1e-8 <= wanted < exact + 1


@pytest.mark.parametrize(
    ("capacity", "metric", "target", "wanted"),
    [(1, 12, 4, 3), (3, 4, 4, 3), (3, 4.1, 4, 4), (3, 0.7, 0.7, 3), (5, 0, 4, 0), (10, 1e300, 1e-3, 10**9)],
)
def test_tracking(capacity, metric, target, wanted):
    assert tracked(capacity, metric, target) == wanted


@pytest.mark.parametrize(
    ("excess", "after"), [(0, 6), (9.99, 6), (10, 8), (1e9, 8), (-0.1, 4), (-10, 2), (-9.99, 4), (-1e9, 2)]
)
def test_a_step_is_chosen_by_the_distance_to_the_threshold(excess, after):
    assert stepped(5, excess, BY_EXCESS, "ChangeInCapacity") == after


def test_no_step_is_no_change():
    assert stepped(5, 3, [Step(2, 10)], "ChangeInCapacity") == 5


# The guide's examples: 12.7 is 12, 0.67 is 1, -0.58 is -1, -6.67 is -6
@pytest.mark.parametrize(
    ("capacity", "percent", "least", "after"),
    [(127, 10, 0, 139), (67, 1, 0, 68), (58, -1, 0, 57), (667, -1, 0, 661), (4, 25, 2, 6), (4, 0, 2, 4)],
)
def test_percentages_are_rounded_as_on_aws(capacity, percent, least, after):
    assert stepped(capacity, 1, [Step(percent, 0)], PERCENT, least) == after


def test_an_exact_capacity_is_what_it_says():
    assert stepped(5, 1, [Step(3, 0)], "ExactCapacity") == 3


def test_during_the_cooldown_what_was_added_is_a_part_of_what_is_wanted():
    cooldown = Cooldown().after(10, 12, NOON, out=300, inwards=300)
    later = NOON + timedelta(seconds=299)
    assert outwards(lambda base: base + 2, 12, 100, cooldown, later) == 12
    assert outwards(lambda base: base + 3, 12, 100, cooldown, later) == 13
    assert outwards(lambda base: base + 2, 12, 100, cooldown, NOON + timedelta(seconds=300)) == 14


def test_scaling_in_waits_for_its_cooldown_which_scaling_out_ends():
    cooldown = Cooldown().after(5, 4, NOON, out=60, inwards=300)
    soon = NOON + timedelta(seconds=299)
    assert inwards(lambda base: base - 1, 4, 1, cooldown, soon) == 4
    assert inwards(lambda base: base - 1, 4, 1, cooldown, NOON + timedelta(seconds=300)) == 3
    assert outwards(lambda base: base + 1, 4, 9, cooldown, soon) == 5
    ended = cooldown.after(4, 5, soon, out=60, inwards=300)
    assert inwards(lambda base: base - 1, 5, 1, ended, soon) == 4


@given(COUNTS, COUNTS, st.integers(-2000, 2000), st.integers(-400, 400))
def test_no_policy_leaves_its_bounds(capacity, bound, wanted, seconds):
    now, cooldown = NOON + timedelta(seconds=seconds), Cooldown(NOON, 3, NOON)
    out = outwards(lambda _: wanted, capacity, max(capacity, bound), cooldown, now)
    assert capacity <= out <= max(capacity, bound)
    less = inwards(lambda _: wanted, capacity, min(capacity, bound), cooldown, now)
    assert min(capacity, bound) <= less <= capacity
