"""The points and statistics that alarms look at."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sandbox.services.cloudwatch.percentiles import Point
from helpers.sandbox.services.cloudwatch.statistics import MOST_OLD, by_period, of, since

NOON = datetime(2026, 11, 29, 12)
MINUTE = timedelta(minutes=1)


def single(value, minutes=0.0):
    return SimpleNamespace(value=value, timestamp=NOON + MINUTE * minutes)


def several(*values):
    point = Point("n", "m", {}, NOON, "None")
    for value in values:
        point.add(value)
    return point


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        ("SampleCount", 5),
        ("Sum", 110),
        ("Average", 22),
        ("Minimum", 1),
        ("Maximum", 100),
        ("p50", 3),
        ("p100", 100),
    ],
)
def test_single_values_and_those_of_a_point_count_alike(statistic, value):
    points = [single(1.0), several(2, 3, 4), single(100.0)]
    assert of(points, statistic) == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize("statistic", ["Median", "tm99", "p101", "", None])
def test_an_unknown_statistic_is_no_data(statistic):
    assert of([single(1.0)], statistic or "") is None


def test_what_is_no_number_is_no_data():
    assert of([], "Sum") is None
    assert of([single(float("nan"))], "Sum") is None
    assert of([single(float("inf"))], "Maximum") is None


def test_periods_end_before_the_next_begins():
    points = [single(1.0, -3), single(2.0, -1.5), single(3.0, -1), single(9.0, 0)]
    assert by_period(points, NOON, MINUTE, 4, "Sum") == [None, 1.0, 2.0, 3.0]


@given(st.lists(st.tuples(st.integers(-60, 0), st.booleans()), max_size=30), st.integers(-60, 0))
def test_all_wanted_points_since_a_time_are_found_in_order(made, begins):
    points = [single(float(wanted), minutes) for minutes, wanted in made]
    found = since(points, NOON + MINUTE * begins, lambda each: bool(each.value))
    assert found == [
        p for p, (minutes, wanted) in zip(points, made, strict=True) if wanted and minutes >= begins
    ]


def test_the_search_ends_among_old_points():
    points = [single(1.0), *(single(1.0, -9) for _ in range(MOST_OLD + 1)), single(2.0)]
    assert [each.value for each in since(points, NOON, lambda _: True)] == [2.0]
