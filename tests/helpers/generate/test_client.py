"""The client against the sandbox's real model, and against failures that a stub can give."""

import inspect
import io
import json
import time
from dataclasses import fields, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import catalog
from helpers.connect.session import Session
from helpers.errors import BadInput, ModelFailed, ModelRefused, NotConnected, Throttled
from helpers.generate import client as client_module
from helpers.generate.client import Client
from helpers.generate.retries import RETRY_SECONDS
from helpers.generate.types import Request
from helpers.sandbox.process import Address

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PROMPT = "Write a LinkedIn post about starting a career in tech:"


@pytest.fixture(params=["medium", "command_r", "chat_v2"])
def client(request: pytest.FixtureRequest, sandbox: Address) -> Client:
    return request.getfixturevalue(request.param)


def test_the_articles_call(medium: Client) -> None:
    response = medium.generate(PROMPT, max_tokens=20, temperature=0, likelihoods="GENERATION")
    generation = response.generations[0]
    assert generation.text == response.text
    assert generation.text.strip()
    assert generation.finish_reason == "MAX_TOKENS"
    assert len(generation.token_likelihoods) == 20
    mean = sum(token.likelihood or 0 for token in generation.token_likelihoods) / 20
    assert generation.likelihood == pytest.approx(mean, abs=1e-4)
    assert "".join(token.token for token in generation.token_likelihoods) == generation.text
    assert response.latency_seconds > 0


def test_temperature_zero_repeats_itself_and_one_does_not(client: Client) -> None:
    calm = {client.generate(PROMPT, max_tokens=12, temperature=0).text for _ in range(2)}
    lively = {client.generate(PROMPT, max_tokens=12, temperature=1).text for _ in range(3)}
    assert len(calm) == 1
    assert len(lively) > 1


def test_a_stream_brings_what_the_plain_call_brings(client: Client) -> None:
    whole = client.generate(PROMPT, max_tokens=10, temperature=0).text
    with client.stream(PROMPT, max_tokens=10, temperature=0) as stream:
        pieces = list(stream)
    assert "".join(pieces) == stream.text == whole
    assert len(pieces) > 5
    assert stream.response is not None
    assert stream.response.generations[0].finish_reason == "MAX_TOKENS"
    assert stream.time_to_first_token_seconds is not None
    assert stream.time_to_first_token_seconds < stream.response.latency_seconds


def test_several_generations_and_stop_sequences(medium: Client) -> None:
    response = medium.generate(PROMPT, max_tokens=10, temperature=1, num_generations=3)
    assert len(response.generations) == 3
    stopped = medium.generate(PROMPT, max_tokens=60, temperature=0, stop_sequences=["."])
    assert stopped.text.count(".") <= 1
    assert stopped.generations[0].finish_reason != "MAX_TOKENS"


def test_likelihoods_of_the_prompt_show_its_tokens(medium: Client) -> None:
    text = "Tokenization is no magic."
    tokens = medium.tokens(text)
    assert "".join(token.token for token in tokens) == text
    assert tokens[0].likelihood is None
    assert all(token.likelihood is not None and token.likelihood <= 0 for token in tokens[1:])
    assert 4 < len(tokens) < 15


@pytest.mark.parametrize("name", ["command_r", "chat_v2"])
def test_chat_keeps_a_conversation_and_a_seed_repeats(name: str, request: pytest.FixtureRequest) -> None:
    command_r: Client = request.getfixturevalue(name)
    history = [
        {"role": "USER", "message": "My name is Ada."},
        {"role": "CHATBOT", "message": "Nice to meet you, Ada."},
    ]
    question: dict[str, Any] = {"max_tokens": 10, "temperature": 0.9, "seed": 7}
    first = command_r.chat("What is my name?", history=history, preamble="Be brief.", **question)
    again = command_r.chat("What is my name?", history=history, preamble="Be brief.", **question)
    assert first.text == again.text
    assert first.response_tokens
    assert first.prompt_tokens
    with command_r.chat_stream("What is my name?", history=history, max_tokens=5) as stream:
        assert "".join(stream) == stream.text


def test_another_model_than_expected_is_said_at_once(session: Session, medium: Client) -> None:
    with pytest.raises(BadInput, match="serves cohere-medium"):
        Client(session, medium.endpoint_name, model_id="command-r-08-2024")
    assert Client(session, medium.endpoint_name, model_id="cohere-medium").model == medium.model


