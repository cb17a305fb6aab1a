"""A throttled sweep hears of it at once, and only what was answered is timed."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers import catalog
from helpers.generate import client as client_module
from helpers.generate.client import Client
from helpers.tune import sweep

THROTTLED = 3
TOKENS = [{"token": "a", "likelihood": -1.0}]


def _throttled() -> ClientError:
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "Invoke")


def _no_streams() -> ClientError:
    return ClientError({"Error": {"Code": "ValidationException", "Message": "No streams here."}}, "Invoke")


class Busy:
    """A session whose runtime throttles the first requests, then answers; it has no streams."""

    region = "us-east-1"

    def __init__(self) -> None:
        self.calls = 0

    def client(self, service: str) -> "Busy":
        return self

    def invoke_endpoint_with_response_stream(self, **_: Any) -> dict[str, Any]:
        raise _no_streams()

    def invoke_endpoint(self, **_: Any) -> dict[str, Any]:
        self.calls += 1
        if self.calls <= THROTTLED:
            raise _throttled()
        generation = {"text": "a", "finish_reason": "COMPLETE", "token_likelihoods": TOKENS}
        return {"Body": io.BytesIO(json.dumps({"generations": [generation]}).encode())}


class Body(list[dict[str, Any]]):
    """An event stream."""

    def close(self) -> None:
        pass


class BusyStreams(Busy):
    """A session whose runtime throttles the first stream."""

    def __init__(self) -> None:
        super().__init__()
        self.throttled = self.streamed = 0

    def invoke_endpoint_with_response_stream(self, **_: Any) -> dict[str, Any]:
        if self.throttled < 1:
            self.throttled += 1
            raise _throttled()
        self.streamed += 1
        generation = {"text": "a", "finish_reason": "COMPLETE", "token_likelihoods": TOKENS}
        events = [
            {"text": "a", "is_finished": False},
            {"is_finished": True, "response": {"generations": [generation]}},
        ]
        parts = [{"PayloadPart": {"Bytes": json.dumps(each).encode() + b"\n"}} for each in events]
        return {"Body": Body(parts)}


def test_the_pauses_are_the_sweeps_and_no_part_of_a_latency(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "served_model", lambda _, __, model_id, *___: catalog.model(model_id))
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    busy: Any = Busy()
    client = Client(busy, "busy", model_id="cohere-medium", sleep=sleep, clock=lambda: now[0])
    plan = sweep.plan(client, "Write:", temperature=(0, 1), max_tokens=(1, 2))
    table = sweep.run(client, plan, tmp_path / "run.jsonl", concurrency=1, progress=False)
    assert slept == [], "the client slept, and its pauses would be in the latency"
    assert table[table["measured"]]["latency_seconds"].tolist() == [0.0, 0.0]
    assert busy.calls == THROTTLED + 2
    assert client.generate("a").text == "a"
    busy.calls = 0
    assert client.generate("a").text == "a", "the client itself still sends again"
    assert len(slept) == THROTTLED


def test_a_throttled_first_token_does_not_cost_the_sweep_its_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "served_model", lambda _, __, model_id, *___: catalog.model(model_id))
    busy: Any = BusyStreams()
    client = Client(busy, "busy", model_id="cohere-medium", sleep=lambda seconds: None)
    plan = sweep.plan(client, "Write:", temperature=(0, 1), max_tokens=(1, 2))
    sweep.run(client, plan, tmp_path / "run.jsonl", concurrency=1, progress=False)
    assert (busy.calls, busy.streamed) == (0, 3), "an answer of more than 60 seconds would be lost"
