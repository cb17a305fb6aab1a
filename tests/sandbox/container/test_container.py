"""Cohere's wire protocol over the real practice model."""

import asyncio
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import catalog
from helpers.sandbox.container import chat, generate
from helpers.sandbox.container.container import Container
from helpers.sandbox.container.fields import Fields
from helpers.sandbox.container.generation import Generation
from helpers.sandbox.engine.engine import Engine
from helpers.sandbox.engine.reader import Finish
from helpers.sandbox.inference import Answer

MEDIUM, CHAT = catalog.model("cohere-medium"), catalog.model("command-r-08-2024")
COMMAND = catalog.model("command")
POST = "Write a LinkedIn post about starting a career in tech:"


@pytest.fixture(scope="session")
def container(engine: Engine) -> Container:
    return Container(engine)


def invoke(container: Container, model: catalog.Model, body: bytes | dict[str, Any]) -> tuple[int, Any]:
    async def run() -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await container.invoke(model, raw)
        if isinstance(answer, Answer):
            return answer.status, json.loads(answer.body)
        parts = [part async for part in answer]
        assert all(part.endswith(b"\n") and part.count(b"\n") == 1 for part in parts)
        return 200, [json.loads(part) for part in parts]

    return asyncio.run(run())


def good(container: Container, model: catalog.Model, **body: Any) -> Any:
    status, answer = invoke(container, model, body)
    assert status == 200, answer
    return answer


def test_generate_has_cohere_s_shape(container: Container) -> None:
    answer = good(
        container, MEDIUM, prompt=POST, max_tokens=10, temperature=0, return_likelihoods="GENERATION"
    )
    assert set(answer) == {"id", "generations", "prompt", "meta"}
    assert answer["prompt"] == POST
    (generation,) = answer["generations"]
    assert set(generation) == {"id", "text", "finish_reason", "likelihood", "token_likelihoods"}
    assert generation["finish_reason"] == "MAX_TOKENS"
    tokens = generation["token_likelihoods"]
    assert "".join(token["token"] for token in tokens) == generation["text"]
    mean = sum(token["likelihood"] for token in tokens) / 10
    assert generation["likelihood"] == pytest.approx(mean)
    assert answer["meta"]["billed_units"] == {"input_tokens": 11, "output_tokens": 10}


def test_defaults_are_those_of_cohere_medium_and_nulls_are_tolerated(container: Container) -> None:
    nulls = dict.fromkeys(["stop_sequences", "return_likelihoods", "truncate", "temperature", "k", "stream"])
    (generation,) = good(container, MEDIUM, prompt="Tell me a long story.", seed=1, **nulls)["generations"]
    assert set(generation) == {"id", "text", "finish_reason"}
    assert generation["finish_reason"] == "MAX_TOKENS"
    assert len(container.engine.tokenize(generation["text"])) == pytest.approx(20, abs=2)


def test_all_likelihoods_include_the_prompt(container: Container) -> None:
    body = {"prompt": POST, "max_tokens": 5, "temperature": 0, "return_likelihoods": "ALL"}
    (generation,) = good(container, MEDIUM, **body)["generations"]
    tokens = generation["token_likelihoods"]
    assert "".join(token["token"] for token in tokens) == POST + generation["text"]
    assert "likelihood" not in tokens[0]
    known = [token["likelihood"] for token in tokens[1:]]
    assert generation["likelihood"] == pytest.approx(sum(known) / len(known))


def test_a_likelier_prompt_has_the_higher_likelihood(container: Container) -> None:
    def likelihood(prompt: str) -> float:
        body = {"prompt": prompt, "max_tokens": 0, "return_likelihoods": "ALL"}
        (generation,) = good(container, MEDIUM, **body)["generations"]
        assert generation["text"] == ""
        return float(generation["likelihood"])

    assert likelihood("The sun rises in the east.") > likelihood("The sun east in rises banana the.")