def nothing_sent(client: Client) -> None:
    """Make any request fail the test."""

    def refuse(*_: Any) -> None:
        raise AssertionError("a request was sent")

    client._send = refuse  # type: ignore[method-assign,assignment]


@pytest.fixture
def unsent(session: Session, medium: Client) -> Client:
    client = Client(session, medium.endpoint_name)
    nothing_sent(client)
    return client


@pytest.mark.parametrize(
    ("prompt", "settings", "words"),
    [
        ("", {}, "prompt is empty"),
        ("  \n", {}, "prompt is empty"),
        ("a", {"temperature": 5.01}, "temperature is 5.01; this model takes 0 to 5"),
        ("a", {"temperature": -1}, "temperature"),
        ("a", {"temperature": float("nan")}, "temperature"),
        ("a", {"max_tokens": 2049}, "max_tokens is 2049; this model takes 1 to 2048"),
        ("a", {"max_tokens": 0}, "max_tokens"),
        ("a", {"max_tokens": 1.5}, "whole number"),
        ("a", {"k": 501}, "k is 501"),
        ("a", {"p": 1}, "p is 1"),
        ("a", {"num_generations": 6}, "num_generations"),
        ("a", {"likelihoods": "SOME"}, "GENERATION"),
        ("a", {"stop_sequences": "stop"}, "list"),
        ("a", {"stop_sequences": [""]}, "empty"),
        ("a", {"seed": 1}, "no seed"),
        ("a", {"frequency_penalty": 1.5}, "frequency_penalty is 1.5; this model takes 0 to 1"),
        ("a", {"frequency_penalty": 0.5, "presence_penalty": 0.5}, "exclude each other"),
    ],
)
def test_bad_input_is_refused_before_any_request(
    unsent: Client, prompt: str, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        unsent.generate(prompt, **settings)


def test_a_chat_model_takes_temperatures_up_to_one(session: Session, command_r: Client) -> None:
    client = Client(session, command_r.endpoint_name)
    nothing_sent(client)
    with pytest.raises(BadInput, match=r"temperature is 1\.5; this model takes 0 to 1"):
        client.generate("a", temperature=1.5)
    with pytest.raises(BadInput, match="no likelihoods"):
        client.generate("a", likelihoods="ALL")


def test_a_generate_model_keeps_no_conversation(unsent: Client) -> None:
    with pytest.raises(BadInput, match="no conversation"):
        unsent.chat("hello")


def test_the_models_own_refusal_keeps_its_words(medium: Client) -> None:
    with pytest.raises(ModelRefused, match="cannot exceed 2048") as refused:
        medium.generate("word " * 3000, max_tokens=10)
    assert refused.value.status == 400
    assert refused.value.model_message.startswith("too many tokens")


def test_closing_a_stream_early_leaves_the_endpoint_usable(client: Client) -> None:
    with client.stream(PROMPT, max_tokens=400, temperature=1) as stream:
        next(iter(stream))
    started = time.monotonic()
    assert client.generate(PROMPT, max_tokens=1).text is not None
    assert time.monotonic() - started < 5


class FakeSession:
    """A session whose runtime answers with the errors it is given, then with `answer`."""

    region = "us-east-1"

    def __init__(self, errors: list[Exception], answer: bytes = b"") -> None:
        self.errors, self.answer, self.calls = iter(errors), answer, 0

    def client(self, service: str) -> "FakeSession":
        assert service == "sagemaker-runtime"
        return self

    def invoke_endpoint(self, **_: Any) -> dict[str, Any]:
        self.calls += 1
        for error in self.errors:
            raise error
        return {"Body": io.BytesIO(self.answer)}


GOOD = json.dumps({"id": "1", "generations": [{"text": "fine"}], "prompt": "a"}).encode()


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the caller's word for the model, so that a fake session need not describe an endpoint."""
    monkeypatch.setattr(client_module, "served_model", lambda _, __, model_id, *___: catalog.model(model_id))


def fake(session: FakeSession, slept: list[float]) -> Client:
    return Client(session, "fake", model_id="cohere-medium", sleep=slept.append)  # type: ignore[arg-type]


def aws_error(code: str, message: str = "", **extra: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, **extra}, "InvokeEndpoint")


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("code", ["ThrottlingException", "ServiceUnavailable", "ModelNotReadyException"])
def test_what_a_retry_can_help_is_retried(code: str) -> None:
    slept: list[float] = []
    session = FakeSession([aws_error(code), aws_error(code)], GOOD)
    assert fake(session, slept).generate("a").text == "fine"
    assert slept == list(RETRY_SECONDS[:2])


