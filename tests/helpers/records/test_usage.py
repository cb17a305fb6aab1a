"""What a run asked for is counted as it is asked, whatever becomes of the answer or of the run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import ModelRefused, StreamBroken
from helpers.generate.apis import APIS
from helpers.generate.client import Client
from helpers.generate.stream import Stream
from helpers.records import usage as records
from helpers.records.usage import Usage, _under_way, begin, usage
from helpers.tune import sweep
from helpers.tune.cost_share import shares

MOMENTS = st.integers(0, 50)
INTERVALS = st.lists(st.tuples(MOMENTS, MOMENTS).map(lambda pair: tuple(map(float, sorted(pair)))))
EVENTS = [{"text": "a", "is_finished": False}, {"text": " b", "is_finished": False}]
LAST = {"is_finished": True, "response": {"generations": [{"text": "a b"}]}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(records.VARIABLE, str(tmp_path / records.FILE))
    return tmp_path


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / records.FILE).read_text().splitlines()]


def body(*events: dict[str, Any]) -> Any:
    class Body:
        def __iter__(self) -> Iterator[Any]:
            return iter([{"PayloadPart": {"Bytes": json.dumps(each).encode()}} for each in events])

        def close(self) -> None:
            pass

    return Body()


def test_without_a_file_to_write_to_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(records.VARIABLE, raising=False)
    begin()(3)
    monkeypatch.setenv(records.VARIABLE, str(tmp_path / "no" / "folder"))
    begin()(3)  # an answer is not lost for its record
    assert list(tmp_path.iterdir()) == []
    assert usage(tmp_path) == Usage()


def test_what_ran_side_by_side_counts_once(tmp_path: Path) -> None:
    told = [(10.0, 1.0, 2), (10.5, 1.0, None), (30.0, 1.0, 3), (31.0, 1.0, 0)]
    written = [json.dumps({"ended": e, "seconds": s, "tokens": t}) for e, s, t in told]
    torn = [
        written[0][:20],
        "null",
        '{"seconds": "long"}',
        '{"seconds": 1, "ended": null}',
        "[" * 100_000,
        "\xff",
    ]
    (tmp_path / records.FILE).write_bytes("\n".join([*written, *torn]).encode("latin-1"))
    assert usage(tmp_path) == Usage(4, 5, 3.5)


def test_a_stream_counts_once_whether_it_ends_breaks_or_is_left(folder: Path) -> None:
    list(Stream(lambda: body(*EVENTS, LAST), APIS["generate"], "whole"))
    with pytest.raises(StreamBroken):
        list(Stream(lambda: body(*EVENTS), APIS["generate"], "broken"))
    with Stream(lambda: body(*EVENTS, LAST), APIS["generate"], "left") as left:
        next(iter(left))
    with pytest.raises(OSError, match="no connection"):
        Stream(lambda: (_ for _ in ()).throw(OSError("no connection")).__next__(), APIS["generate"], "none")
    assert [each["tokens"] for each in lines(folder)] == [2, 2, 1, None]


def test_of_a_stream_that_lists_its_tokens_these_count(folder: Path) -> None:
    listed = [{"token": token, "likelihood": -1.0} for token in ("a", " ", "b")]
    last = {"is_finished": True, "response": {"generations": [{"text": "a b", "token_likelihoods": listed}]}}
    list(Stream(lambda: body(*EVENTS, last), APIS["generate"], "listing"))
    assert usage(folder).tokens == 3


def test_every_request_of_a_client_counts(medium: Client, folder: Path) -> None:
    medium.generate("Write:", max_tokens=3, temperature=0, likelihoods="GENERATION", num_generations=2)
    medium.generate("Write:", max_tokens=3, temperature=0)  # this API counts only what it lists
    with pytest.raises(ModelRefused):
        medium.generate("word " * 20_000, max_tokens=10)
    medium.tokens("These are the prompt's own.")
    assert [each["tokens"] for each in lines(folder)] == [6, None, None, None]


def test_a_sweep_counts_with_the_token_that_tells_whether_streams_work(medium: Client, folder: Path) -> None:
    plan = sweep.plan(medium, "Write:", temperature=[0, 1], max_tokens=[2, 4], repetitions=2)
    table = sweep.run(medium, plan, folder / "all.jsonl", progress=False)
    asked = table[table["measured"]]
    found = usage(folder)
    assert (found.requests, found.tokens) == (len(asked) + 1, asked["tokens"].sum() + 1)
    assert found.seconds > 0


@given(INTERVALS)
def test_the_time_is_that_of_the_shares_of_cost(intervals: list[tuple[float, float]]) -> None:
    assert _under_way(intervals) == pytest.approx(sum(shares(intervals)))