def test_several_generations_differ_and_one_seed_repeats_them(container: Container) -> None:
    body = {"prompt": POST, "num_generations": 3, "max_tokens": 6, "temperature": 1.5}

    def texts(**more: Any) -> list[str]:
        return [each["text"] for each in good(container, MEDIUM, **body, **more)["generations"]]

    assert len(set(texts())) > 1
    assert texts(seed=3) == texts(seed=3)
    assert texts(seed=3) != texts(seed=30)


def test_generate_includes_the_stop_sequence_and_chat_does_not(container: Container) -> None:
    ask = "Write about the sea."
    more = {"temperature": 0, "max_tokens": 50, "stop_sequences": [" the"]}
    (generation,) = good(container, MEDIUM, prompt=ask, **more)["generations"]
    reply = good(container, CHAT, message=ask, **more)
    assert generation["finish_reason"] == reply["finish_reason"] == "STOP_SEQUENCE"
    assert generation["text"] == reply["text"] + " the"
    assert " the" not in reply["text"]


def test_generate_streams_the_same_text(container: Container) -> None:
    body = {"prompt": POST, "max_tokens": 15, "temperature": 0.8, "seed": 4, "stop_sequences": ["zzz"]}
    *events, last = good(container, MEDIUM, **body, stream=True)
    assert all(set(event) == {"text", "is_finished"} and not event["is_finished"] for event in events)
    assert (last["is_finished"], last["finish_reason"]) == (True, "MAX_TOKENS")
    text = "".join(event["text"] for event in events)
    assert last["response"]["generations"][0]["text"] == text
    assert good(container, MEDIUM, **body)["generations"][0]["text"] == text


def test_streamed_generations_are_told_apart_by_index(container: Container) -> None:
    body = {"prompt": POST, "max_tokens": 8, "num_generations": 3, "seed": 1, "temperature": 2}
    *events, last = good(container, MEDIUM, **body, stream=True)
    texts = ["".join(e["text"] for e in events if e["index"] == index) for index in range(3)]
    assert [each["text"] for each in last["response"]["generations"]] == texts


@pytest.mark.parametrize("truncate", ["START", "END"])
def test_truncation_keeps_the_right_end(container: Container, truncate: str) -> None:
    prompt = " ".join(f"w{n}" for n in range(900))
    body = {"prompt": prompt, "max_tokens": 1900, "stop_sequences": list("w0e\n "), "truncate": truncate}
    answer = good(container, MEDIUM, **body)
    assert answer["meta"]["billed_units"]["input_tokens"] == 148
    assert answer["prompt"] != prompt
    assert (prompt.endswith if truncate == "START" else prompt.startswith)(answer["prompt"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"prompt": ""}, "invalid request: prompt must be at least 1 token long."),
        ({"prompt": None}, "invalid request: prompt is required."),
        ({"prompt": 5}, "invalid request: prompt must be a string."),
        ({"prompt": "\ud800"}, "invalid request: prompt is not valid Unicode."),
        ({"temperature": 5.1}, "invalid request: temperature must be between 0 and 5.0 inclusive."),
        ({"temperature": "hot"}, "invalid request: temperature must be between 0 and 5.0 inclusive."),
        ({"temperature": True}, "invalid request: temperature must be between 0 and 5.0 inclusive."),
        ({"p": 1}, "invalid request: p must be between 0.01 and 0.99 inclusive."),
        ({"k": 501}, "invalid request: k must be a whole number between 0 and 500 inclusive."),
        ({"num_generations": 6}, "invalid request: num_generations must be a whole number between 1 and 5"),
        ({"return_likelihoods": "SOME"}, "invalid request: return_likelihoods must be one of NONE,"),
        ({"stop_sequences": "x"}, "invalid request: stop_sequences must be a list of strings."),
        ({"stop_sequences": [1]}, "invalid request: stop_sequences must be a list of strings."),
        ({"stop_sequences": [""]}, "invalid request: stop_sequences must not hold an empty string."),
        ({"logit_bias": {"1": 5}}, "invalid request: logit_bias is not supported by the practice model"),
        (
            {"max_tokens": 0},
            "invalid request: max_tokens can only be 0 if return_likelihoods is set to 'ALL'",
        ),
        ({"max_tokens": 1.5}, "invalid request: max_tokens must be a whole number of at least 1."),
        ({"max_tokens": 4096}, "too many tokens: max tokens must be less than or equal to 2048, the maximum"),
        (
            {"prompt": POST, "max_tokens": 2048},
            "too many tokens: total number of tokens (prompt and prediction) cannot exceed 2048 - received "
            "2059. Try using a shorter prompt or a smaller max_tokens value.",
        ),
        (
            {"frequency_penalty": 0.5, "presence_penalty": 0.5},
            "invalid request: cannot specify both frequency_penalty and presence_penalty.",
        ),
    ],
)
def test_generate_refuses(container: Container, wrong: dict[str, Any], message: str) -> None:
    status, answer = invoke(container, MEDIUM, {"prompt": "Hi", **wrong})
    assert status == 400
    assert set(answer) == {"message"}
    assert answer["message"].startswith(message)