@pytest.mark.usefixtures("unchecked")
def test_whoever_sends_again_by_themselves_hears_of_a_throttle_at_once() -> None:
    slept: list[float] = []
    session = FakeSession([aws_error("ThrottlingException")], GOOD)
    client = fake(session, slept)
    with pytest.raises(Throttled):
        client.without_retries().generate("a")
    assert (session.calls, slept) == (1, [])
    assert client.generate("a").text == "fine"


@pytest.mark.usefixtures("unchecked")
def test_throttling_without_end_is_said() -> None:
    slept: list[float] = []
    session = FakeSession([aws_error("ThrottlingException", "Rate exceeded")] * 9)
    with pytest.raises(Throttled, match="fewer requests"):
        fake(session, slept).generate("a")
    assert session.calls == len(RETRY_SECONDS) + 1


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (aws_error("ModelError", OriginalStatusCode=400, OriginalMessage='{"message": "no"}'), ModelRefused),
        (aws_error("ModelError", OriginalStatusCode=500, OriginalMessage="oops"), ModelFailed),
        (aws_error("ModelError", "timed out", OriginalStatusCode=0), ModelFailed),
        (ReadTimeoutError(endpoint_url="https://runtime"), NotConnected),
        (aws_error("ValidationError", "something else"), ClientError),
    ],
)
def test_what_a_retry_cannot_help_is_sent_once(error: Exception, kind: type[Exception]) -> None:
    session = FakeSession([error], GOOD)
    with pytest.raises(kind):
        fake(session, []).generate("a")
    assert session.calls == 1


@pytest.mark.usefixtures("unchecked")
def test_an_answer_of_another_shape_is_shown() -> None:
    with pytest.raises(ModelFailed, match="<html>"):
        fake(FakeSession([], b"<html>"), []).generate("a")


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"\x1f\x8b\x08\x00", "not UTF-8"),
        (b"[" * 100_000, "JSON that can be read"),
        (b'{"generations": ' + b"9" * 5000 + b"}", "digits"),
        (b"[]", "it is a list where an object belongs"),
        (b"null", "it is nothing where an object belongs"),
        (b'{"generations": []}', "generations holds no text"),
        (b'{"generations": null}', "generations holds no text"),
        (b'{"generations": [{"text": 5}]}', "text is a number where a text belongs"),
        (b'{"generations": [{}]}', "text is nothing"),
        (b'{"generations": [{"text": "a", "finish_reason": 5}]}', "finish_reason is a number"),
        (b'{"generations": [{"text": "a", "likelihood": "b"}]}', "likelihood is a text"),
        (b'{"generations": [{"text": "a", "token_likelihoods": [{}]}]}', "token is nothing"),
    ],
)
def test_an_answer_that_is_none_is_the_models_failure(answer: bytes, said: str) -> None:
    with pytest.raises(ModelFailed, match="answered, but not as Cohere Medium") as failed:
        fake(FakeSession([], answer), []).generate("a")
    assert said in str(failed.value)


FAILED = [
    ("chat-v2", {"finish_reason": "ERROR", "message": {"content": [{"type": "text", "text": "so"}]}}, "so"),
    ("chat-v2", {"finish_reason": "TIMEOUT", "message": {"content": [{"type": "text", "text": "so"}]}}, "so"),
    ("chat-v2", {"finish_reason": "ERROR", "message": None}, ""),
    ("chat-v1", {"finish_reason": "ERROR", "text": "so"}, "so"),
    ("generate", {"generations": [{"finish_reason": "ERROR", "text": "so"}]}, "so"),
    ("generate", {"generations": [{"finish_reason": "ERROR_TOXIC"}, {"finish_reason": "ERROR"}]}, ""),
]


