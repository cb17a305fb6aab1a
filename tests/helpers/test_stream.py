"""Streams: every character that arrived, once, in order, then an error that carries the partial text."""

import json
import os
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import StreamBroken
from helpers.stream import EventReader, Stream
from helpers.wire import APIS

CASES = int(os.environ.get("STREAM_CASES", "300"))  # 10,000 in `make bench`
TEXTS = st.lists(st.text(min_size=1, max_size=8), max_size=12)


class Body:
    """What botocore gives for a stream: an iterable of events that can be closed."""

    def __init__(self, parts: list[bytes], error: Exception | None = None) -> None:
        self.parts, self.error, self.closed = parts, error, 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for part in self.parts:
            yield {"PayloadPart": {"Bytes": part}}
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.closed += 1


def generate_events(pieces: list[str]) -> list[dict[str, Any]]:
    generation = {"id": "g", "text": "".join(pieces), "finish_reason": "COMPLETE"}
    final = {"is_finished": True, "finish_reason": "COMPLETE", "response": {"generations": [generation]}}
    return [*({"text": piece, "is_finished": False} for piece in pieces), final]


def chat_events(pieces: list[str]) -> list[dict[str, Any]]:
    response = {"text": "".join(pieces), "finish_reason": "COMPLETE", "token_count": {"response_tokens": 3}}
    return [
        {"event_type": "stream-start", "generation_id": "g"},
        *({"event_type": "text-generation", "text": piece} for piece in pieces),
        {"event_type": "stream-end", "finish_reason": "COMPLETE", "response": response},
    ]


EVENTS = {"generate": generate_events, "chat-v1": chat_events}
FRAMINGS = ["{}\n", "{}", "data: {}\n\n", ": keep-alive\n\ndata: {}\n\n", "event: x\ndata: {}\n\n"]


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[str, list[str], list[bytes]]:
    """An API, its pieces of text, and its bytes cut at random places (empty parts included)."""
    api, pieces = draw(st.sampled_from(sorted(EVENTS))), draw(TEXTS)
    framing, ascii_only = draw(st.sampled_from(FRAMINGS)), draw(st.booleans())
    pieces = [piece.encode("utf-8", "replace").decode() for piece in pieces]
    lines = [json.dumps(event, ensure_ascii=ascii_only) for event in EVENTS[api](pieces)]
    data = "".join(framing.format(line) for line in lines).encode()
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=30)))
    edges = [0, *cuts, len(data)]
    return api, pieces, [data[a:b] for a, b in pairwise(edges)]


def stream(api: str, body: Body) -> Stream:
    return Stream(lambda: body, APIS[api], "endpoint")


@settings(max_examples=CASES, deadline=None)
@given(cut_streams())
def test_wherever_a_stream_is_cut_the_text_is_whole(case: tuple[str, list[str], list[bytes]]) -> None:
    api, pieces, parts = case
    body = Body(parts)
    running = stream(api, body)
    assert list(running) == [piece for piece in pieces if piece]
    assert running.response is not None
    assert running.response.text == running.text == "".join(pieces)
    assert body.closed == 1


@settings(max_examples=CASES, deadline=None)
@given(cut_streams(), st.data())
def test_a_stream_that_breaks_keeps_all_that_arrived(
    case: tuple[str, list[str], list[bytes]], data: st.DataObject
) -> None:
    api, pieces, parts = case
    whole = b"".join(parts)
    end = data.draw(st.integers(0, max(0, whole.rfind(b"}"))))
    error = data.draw(st.sampled_from([None, ReadTimeoutError(endpoint_url="x"), OSError("reset")]))
    running, got = stream(api, Body([whole[:end]], error)), []
    with pytest.raises(StreamBroken) as broken:
        got.extend(running)
    assert "".join(got) == broken.value.partial_text == running.text
    assert "".join(pieces).startswith(broken.value.partial_text)


@pytest.mark.parametrize("after", [ReadTimeoutError(endpoint_url="x"), OSError("reset"), b"\xff", b"<html>"])
@pytest.mark.parametrize("api", sorted(EVENTS))
def test_what_breaks_after_the_last_event_loses_nothing(api: str, after: Exception | bytes) -> None:
    whole = "".join(json.dumps(event) for event in EVENTS[api](["a", "b"])).encode()
    body = Body([whole, after]) if isinstance(after, bytes) else Body([whole], after)
    running = stream(api, body)
    assert list(running) == ["a", "b"]
    assert running.response is not None
    assert (running.response.text, body.closed) == ("ab", 1)


@settings(max_examples=CASES, deadline=None)
@given(cut_streams())
def test_single_bytes_are_enough(case: tuple[str, list[str], list[bytes]]) -> None:
    api, pieces, parts = case
    single = [bytes([byte]) for byte in b"".join(parts)]
    assert "".join(stream(api, Body(single))) == "".join(pieces)


@pytest.mark.parametrize(
    "event",
    [
        {"is_finished": True, "finish_reason": "ERROR", "err": "out of memory"},
        {"is_finished": True, "finish_reason": "ERROR_TOXIC"},
        {"message": "internal server error"},
    ],
)
def test_an_error_inside_a_good_stream_is_an_error(event: dict[str, Any]) -> None:
    lines = [json.dumps(each).encode() for each in [{"text": "so far", "is_finished": False}, event]]
    with pytest.raises(StreamBroken, match="the model says") as broken:
        list(stream("generate", Body(lines)))
    assert broken.value.partial_text == "so far"


def test_leaving_early_closes_the_connection() -> None:
    body = Body([json.dumps(event).encode() for event in generate_events(["a", "b", "c"])])
    with stream("generate", body) as running:
        assert next(iter(running)) == "a"
    assert body.closed == 1


def test_stopping_ends_the_iteration_quietly() -> None:
    body = Body([json.dumps({"text": "a", "is_finished": False}).encode()])
    running = stream("generate", body)
    pieces = iter(running)
    assert next(pieces) == "a"
    running.stop()
    assert list(pieces) == []
    assert running.text == "a"


def test_what_is_no_json_is_named() -> None:
    with pytest.raises(StreamBroken, match="Bad Gateway"):
        list(stream("generate", Body([b"<html>502 Bad Gateway</html>"])))


def test_bytes_that_are_no_utf8_are_named() -> None:
    with pytest.raises(StreamBroken, match="UTF-8"):
        list(stream("generate", Body([b'{"text": "\xff\xfe"}'])))


@given(st.binary(max_size=200))
def test_the_reader_never_fails_but_for_utf8(data: bytes) -> None:
    reader = EventReader()
    try:
        for byte in data:
            for event in reader.feed(bytes([byte])):
                assert isinstance(event, dict)
    except UnicodeDecodeError:
        assert data.decode(errors="ignore") != data.decode(errors="replace")