def test_command_has_a_limit_of_the_prompt_alone(container: Container) -> None:
    status, answer = invoke(container, COMMAND, {"prompt": "Hi" + " word" * 4291, "max_tokens": 5})
    # docs.cohere.com, errors
    assert (status, answer["message"]) == (
        400,
        "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292. Try using "
        "a shorter prompt, or enabling prompt truncating. See https://docs.cohere.com/reference/generate for "
        "more details.",
    )


@pytest.mark.parametrize("content_type", ["", "application/json", "Application/JSON; charset=utf-8"])
def test_json_may_go_without_saying(container: Container, content_type: str) -> None:
    body = json.dumps({"prompt": "Hi", "max_tokens": 1}).encode()
    assert asyncio.run(container.invoke(MEDIUM, body, content_type)).status == 200


@pytest.mark.parametrize("content_type", ["text/csv", "application/x-image"])
def test_another_content_type_is_refused(container: Container, content_type: str) -> None:
    answer = asyncio.run(container.invoke(MEDIUM, b'{"prompt": "Hi"}', content_type))
    assert answer.status == 415
    assert content_type in json.loads(answer.body)["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"prompt": NaN}', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(container: Container, body: bytes) -> None:
    status, answer = invoke(container, MEDIUM, body)
    assert status == 400
    assert answer["message"].startswith("invalid request: the body is not")


def test_chat_v1_has_cohere_s_shape(container: Container) -> None:
    history = [{"role": "USER", "message": "My name is Ada."}, {"role": "CHATBOT", "message": "Hello, Ada."}]
    body = {"message": "What is my name?", "chat_history": history, "preamble": "Be brief.", "temperature": 0}
    body |= {"max_tokens": 30}
    answer = good(container, CHAT, **body, return_prompt=True)
    said = [{"role": "USER", "message": "What is my name?"}, {"role": "CHATBOT", "message": answer["text"]}]
    assert answer["chat_history"] == [*history, *said]
    count = answer["token_count"]
    assert count["total_tokens"] == count["prompt_tokens"] + count["response_tokens"]
    assert [answer["prompt"].index(part) for part in ("Be brief.", "is Ada.", "Hello,", "What is")] == sorted(
        answer["prompt"].index(part) for part in ("Be brief.", "is Ada.", "Hello,", "What is")
    )
    *events, last = good(container, CHAT, **body, stream=True)
    assert events[0]["event_type"] == "stream-start"
    assert {event["event_type"] for event in events[1:]} == {"text-generation"}
    assert "".join(event["text"] for event in events[1:]) == answer["text"] == last["response"]["text"]
    assert (last["event_type"], last["finish_reason"]) == ("stream-end", answer["finish_reason"])


def test_documents_reach_the_prompt(container: Container) -> None:
    body = {"message": "Colour?", "documents": [{"title": "Facts", "text": "The door is teal."}]}
    prompt = good(container, CHAT, **body, max_tokens=1, return_prompt=True)["prompt"]
    assert "title: Facts\ntext: The door is teal." in prompt


def test_raw_prompting_passes_the_message_as_it_is(container: Container) -> None:
    wrapped = "<|im_start|>user\nWhat is 2+2?<|im_end|>\n<|im_start|>assistant\n"
    more = {"temperature": 0, "max_tokens": 12}
    raw = good(container, CHAT, message=wrapped, raw_prompting=True, return_prompt=True, **more)
    assert raw["prompt"] == wrapped
    assert raw["text"] == good(container, CHAT, message="What is 2+2?", **more)["text"]
    assert good(container, CHAT, message=wrapped, **more)["text"] != raw["text"]


def test_chat_v2_has_cohere_s_shape(container: Container) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What is the capital of France?"}]},
    ]
    body = {"messages": messages, "temperature": 0, "max_tokens": 30}
    answer = good(container, CHAT, **body)
    assert set(answer) == {"id", "finish_reason", "message", "usage"}
    (part,) = answer["message"]["content"]
    assert "Paris" in part["text"]
    events = good(container, CHAT, **body, stream=True)
    kinds = [event["type"] for event in events]
    assert kinds[:2] + kinds[-2:] == ["message-start", "content-start", "content-end", "message-end"]
    deltas = [event["delta"]["message"]["content"]["text"] for event in events[2:-2]]
    assert "".join(deltas) == part["text"]
    assert events[-1]["delta"]["usage"] == answer["usage"]
    assert good(container, CHAT, **body, response_format={"type": "text"})["message"] == answer["message"]
    assert good(container, CHAT, **body, chat_history=7)["message"] == answer["message"]  # v1's, not read