@pytest.mark.parametrize(("api", "answer", "text"), FAILED)
def test_an_answer_whose_end_is_an_error_is_the_models_failure(
    monkeypatch: pytest.MonkeyPatch, api: str, answer: dict[str, Any], text: str
) -> None:
    client = answering(monkeypatch, api, answer)
    with pytest.raises(
        ModelFailed, match="did not finish its answer; the model says: finish reason"
    ) as failed:
        client.generate("a")
    assert failed.value.partial_text == text


def test_of_several_texts_the_good_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [{"finish_reason": "ERROR", "text": ""}, {"finish_reason": "COMPLETE", "text": "fine"}]
    response = answering(monkeypatch, "generate", {"generations": texts}).generate("a", num_generations=2)
    assert [each.text for each in response.generations] == ["", "fine"]


def test_v2_reads_text_usage_and_finish_reason_and_leaves_thinking_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
    ]
    usage = {"billed_units": {"input_tokens": 1}, "tokens": {"input_tokens": 7.0, "output_tokens": 2}}
    answer = {"id": "1", "finish_reason": "STOP_SEQUENCE", "message": {"content": content}, "usage": usage}
    response = answering(monkeypatch, "chat-v2", answer).generate("a")
    assert (response.text, response.generations[0].finish_reason) == ("ab", "STOP_SEQUENCE")
    assert (response.prompt_tokens, response.response_tokens) == (7, 2)


def answering(monkeypatch: pytest.MonkeyPatch, api: str, answer: dict[str, Any]) -> Client:
    """A client of that API, whose endpoint answers this."""
    known = catalog.model("cohere-medium" if api == "generate" else "command-r-08-2024")
    monkeypatch.setattr(client_module, "served_model", lambda *_: catalog.with_api(known, api))
    return Client(FakeSession([], json.dumps(answer).encode()), "fake")  # type: ignore[arg-type]


@pytest.mark.usefixtures("unchecked")
def test_a_text_of_null_is_no_text() -> None:
    answer = b'{"generations": [{"text": null, "finish_reason": null, "likelihood": null}]}'
    response = fake(FakeSession([], answer), []).generate("a")
    assert (response.text, response.generations[0].finish_reason) == ("", None)


@pytest.mark.usefixtures("unchecked")
@settings(max_examples=300)
@given(JSON, st.sampled_from(["generations", "text", "token_likelihoods", "likelihood", "finish_reason"]))
def test_whatever_an_answer_holds_it_is_a_response_or_the_models_failure(value: Any, name: str) -> None:
    right: dict[str, Any] = {"text": "a", "likelihood": -1, "token_likelihoods": []}
    answer = {"generations": [{**right, name: value}]} if name != "generations" else {name: value}
    try:
        response = fake(FakeSession([], json.dumps(answer).encode()), []).generate("a")
    except ModelFailed:
        return
    assert isinstance(response.text, str)


