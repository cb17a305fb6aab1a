"""Metric alarms' states by CloudWatch's own tables: 0 is within the threshold, X breaches, - is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sandbox.services.cloudwatch.evaluation import Rule

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
WORDS = {"O": "OK", "A": "ALARM", "I": "INSUFFICIENT_DATA", "=": "before"}
VALUES = {"0": 1.0, "X": 9.0, "-": None}


def state(points, needed, missing, before="before", periods=3):
    rule = Rule("GreaterThanThreshold", 5.0, periods, needed, missing)
    return rule.state([VALUES[each] for each in points], before)


@pytest.mark.parametrize(
    ("needed", "points", "states"),
    [
        (3, "0-X-X", "OOOO"),
        (3, "----0", "OOOO"),
        (3, "-----", "I=AO"),
        (3, "0XX-X", "AAAA"),
        (3, "--X--", "A=AO"),
        (2, "0-X-X", "AAAA"),
        (2, "00X0X", "AAAA"),
        (2, "0-X--", "OOAO"),
        (2, "----0", "OOAO"),
        (2, "---X-", "A=AO"),
        # new and alone: no alarm yet
        (3, "----X", "==AO"),
        (3, "---XX", "==AO"),
        (3, "--XXX", "AAAA"),
    ],
)
def test_the_tables_of_the_guide(needed, points, states):
    found = [state(points, needed, missing) for missing in TREATMENTS]
    assert found == [WORDS[each] for each in states]


@pytest.mark.parametrize(
    ("comparison", "at", "above"),
    [
        ("GreaterThanThreshold", False, True),
        ("GreaterThanOrEqualToThreshold", True, True),
        ("LessThanThreshold", False, False),
        ("LessThanOrEqualToThreshold", True, False),
    ],
)
def test_comparisons(comparison, at, above):
    rule = Rule(comparison, 5.0, 1, 1)
    assert (rule.breaches(5.0), rule.breaches(5.1), rule.breaches(4.9)) == (at, above, not above)


@given(st.text("0X-", min_size=7, max_size=7), st.integers(1, 5), st.sampled_from(TREATMENTS))
def test_a_whole_window_needs_no_treatment(points, needed, missing):
    whole = points.replace("-", "0")
    wanted = "ALARM" if whole[-5:].count("X") >= needed else "OK"
    assert state(whole, needed, missing, periods=5) == wanted
    assert state(points, needed, missing, periods=5) in {"OK", "ALARM", "INSUFFICIENT_DATA", "before"}