def test_a_full_context_is_the_end_that_each_api_has_a_word_for() -> None:
    """v2 has no ERROR_LIMIT, and its ERROR would tell a client that the text is not whole."""
    written = Generation(text="as far as it went", finish=Finish("context"))
    assert written.finish_reason == "ERROR_LIMIT"
    assert chat._v2_reason(written) == "MAX_TOKENS"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"temperature": 1.5}, "invalid request: temperature must be between 0 and 1.0 inclusive."),
        ({"tools": [{"name": "search"}]}, "invalid request: tools is not supported by the practice model"),
        ({"citation_quality": "accurate"}, "invalid request: citation_quality is not supported"),
        ({"search_queries_only": True}, "invalid request: search_queries_only is not supported"),
        ({"stop_sequences": list("abcdef")}, "invalid request: stop_sequences can hold at most 5"),
        ({"chat_history": [{"role": "KING", "message": "x"}]}, "invalid request: role must be one of USER,"),
        ({"chat_history": [{"role": "TOOL", "message": "x"}]}, "invalid request: the role of a tool"),
        ({"message": None}, "invalid request: message is required."),
        ({"message": "word " * 3000}, "too many tokens: the practice model in this sandbox reads and writes"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "invalid request: the last of the messages"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "invalid request: content that",
        ),
    ],
)
def test_chat_refuses(container: Container, wrong: dict[str, Any], message: str) -> None:
    status, answer = invoke(container, CHAT, {"message": "Hi", **wrong})
    assert status == 400
    assert answer["message"].startswith(message)