class BreaksOff:
    """A body whose connection ends before it does."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def read(self) -> bytes:
        raise self.error


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (IncompleteReadError(actual_bytes=3, expected_bytes=10), ModelFailed),
        (ResponseStreamingError(error="Connection broken"), ModelFailed),
        (ReadTimeoutError(endpoint_url="https://runtime"), NotConnected),
    ],
)
def test_an_answer_that_breaks_off(error: Exception, kind: type[Exception]) -> None:
    client = fake(FakeSession([]), [])
    session: Any = client.session
    session.invoke_endpoint = lambda **_: {"Body": BreaksOff(error)}
    with pytest.raises(kind):
        client.generate("a")


CHATTING = ["chat-v1", "chat-v2"]


def chatting(monkeypatch: pytest.MonkeyPatch, api: str) -> Client:
    """A client of that API, whose requests fail the test."""
    model = replace(catalog.model("command-r-08-2024"), api=api)
    monkeypatch.setattr(client_module, "served_model", lambda *_: model)
    client = Client(FakeSession([]), "fake")  # type: ignore[arg-type]
    nothing_sent(client)
    return client


@pytest.mark.parametrize("api", CHATTING)
@pytest.mark.parametrize(
    "turn",
    [
        {"role": "user", "message": "hi"},
        {"role": "User", "message": "hi"},
        {"role": "assistant", "message": "hi"},
        {"role": None, "message": "hi"},
        {"role": ["USER"], "message": "hi"},
        {"role": "USER", "message": 5},
        {"role": "USER", "content": "hi"},
        {"role": "USER"},
        "hi",
        None,
    ],
)
def test_a_turn_that_is_none_is_refused_before_any_request(
    monkeypatch: pytest.MonkeyPatch, api: str, turn: Any
) -> None:
    good = {"role": "USER", "message": "a"}
    with pytest.raises(BadInput, match=r'"USER" or "CHATBOT".*turn 2 is'):
        chatting(monkeypatch, api).chat("hello", history=[good, turn])


@pytest.mark.parametrize("api", CHATTING)
@pytest.mark.parametrize("name", ["temprature", "stream", "prompt", "model"])
def test_an_unknown_setting_is_refused_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch, api: str, name: str
) -> None:
    client = chatting(monkeypatch, api)
    for ask in (client.chat, client.chat_stream):
        with pytest.raises(BadInput, match=rf"no setting '?{name}'?; there are .*max_tokens"):
            ask("hello", **{name: 1})


@pytest.mark.parametrize("value", [10.7, "10", True])
def test_a_max_tokens_that_is_no_whole_number_is_never_rounded(
    monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    client = chatting(monkeypatch, "chat-v1")
    for ask in (client.generate, client.stream, client.chat, client.chat_stream):
        with pytest.raises(BadInput, match="max_tokens is"):
            ask("hello", max_tokens=value)


@pytest.mark.usefixtures("unchecked")
def test_embedding_models_do_not_generate() -> None:
    with pytest.raises(BadInput, match="does not write text"):
        Client(FakeSession([]), "fake", model_id="embed-v4")  # type: ignore[arg-type]


def test_every_generating_model_has_a_range_for_each_number_that_its_api_takes() -> None:
    for model in catalog.models():
        taken = {n for n, each in catalog.SETTINGS.items() if each.is_number and model.api in each.apis}
        assert set(model.limits) == taken - {"seed"}


def test_a_setting_of_the_table_is_a_field_of_a_request_and_an_argument_of_generate() -> None:
    assert catalog.SETTINGS.keys() <= {field.name for field in fields(Request)}
    assert catalog.SETTINGS.keys() <= inspect.signature(Client.generate).parameters.keys()


@pytest.mark.usefixtures("unchecked")
def test_every_setting_that_the_api_takes_is_sent_and_no_other() -> None:
    values: dict[str, Any] = {"max_tokens": 10.0, "temperature": 0, "k": 3, "p": 0.5, "num_generations": 2}
    values |= {"frequency_penalty": 0.25, "presence_penalty": 0.0, "stop_sequences": ("--",)}
    client = Client(FakeSession([]), "fake", model_id="cohere-medium")  # type: ignore[arg-type]
    sent: list[dict[str, Any]] = []
    client._send = lambda _, body: sent.append(body) or {"Body": io.BytesIO(GOOD)}  # type: ignore
    client.generate("a", **values)
    assert sent == [{"prompt": "a", **values, "stop_sequences": ["--"]}]
    assert type(sent[0]["max_tokens"]) is int
    client.generate("a")
    assert sent[1] == {"prompt": "a"}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("ask", ["stream", "chat"])
def test_a_misspelt_setting_is_named(ask: str) -> None:
    client = Client(FakeSession([]), "fake", model_id="command-r-08-2024")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="no setting temprature; there are temperature, max_tokens"):
        getattr(client, ask)("a", temprature=1)


@pytest.mark.usefixtures("unchecked")
def test_a_stream_has_one_text() -> None:
    client = Client(FakeSession([]), "fake", model_id="cohere-medium")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="one text"):
        client.stream("a", num_generations=2)


@pytest.mark.usefixtures("unchecked")
def test_one_text_can_be_asked_of_every_api_and_several_of_generate_alone() -> None:
    client = Client(FakeSession([]), "fake", model_id="command-r-08-2024")  # type: ignore[arg-type]
    sent: list[dict[str, Any]] = []
    client._send = lambda _, body: sent.append(body) or {"Body": io.BytesIO(b'{"text": "b"}')}  # type: ignore
    assert client.generate("a", num_generations=1).text == "b"
    assert sent == [{"message": "a"}]
    with pytest.raises(BadInput, match="takes no num_generations"):
        client.generate("a", num_generations=2)
