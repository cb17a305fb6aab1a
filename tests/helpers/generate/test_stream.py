"""Streams: every character that arrived, once, in order, then an error that carries the partial text."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from botocore.eventstream import EventStream
from botocore.exceptions import ReadTimeoutError
from botocore.parsers import create_parser
from botocore.session import get_session
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import StreamBroken
from helpers.generate.apis import APIS
from helpers.generate.stream import EventReader, Stream
from helpers.sandbox.aws import eventstream

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


def chat_v2_events(pieces: list[str]) -> list[dict[str, Any]]:
    return [
        {"type": "message-start"},
        *({"type": "content-delta", "delta": {"message": {"content": {"text": each}}}} for each in pieces),
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {}}}},
    ]


EVENTS = {"generate": generate_events, "chat-v1": chat_events, "chat-v2": chat_v2_events}
SO_FAR = {
    "generate": {"text": "so far", "is_finished": False},
    "chat-v1": {"event_type": "text-generation", "text": "so far"},
    "chat-v2": {"type": "content-delta", "delta": {"message": {"content": {"text": "so far"}}}},
}
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


@settings(max_examples=CASES)
@given(cut_streams())
def test_wherever_a_stream_is_cut_the_text_is_whole(case: tuple[str, list[str], list[bytes]]) -> None:
    api, pieces, parts = case
    body = Body(parts)
    running = stream(api, body)
    assert list(running) == [piece for piece in pieces if piece]
    assert running.response is not None
    assert running.response.text == running.text == "".join(pieces)
    assert body.closed == 1


@settings(max_examples=CASES)
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


@settings(max_examples=CASES)
@given(cut_streams())
def test_single_bytes_are_enough(case: tuple[str, list[str], list[bytes]]) -> None:
    api, pieces, parts = case
    single = [bytes([byte]) for byte in b"".join(parts)]
    assert "".join(stream(api, Body(single))) == "".join(pieces)


V2_END = {"type": "message-end"}


@pytest.mark.parametrize(
    ("api", "event", "said"),
    [
        (
            "generate",
            {"is_finished": True, "finish_reason": "ERROR", "err": "out of memory"},
            "out of memory",
        ),
        ("generate", {"is_finished": True, "finish_reason": "ERROR_LIMIT", "err": "too long"}, "too long"),
        ("generate", {"is_finished": True, "finish_reason": "ERROR_TOXIC"}, "ERROR_TOXIC"),
        ("generate", {"is_finished": True, "finish_reason": "TIMEOUT"}, "TIMEOUT"),
        ("generate", {"message": "internal server error"}, "internal server error"),
        ("chat-v1", {"event_type": "stream-end", "finish_reason": "ERROR"}, "ERROR"),
        ("chat-v2", {**V2_END, "delta": {"finish_reason": "ERROR"}}, "ERROR"),
        ("chat-v2", {**V2_END, "delta": {"finish_reason": "TIMEOUT"}}, "TIMEOUT"),
        ("chat-v2", {**V2_END, "delta": {"finish_reason": "ERROR", "error": "no memory"}}, "no memory"),
        ("chat-v2", {"message": "internal server error"}, "internal server error"),
    ],
)
def test_an_error_inside_a_good_stream_is_an_error(api: str, event: dict[str, Any], said: str) -> None:
    lines = [json.dumps(each).encode() for each in [SO_FAR[api], event]]
    with pytest.raises(StreamBroken, match=f"the model says: .*{said}") as broken:
        list(stream(api, Body(lines)))
    assert broken.value.partial_text == "so far"


@pytest.mark.parametrize("api", ["generate", "chat-v1"])
def test_a_full_context_ends_a_stream_as_it_ends_a_plain_answer(api: str) -> None:
    events = json.loads(json.dumps(EVENTS[api](["a", "b"])).replace("COMPLETE", "ERROR_LIMIT"))
    running = stream(api, Body([json.dumps(event).encode() for event in events]))
    assert drained(running) is None
    assert running.response == replace(APIS[api].response(events[-1]["response"]), **timed(running))
    assert running.response.generations[0].finish_reason == "ERROR_LIMIT"


def timed(running: Stream) -> dict[str, float]:
    assert running.response is not None
    return {"latency_seconds": running.response.latency_seconds}


@pytest.mark.parametrize(
    "last",
    [
        {"is_finished": True, "finish_reason": "COMPLETE"},
        {"is_finished": True, "response": None, "text": "b"},
    ],
)
def test_a_last_event_without_the_whole_answer_ends_what_has_come(last: dict[str, Any]) -> None:
    events = [{"text": "a", "is_finished": False}, last]
    running = stream("generate", Body([json.dumps(event).encode() for event in events]))
    assert drained(running) is None
    assert running.response is not None
    assert running.response.text == running.text == "a" + last.get("text", "")
    assert running.response.generations[0].finish_reason == last.get("finish_reason")


NO_TEXT = [{}, {"delta": None}, {"delta": {}}, {"delta": {"message": None}}, {"delta": {"message": {}}}]
NO_TEXT += [{"delta": {"message": {"content": content}}} for content in (None, {}, {"text": None})]


@pytest.mark.parametrize("nothing", NO_TEXT, ids=str)
def test_a_delta_without_text_brings_none(nothing: dict[str, Any]) -> None:
    first, *others, last = chat_v2_events(["a"])
    events = [first, {"type": "content-delta", **nothing}, *others, last]
    running = stream("chat-v2", Body([json.dumps(event).encode() for event in events]))
    assert drained(running) is None
    assert running.text == "a"


@pytest.mark.parametrize(
    ("api", "null"), [("chat-v1", "meta"), ("chat-v1", "token_count"), ("chat-v2", "usage")]
)
def test_counts_that_are_null_are_not_known(api: str, null: str) -> None:
    *others, last = EVENTS[api](["a"])
    last["response" if api == "chat-v1" else "delta"] |= {"token_count": None, null: None}
    running = stream(api, Body([json.dumps(event).encode() for event in [*others, last]]))
    assert drained(running) is None
    assert running.response is not None
    assert (running.response.text, running.response.response_tokens) == ("a", None)


def test_a_stream_of_v2_ends_with_its_usage_and_leaves_thinking_out() -> None:
    thinking = {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"thinking": "hm"}}}}
    first, *others, last = chat_v2_events(["a", "b"])
    tokens = {"tokens": {"input_tokens": 7, "output_tokens": 2}}
    last["delta"] = {"finish_reason": "STOP_SEQUENCE", "usage": tokens}
    events = [first, thinking, *others, {"type": "content-end", "index": 1}, last]
    running = stream("chat-v2", Body([json.dumps(event).encode() for event in events]))
    assert list(running) == ["a", "b"]
    assert running.response is not None
    assert (running.response.prompt_tokens, running.response.response_tokens) == (7, 2)
    assert running.response.generations[0].finish_reason == "STOP_SEQUENCE"
    assert running.response.text == "ab"


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


# --- whatever comes


def drained(running: Stream) -> StreamBroken | None:
    """Read a stream to its end: no error but StreamBroken, with exactly the text that came."""
    got: list[str] = []
    broken: StreamBroken | None = None
    try:
        got.extend(running)
    except StreamBroken as error:
        broken = error
    assert running.text == "".join(got)
    if broken is None:
        assert running.response is not None
        return None
    assert broken.partial_text == running.text
    assert len(broken._render_traceback_()) == 1
    return broken


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there is something in a JSON value."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


@st.composite
def altered(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """An API and its events, one to three of whose fields hold something else."""
    api = draw(st.sampled_from(sorted(EVENTS)))
    events = json.loads(json.dumps(EVENTS[api](["a", "b"])))
    if api == "generate":
        events[-1]["response"]["generations"][0]["token_likelihoods"] = [{"token": "a", "likelihood": -1}]
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(places(events))))
        at: Any = events
        for key in path:
            at = at[key]
        at[last] = draw(JSON)
    return api, [event for event in events if isinstance(event, dict)]


@settings(max_examples=CASES)
@given(altered())
def test_whatever_a_field_holds_the_text_is_kept(case: tuple[str, list[dict[str, Any]]]) -> None:
    api, events = case
    body = Body([json.dumps(event).encode() for event in events])
    drained(stream(api, body))
    assert body.closed == 1


@settings(max_examples=CASES)
@given(st.sampled_from(sorted(EVENTS)), st.binary(max_size=60), st.integers(0, 10))
def test_whatever_bytes_come_in_between_the_text_is_kept(api: str, foreign: bytes, at: int) -> None:
    lines = [json.dumps(event).encode() for event in EVENTS[api](["a", "b"])]
    lines.insert(min(at, len(lines)), foreign)
    drained(stream(api, Body(lines)))


@pytest.mark.parametrize("api", sorted(EVENTS))
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b'{"a": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "digits"),
        (b'{"text": "\xff"}', "not UTF-8"),
    ],
)
def test_bytes_that_no_json_parser_takes(api: str, data: bytes, said: str) -> None:
    broken = drained(stream(api, Body([json.dumps(SO_FAR[api]).encode(), data])))
    assert broken is not None
    assert said in str(broken)
    assert broken.partial_text == "so far"


END = {"is_finished": True, "finish_reason": "COMPLETE"}


@pytest.mark.parametrize(
    ("api", "event", "said"),
    [
        ("generate", {**END, "response": {"generations": []}}, "generations holds no text"),
        ("generate", {**END, "response": {}}, "generations"),
        ("generate", {**END, "response": 5}, "response is a number where an object belongs"),
        ("generate", {**END, "response": {"generations": {}}}, "generations is an object where a list"),
        ("generate", {**END, "response": {"generations": [5]}}, "an item of generations is a number"),
        ("generate", {**END, "response": {"generations": [{"text": 5}]}}, "text is a number"),
        ("generate", {"text": 5, "is_finished": False}, "text is a number where a text belongs"),
        ("generate", {"text": ["a"]}, "text is a list"),
        ("chat-v1", {"event_type": "text-generation", "text": True}, "text is true or false"),
        ("chat-v1", {"event_type": "stream-end", "response": []}, "response is a list"),
        ("chat-v1", {"event_type": "stream-end", "response": {"text": "", "token_count": 5}}, "token_count"),
        ("chat-v2", {"type": "content-delta", "delta": "x"}, "delta is a text"),
        ("chat-v2", {"type": "message-end", "delta": {"message": 5}}, "message is a number"),
    ],
)
def test_a_wrong_field_is_named(api: str, event: dict[str, Any], said: str) -> None:
    broken = drained(stream(api, Body([json.dumps(each).encode() for each in (SO_FAR[api], event)])))
    assert broken is not None
    assert said in str(broken)
    assert broken.partial_text == "so far"


@pytest.mark.parametrize("api", sorted(EVENTS))
def test_null_is_never_the_text_none(api: str) -> None:
    null = json.loads(json.dumps(SO_FAR[api]).replace('"so far"', "null"))
    events = EVENTS[api](["a"])
    ended = [*events[:-1], null, {**events[-1], "err": None}]
    running = stream(api, Body([json.dumps(event).encode() for event in ended]))
    assert drained(running) is None
    assert running.text == "a"


def test_a_whole_answer_of_null_takes_the_text_that_came() -> None:
    final = {**END, "response": {"generations": [{"text": None, "finish_reason": None, "likelihood": None}]}}
    running = stream("generate", Body([json.dumps(each).encode() for each in (SO_FAR["generate"], final)]))
    assert drained(running) is None
    assert running.response is not None
    assert running.response.text == "so far"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400])
def test_a_likelihood_that_is_no_number_is_unknown(number: str) -> None:
    tokens = f'[{{"token": "a", "likelihood": {number}}}]'
    generation = f'{{"text": "a", "likelihood": {number}, "token_likelihoods": {tokens}}}'
    line = f'{{"is_finished": true, "response": {{"generations": [{generation}]}}}}'
    running = stream("generate", Body([line.encode()]))
    assert drained(running) is None
    assert running.response is not None
    (found,) = running.response.generations
    assert found.likelihood is found.token_likelihoods[0].likelihood is None


# --- botocore's own reader below ours


class Raw:
    """The bytes of an HTTP answer, as botocore reads them."""

    def __init__(self, data: bytes) -> None:
        self.data, self.closed = data, 0

    def stream(self) -> Iterator[bytes]:
        for start in range(0, len(self.data), 7):
            yield self.data[start : start + 7]

    def close(self) -> None:
        self.closed += 1


MODEL = get_session().get_service_model("sagemaker-runtime")
OPERATION = MODEL.operation_model("InvokeEndpointWithResponseStream")


def by_botocore(data: bytes) -> Stream:
    shape = OPERATION.output_shape.members["Body"]
    parser = create_parser("rest-json")._event_stream_parser
    body = EventStream(Raw(data), shape, parser, OPERATION.name)
    return Stream(lambda: body, APIS["generate"], "endpoint")


FRAMES = [eventstream.payload_part(json.dumps(event).encode()) for event in generate_events(["so far", "b"])]


def damaged(what: str) -> bytes:
    first, *others = FRAMES
    spoilt = bytearray(b"".join(others))
    if what == "checksum":
        spoilt[-1] ^= 1
        spoilt[len(others[0]) - 1] ^= 1
    elif what == "prelude":
        spoilt[9] ^= 1
    elif what == "length":
        spoilt[0:4] = b"\xff\xff\xff\xff"
    elif what == "compressed":
        spoilt = bytearray(b"\x1f\x8b" + bytes(spoilt))
    return first + bytes(spoilt)


@pytest.mark.parametrize("what", ["checksum", "prelude", "length", "compressed"])
def test_a_damaged_frame_keeps_the_text(what: str) -> None:
    broken = drained(by_botocore(damaged(what)))
    assert broken is not None
    assert "damaged" in str(broken)
    assert broken.partial_text == "so far"


def test_an_exception_in_the_stream_says_its_words() -> None:
    data = FRAMES[0] + eventstream.exception("ModelStreamError", {"Message": "out of memory"})
    broken = drained(by_botocore(data))
    assert broken is not None
    assert "out of memory" in str(broken)
    assert broken.partial_text == "so far"


def test_a_message_of_a_newer_service_is_passed_over() -> None:
    new = eventstream.frame({":message-type": "event", ":event-type": "Heartbeat"}, b"")
    assert drained(by_botocore(FRAMES[0] + new + b"".join(FRAMES[1:]))) is None


@settings(max_examples=CASES)
@given(st.integers(0, sum(map(len, FRAMES)) - 1), st.integers(1, 255))
def test_any_flipped_byte_is_noticed(at: int, flip: int) -> None:
    data = bytearray(b"".join(FRAMES))
    data[at] ^= flip
    running = by_botocore(bytes(data))
    broken = drained(running)
    assert "so farb".startswith(running.text)
    if broken is None:
        assert running.text == "so farb"