@pytest.mark.parametrize("model_id", ["embed-v4", "rerank-v3-5", "summarize"])
def test_models_that_do_not_write_are_refused(container: Container, model_id: str) -> None:
    status, answer = invoke(container, catalog.model(model_id), {"texts": ["x"]})
    assert status == 400
    assert "only writes text" in answer["message"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**400) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=6,
)
NAMES = [
    "prompt",
    "message",
    "messages",
    "chat_history",
    "preamble",
    "documents",
    "temperature",
    "k",
    "p",
    "num_generations",
    "seed",
    "stop_sequences",
    "return_likelihoods",
    "truncate",
    "stream",
    "frequency_penalty",
    "raw_prompting",
    "citation_options",
]


@given(values=st.dictionaries(st.sampled_from(NAMES), json_values), chat=st.booleans(), whole=st.booleans())
@settings(max_examples=300)
def test_whatever_comes_is_answered_or_refused(
    container: Container, values: dict[str, Any], chat: bool, whole: bool
) -> None:
    start = {"prompt": "Hi", "message": "Hi", "max_tokens": 1} if whole else {"max_tokens": 1}
    status, answer = invoke(container, CHAT if chat else MEDIUM, start | values)
    assert status in (200, 400)
    assert status == 200 or answer["message"]


def test_cancelling_a_request_ends_its_computation(container: Container) -> None:
    async def run() -> None:
        body = json.dumps({"prompt": "Tell me a story.", "max_tokens": 2000, "num_generations": 3}).encode()
        task = asyncio.create_task(container.invoke(MEDIUM, body))
        async with asyncio.timeout(20):
            while container.engine.active < 3:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(20):  # 2000 tokens each take longer by far
            while container.engine.active:
                await asyncio.sleep(0.005)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("model", "body", "message"),
    [
        (MEDIUM, {"prompt": "word " * 1_000_000}, "cannot exceed 2048 - received at least 61"),
        (COMMAND, {"prompt": "word " * 1_000_000}, "cannot exceed 4081 - received at least 61"),
        (CHAT, {"message": "word " * 1_000_000}, "tokens at most - received at least 61"),
        (
            CHAT,
            {"messages": [{"role": "user", "content": "a"}] * 100_000},
            "tokens at most - received at least 100000",
        ),
    ],
    ids=["medium", "command", "chat", "turns"],
)
def test_what_cannot_fit_is_refused_before_it_is_tokenised(
    container: Container,
    monkeypatch: pytest.MonkeyPatch,
    model: catalog.Model,
    body: dict[str, Any],
    message: str,
) -> None:
    monkeypatch.setattr(container.engine, "tokenize", None)
    status, answer = invoke(container, model, body)
    assert status == 400
    assert answer["message"].startswith("too many tokens: ")
    assert message in answer["message"]


@pytest.mark.parametrize("truncate", ["START", "END"])
def test_of_a_very_long_prompt_the_same_is_kept_as_of_a_long_one(container: Container, truncate: str) -> None:
    begin, end = "Once upon a time " * 1000, " and they lived happily" * 1000
    long = begin + "word " * 1000 + end
    very_long = begin + "word " * 100_000 + end

    def kept(prompt: str) -> tuple[str, list[int]]:
        """What the model would get to read, and it takes seconds to read it, and what the answer tells."""
        body = json.dumps({"prompt": prompt, "max_tokens": 1, "truncate": truncate}).encode()
        job = asyncio.run(generate.prepare(container.engine, MEDIUM, Fields.parse(body, MEDIUM.limits)))
        return job.prompt, job.tokens

    assert kept(very_long) == kept(long)


def test_a_text_whose_client_has_left_is_not_tokenised(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, read = container.engine, list[str]()

    def slow(text: str, *, special: bool = False) -> list[tuple[int, bytes]]:
        read.append(text)
        time.sleep(0.1)
        return [(1, b"a")]

    async def run() -> None:
        monkeypatch.setattr(engine, "tokenize", slow)
        tasks = [asyncio.create_task(engine.tokens(str(number))) for number in range(10)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await engine.tokens("next") == [(1, b"a")]

    asyncio.run(run())
    assert read == ["0", "1", "next"]
