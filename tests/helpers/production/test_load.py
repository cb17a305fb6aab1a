"""Load by llmeter, through the tutorial's own client."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from helpers.errors import BadInput, ModelFailed
from helpers.generate.client import Client
from helpers.production import load, metrics

from ..tune.interrupts import interruptible

BENCH = os.environ.get("BENCH") == "1"
PROMPT = "Three reasons why people keep bees:"


class FakeStream:
    """Three pieces of text; or an error after one."""

    time_to_first_token_seconds = 0.25
    response = None

    def __init__(self, error: Exception | None = None) -> None:
        self.text, self.closed, self._error = "", False, error

    def __enter__(self) -> "FakeStream":
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def __iter__(self) -> Iterator[str]:
        for number, piece in enumerate(("one ", "two ", "three")):
            if self._error and number:
                raise self._error
            self.text += piece
            yield piece


class FakeClient:
    """A client whose every nth stream fails; it notes what it is asked."""

    endpoint_name = "fake"

    def __init__(self, fails_each: int = 0) -> None:
        self.model = type("Model", (), {"id": "cohere-medium"})
        self.asked: list[dict[str, Any]] = []
        self.streams: list[FakeStream] = []
        self._fails_each = fails_each

    def without_retries(self) -> "FakeClient":
        return self

    def stream(self, prompt: str, **settings: Any) -> FakeStream:
        self.asked.append({"prompt": prompt, **settings})
        fails = self._fails_each and len(self.asked) % self._fails_each == 0
        self.streams.append(FakeStream(RuntimeError("it broke") if fails else None))
        return self.streams[-1]


def measured(client: Any, **settings: Any) -> pd.DataFrame:
    return asyncio.run(load.measure(client, PROMPT, seconds=0.05, progress=False, **settings))


def test_every_reader_sends_the_prompt_and_every_stream_is_closed() -> None:
    client = FakeClient()
    table = measured(client, users=[1, 3], max_tokens=7)
    assert list(table.index) == [1, 3]
    assert table["requests"].sum() == len(client.asked)
    assert {tuple(each.items()) for each in client.asked} == {(("prompt", PROMPT), ("max_tokens", 7))}
    assert all(each.closed for each in client.streams)
    assert set(table["first_token_p50"]) == {0.25}
    assert set(table["tokens"]) == {3}


def test_failed_requests_are_counted_and_not_measured() -> None:
    table = measured(FakeClient(fails_each=2), users=[1])
    assert table.loc[1, "failed"] in (table.loc[1, "requests"], table.loc[1, "requests"] - 1)
    assert table.loc[1, "tokens"] == 3


def test_if_all_fail_it_says_why() -> None:
    with pytest.raises(ModelFailed, match="it broke"):
        measured(FakeClient(fails_each=1), users=[2])
    found = asyncio.run(load.symptoms(FakeClient(fails_each=1), PROMPT, seconds=0.05))  # type: ignore[arg-type]
    assert found["failed"] == found["requests"] > 0
    assert found["what it says"] == "it broke"


class Long(FakeStream):
    """A stream of half a minute."""

    def __iter__(self) -> Iterator[str]:
        for _ in range(3000):
            time.sleep(0.01)
            yield "on "


def test_stop_ends_the_load_its_streams_and_its_readers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeClient()
    monkeypatch.setattr(f"{__name__}.FakeStream", Long)

    async def stopped() -> None:
        asyncio.get_running_loop().call_later(0.5, signal.raise_signal, signal.SIGINT)
        await load.measure(client, PROMPT, users=[3, 5], seconds=30, progress=False)  # type: ignore[arg-type]

    began = time.monotonic()
    with interruptible(), pytest.raises(KeyboardInterrupt):
        asyncio.run(stopped())  # it waits for its threads, the readers
    assert time.monotonic() - began < 20
    assert len(client.asked) == 3
    assert all(stream.closed for stream in client.streams)


@pytest.mark.parametrize("users", [[], [0], [-1], [1.5], ["1"], [True], [257]])
def test_numbers_of_readers_that_can_not_be_are_refused_before_any_request(users: list[Any]) -> None:
    client = FakeClient()
    with pytest.raises(BadInput, match="users"):
        measured(client, users=users)
    assert not client.asked


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), "5", True, 3601])
def test_times_that_can_not_be_are_refused_before_any_request(seconds: Any) -> None:
    client = FakeClient()
    with pytest.raises(BadInput, match="seconds"):
        asyncio.run(load.measure(client, PROMPT, seconds=seconds))  # type: ignore[arg-type]
    assert not client.asked


@pytest.mark.parametrize(
    ("throughput", "users"),
    [([10, 20, 40, 41], 4), ([10, 9, 8, 7], 1), ([10, 20, 40, 80], 8), ([10, 19, 20, 12], 2)],
)
def test_the_knee_is_where_more_readers_bring_hardly_more(throughput: list[float], users: int) -> None:
    columns = {"tokens_a_second": throughput, "first_token_p50": [0.1, 0.1, 0.2, 0.3]}
    assert load.knee(pd.DataFrame(columns, index=[1, 2, 4, 8])) == users


def test_who_queues_is_beyond_the_knee_however_much_comes_out() -> None:
    columns = {"tokens_a_second": [50, 90, 120, 140], "first_token_p50": [0.1, 0.15, 0.3, 2.0]}
    assert load.knee(pd.DataFrame(columns, index=[1, 2, 4, 8])) == 4


def test_cloudwatch_has_measured_the_same(medium: Client) -> None:
    """Counts within 5 %. Times within 10 % on a quiet machine (`make bench`); a busy one delays readers."""
    since = datetime.now(UTC)
    seconds = 20 if BENCH else 2
    table = asyncio.run(
        load.measure(medium, PROMPT, users=[2], seconds=seconds, max_tokens=10, progress=False)
    )
    counted = float("nan")
    for _ in range(50):  # it writes its records in a thread of its own
        seen = metrics.observed(medium.session, medium.endpoint_name, since).loc["AllTraffic"]
        counted = seen["requests"]
        if counted == table.loc[2, "requests"]:
            break
        asyncio.run(asyncio.sleep(0.1))
    assert counted == pytest.approx(table.loc[2, "requests"], rel=0.05)
    assert seen["model errors"] == 0
    for share in ("p50", "p95"):
        ours, theirs = table.loc[2, f"answer_{share}"], seen[f"answer {share}, s"]
        print(f"answer {share}: {ours:.3f} s by llmeter, {theirs:.3f} s by CloudWatch")
        assert 0 < theirs <= 1.1 * ours
        assert not BENCH or theirs >= 0.9 * ours


def test_a_chat_s_stream_is_counted_by_its_own_tokens(chat_v2: Client) -> None:
    table = asyncio.run(
        load.measure(chat_v2, PROMPT, users=[1], seconds=0.5, max_tokens=6, progress=False)
    ).loc[1]
    assert table["requests"] > 0 == table["failed"]
    assert table["tokens"] == 6
    assert 0 < table["first_token_p50"] < table["answer_p50"]
