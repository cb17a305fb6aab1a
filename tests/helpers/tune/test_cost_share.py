"""The endpoint's time is divided among the requests under way, and nothing is counted twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.tune import sweep
from helpers.tune.cost_share import shares

from ..fake_client import FakeClient

MOMENT = st.integers(0, 50).map(float)
INTERVALS = st.lists(st.tuples(MOMENT, MOMENT).map(lambda pair: (min(pair), max(pair))), max_size=12)


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([], []),
        ([(0, 4)], [4]),
        ([(0, 4), (4, 6)], [4, 2]),
        ([(0, 4), (0, 4)], [2, 2]),
        ([(0, 4), (2, 6)], [3, 3]),
        ([(0, 4), (1, 3), (9, 9)], [3, 1, 0]),
    ],
)
def test_each_moment_is_divided_evenly(intervals, expected):
    assert shares(intervals) == pytest.approx(expected)


@given(INTERVALS)
def test_the_shares_are_the_time_in_which_something_was_under_way(intervals):
    busy = sum(any(a <= second and second + 1 <= b for a, b in intervals) for second in range(51))
    found = shares(intervals)
    assert sum(found) == pytest.approx(busy)
    assert all(0 <= each <= b - a + 1e-9 for each, (a, b) in zip(found, intervals, strict=True))


def test_the_table_has_a_cost_where_a_price_is_given(tmp_path):
    import time

    client = FakeClient(before=lambda key: time.sleep(0.02))
    plan = sweep.plan(client, "Write:", temperature=(0, 1, 2), max_tokens=(2, 9))
    file = tmp_path / "run.jsonl"
    table = sweep.run(client, plan, file, progress=False, usd_per_hour=3600.0)
    assert list(table.columns) == [*sweep.COLUMNS, "cost_usd"]
    assert (table[~table["measured"]]["cost_usd"] == 0).all()
    latencies = table["latency_seconds"].sum()
    assert table["latency_seconds"].max() <= table["cost_usd"].sum() + 0.005
    assert table["cost_usd"].sum() < latencies * 0.9  # three at once, one endpoint
    again = sweep.load(file, usd_per_hour=7200.0)
    assert again["cost_usd"].sum() == pytest.approx(2 * table["cost_usd"].sum())
    assert list(sweep.load(file).columns) == list(sweep.COLUMNS)


def test_a_file_without_times_has_no_known_cost(tmp_path):
    import json

    client = FakeClient()
    file = tmp_path / "run.jsonl"
    sweep.run(client, sweep.plan(client, "Write:", temperature=(0, 1), max_tokens=9), file, progress=False)
    header, *lines = file.read_text().splitlines()
    old = [{n: v for n, v in json.loads(line).items() if n != "answered_at"} for line in lines]
    file.write_text("\n".join([header, *map(json.dumps, old), ""]))
    assert sweep.load(file, usd_per_hour=1.0)["cost_usd"].isna().all()
