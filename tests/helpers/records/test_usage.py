"""What a run used is read from its journals alone, so that a run that failed has it as well."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.records.journal import Journal
from helpers.records.usage import Usage, _under_way, usage
from helpers.tune import sweep
from helpers.tune.cost_share import shares
from helpers.tune.truncation import Answer

from ..fake_client import FakeClient

MOMENTS = st.integers(0, 50)
INTERVALS = st.lists(st.tuples(MOMENTS, MOMENTS).map(lambda pair: tuple(map(float, sorted(pair)))))


def answer(**changed: Any) -> dict[str, Any]:
    given = {"text": "a b", "finish_reason": None, "likelihood": None, "tokens": (), "likelihoods": ()}
    given |= {"token_count": 2, "latency_seconds": 1.0, "answered_at": 10.0}
    return Answer(**(given | changed)).record()


def journal(path: Path, *records: dict[str, Any]) -> None:
    with Journal(path, {"kind": "test"}) as file:
        for record in records:
            file.append(record)


def test_tokens_and_time_are_those_of_the_sweeps_answers(tmp_path: Path) -> None:
    client, path = FakeClient(), tmp_path / "runs" / "sandbox" / "all.jsonl"
    plan = sweep.plan(client, "Write:", temperature=[0, 1], max_tokens=[4, 12], repetitions=2)  # type: ignore[arg-type]
    table = sweep.run(client, plan, path, progress=False, usd_per_hour=3600)  # type: ignore[arg-type]
    asked = table[table["measured"]]
    found = usage(tmp_path)
    assert (found.answers, found.tokens) == (len(asked), asked["tokens"].sum())
    assert found.seconds == pytest.approx(table["cost_usd"].sum())  # at a dollar a second


def test_what_ran_side_by_side_counts_once_and_all_files_count(tmp_path: Path) -> None:
    journal(tmp_path / "a.jsonl", answer(), answer(answered_at=10.5), answer(answered_at=None))
    journal(
        tmp_path / "deep" / "b.jsonl",
        answer(tokens=("a", " b", " c"), likelihoods=(None,) * 3, answered_at=30),
    )
    assert usage(tmp_path) == Usage(4, 2 + 2 + 2 + 3, 1.5 + 1.0)


def test_what_is_no_sweeps_file_is_left_out(tmp_path: Path) -> None:
    journal(tmp_path / "a.jsonl", {"grade": True}, answer(token_count=None), {"latency_seconds": "long"})
    (tmp_path / "b.jsonl").write_bytes(b"\xff")
    (tmp_path / "c.jsonl").mkdir()
    (tmp_path / "d.jsonl").write_text("[" * 100_000)
    assert usage(tmp_path) == Usage(1, None, 1.0)
    assert usage(tmp_path / "nowhere") == Usage()


@given(INTERVALS)
def test_the_time_is_that_of_the_shares_of_cost(intervals: list[tuple[float, float]]) -> None:
    assert _under_way(intervals) == pytest.approx(sum(shares(intervals)))
