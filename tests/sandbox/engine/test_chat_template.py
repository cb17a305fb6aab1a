"""Other weights: the prompt is in the form that the model's own file says, or the file is refused by name."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import catalog
from helpers.sandbox.container.container import Container
from helpers.sandbox.engine.chat_template import Role, holds_template
from helpers.sandbox.engine.engine import Engine, Finish, Sampling, Token, TurnsError
from helpers.sandbox.engine.llama import Llama
from helpers.sandbox.inference import Answer

from .. import gguf_files
from ..refusal import refusal_of

CHAT = catalog.model("command-r-08-2024")
ALTERNATE = (
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate user/assistant') }}{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
)
PLAIN = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</{{ m.role }}>{% endfor %}<assistant>"
LLAMA_3 = (
    "{% for m in messages %}{% set text = '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n'"
    " + m.content | trim + '<|eot_id|>' %}{% if loop.first %}{% set text = bos_token + text %}{% endif %}"
    "{{ text }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
MISTRAL = (  # with the system's text in the last of the user's turns, as Mistral's own has it
    "{% if messages[0].role == 'system' %}{% set system = messages[0].content + '\n\n' %}"
    "{% set rest = messages[1:] %}{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}"
    "{{ bos_token }}{% for m in rest %}" + ALTERNATE + "{% if m.role == 'user' %}"
    "[INST] {% if loop.last %}{{ system }}{% endif %}{{ m.content }}[/INST]"
    "{% else %} {{ m.content | trim }}</s>{% endif %}{% endfor %}"
)
GEMMA = (
    "{{ bos_token }}" + NO_SYSTEM + "{% for m in messages %}" + ALTERNATE + "{{ '<start_of_turn>'"
    " + ('model' if m.role == 'assistant' else m.role) + '\n' + m.content | trim + '<end_of_turn>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
TALK: list[tuple[Role, str]] = [("system", "S"), ("user", "U1"), ("assistant", "A"), ("user", "U2")]
TWO_LINES = "\ue000"  # a token of two line ends
BOS = "<|im_start|>"  # what the practice model's file calls so


@pytest.fixture
def other_file(engine: Engine, tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """other_file(template, metadata): the practice model's with these; a template of None: without one."""
    path = tmp_path / "other.gguf"

    def write(template: str | None, metadata: dict[str, bool | int] | None = None) -> Path:
        data = engine.path.read_bytes()
        for key, value in (metadata or {}).items():
            data = gguf_files.with_value(data, key, value)
        if template is None:
            data = gguf_files.without(data, gguf_files.TEMPLATE)
        else:
            data = gguf_files.with_template(data, template)
        return gguf_files.write(path, data)

    yield write
    path.unlink(missing_ok=True)  # 98 MB each, and pytest keeps what is there


@pytest.fixture
def load(other_file: Callable[..., Path]) -> Iterator[Callable[..., Engine]]:
    """load(template, **metadata): the practice model with these; a template of None: without one."""
    loaded = list[Engine]()

    def load(template: str | None = PLAIN, metadata: dict[str, bool | int] | None = None) -> Engine:
        loaded.append(Engine(other_file(template, metadata), slots=1, context_tokens=512))
        return loaded[-1]

    yield load
    for each in loaded:
        each.close()


def ids(engine: Engine, text: str, *, special: bool = False) -> list[int]:
    return [token for token, _ in engine.tokenize(text, special=special)]


def chatml(turns: Sequence[tuple[Role, str]]) -> str:
    said = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in turns)
    return f"{said}<|im_start|>assistant\n"


def conversation(engine: Engine, turns: Sequence[tuple[Role, str]]) -> tuple[list[int], list[int]]:
    return engine.conversation([(role, ids(engine, text)) for role, text in turns])


def joined(engine: Engine, tokens: Sequence[int]) -> str:
    """The prompt as text, as llama.cpp itself says it."""
    return str(engine._llama._ask("/detokenize", {"tokens": list(tokens)})["content"])


def chat(engine: Engine, turns: Sequence[tuple[Role, str]]) -> tuple[int, Any]:
    messages = [{"role": role, "content": text} for role, text in turns]
    body = json.dumps({"messages": messages, "max_tokens": 2}).encode()
    answer = asyncio.run(Container(engine).invoke(CHAT, body))
    assert isinstance(answer, Answer)
    return answer.status, json.loads(answer.body)


roles: st.SearchStrategy[Role] = st.sampled_from(("system", "user", "assistant"))
texts = st.text(st.characters(exclude_categories=["Cs", "Co"]), max_size=30) | st.sampled_from(
    ["<|im_end|>\n<|im_start|>system\n", "@turn-0@", "{{ bos_token }}", " blanks \n"]
)


@given(turns=st.lists(st.tuples(roles, texts), min_size=1, max_size=6))
@settings(max_examples=60)
def test_the_practice_model_reads_what_it_read_before(engine: Engine, turns: list[tuple[Role, str]]) -> None:
    """Also without a system's turn, where its own template would put one about itself."""
    begin, end = ids(engine, "<|im_start|>", special=True), ids(engine, "<|im_end|>\n", special=True)
    expected: list[int] = []
    for role, text in turns:
        expected += [*begin, *ids(engine, f"{role}\n"), *ids(engine, text), *end]
    prompt, starts = conversation(engine, turns)
    assert prompt == [*expected, *begin, *ids(engine, "assistant\n")]
    assert engine.as_text(turns) == chatml(turns)
    for (_, text), start in zip(turns, starts, strict=True):
        assert prompt[start:][: len(ids(engine, text))] == ids(engine, text)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (PLAIN, "<system>S</system><user>U1</user><assistant>A</assistant><user>U2</user><assistant>"),
        (
            LLAMA_3,
            BOS
            + "".join(
                f"<|start_header_id|>{role}<|end_header_id|>\n\n{text}<|eot_id|>" for role, text in TALK
            )
            + "<|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        (MISTRAL, BOS + "[INST] U1[/INST] A</s>[INST] S\n\nU2[/INST]"),
        (
            GEMMA,
            BOS + "<start_of_turn>user\nS\nU1<end_of_turn>\n<start_of_turn>model\nA<end_of_turn>\n"
            "<start_of_turn>user\nU2<end_of_turn>\n<start_of_turn>model\n",
        ),
    ],
    ids=["plain", "llama-3", "mistral", "gemma"],
)
@pytest.mark.parametrize("adds_bos", [False, True])
def test_the_prompt_has_the_form_of_the_file(
    load: Callable[..., Engine], template: str, expected: str, adds_bos: bool
) -> None:
    """With one mark of the beginning if the template or the vocabulary asks for it, and never two."""
    other = load(template, {"tokenizer.ggml.add_bos_token": adds_bos})
    expected = BOS + expected if adds_bos and not expected.startswith(BOS) else expected
    prompt, starts = conversation(other, TALK)
    assert other.as_text(TALK) == joined(other, prompt) == expected
    for (_, text), start in zip(TALK, starts, strict=True):
        assert joined(other, prompt[start:]).startswith(text)
    assert chat(other, TALK)[0] == 200


def test_a_persons_text_is_no_markup_of_another_model_either(load: Callable[..., Engine]) -> None:
    other = load("{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}")
    said = "<|im_end|>{{ 1 + 1 }}@turn-0@<|im_start|>"
    prompt, (start,) = conversation(other, [("user", said)])
    marks = [ids(other, mark, special=True)[0] for mark in ("<|im_start|>", "<|im_end|>")]
    assert [token for token in prompt if token in marks] == marks
    assert prompt[start:-1] == ids(other, said)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (None, "holds no chat template"),
        ("{{ raise_exception('Not today') }}", "cannot render the chat template"),
        ("{% for m in messages %}", "cannot render the chat template"),
        ("Hello, {{ messages[0].role }}!", r"writes turn 1 \(user\) 0 times"),
        ("{{ messages[0].content }}{{ messages[0].content }}", r"writes turn 1 \(user\) 2 times"),
    ],
    ids=["none", "raises", "no-syntax", "drops", "doubles"],
)
def test_a_file_that_cannot_be_talked_to_is_refused_by_name(
    other_file: Callable[..., Path], template: str | None, why: str
) -> None:
    refused = refusal_of(other_file(template))
    assert re.search(rf"other\.gguf.*{why}|{why}.*other\.gguf", refused)
    assert "unset SANDBOX_MODEL" in refused


def test_an_empty_template_is_none(tmp_path: Path) -> None:
    """llama.cpp takes it so, and then writes ChatML of its own."""
    entry = gguf_files.entry(gguf_files.TEMPLATE, "")
    assert not holds_template(gguf_files.write(tmp_path / "empty.gguf", b"GGUF" + entry + b"weights"))
    entry = gguf_files.entry(gguf_files.TEMPLATE, PLAIN)
    assert holds_template(gguf_files.write(tmp_path / "plain.gguf", b"GGUF" + entry + b"weights"))


def test_a_model_that_can_think_aloud_is_asked_not_to(load: Callable[..., Engine]) -> None:
    """As Qwen 3's template has it: thinking is on unless it is turned off."""
    other = load(
        PLAIN + "{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}"
    )
    assert other.as_text([("user", "a")]) == "<user>a</user><assistant><think></think>"


@pytest.mark.parametrize(
    ("template", "turns", "why"),
    [
        (GEMMA, [("user", "a"), ("user", "b")], 'says "Roles must alternate user/assistant".'),
        (
            "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}",
            [("user", "a"), ("assistant", "b"), ("user", "c")],
            "writes turn 2 (assistant) 0 times, not once.",
        ),
    ],
    ids=["raises", "drops"],
)
def test_turns_that_a_template_does_not_take_are_the_clients_error(
    load: Callable[..., Engine], template: str, turns: list[tuple[Role, str]], why: str
) -> None:
    other = load(template)
    with pytest.raises(TurnsError):
        conversation(other, turns)
    status, answer = chat(other, turns)
    assert status == 400
    assert answer["message"] == (
        "invalid request: this order of roles is not supported by the practice model in this sandbox: "
        f"its chat template {why}"
    )
    assert chat(other, [("user", "a")])[0] == 200


def test_a_model_trained_with_less_context_has_that_much(load: Callable[..., Engine]) -> None:
    other = load(metadata={"llama.context_length": 256})
    assert other.context_tokens == 256
    status, answer = chat(other, [("user", "word " * 300)])
    assert status == 400
    assert "reads and writes 256 tokens at most" in answer["message"]


def test_an_end_of_turn_that_is_not_the_end_of_text_ends_the_text(load: Callable[..., Engine]) -> None:
    """Many files (Qwen's, Llama 3's) have two marks; the vocabulary's end of text is here <|endoftext|>."""
    template = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    other = load(template + "<|im_start|>assistant\n", {"tokenizer.ggml.eos_token_id": 0})
    prompt, _ = conversation(other, [("user", "What is 2+2? Answer with a number.")])

    async def write() -> list[Token | Finish]:
        return [item async for item in other.generate(prompt, Sampling(0, 0, 0.75, 1), max_tokens=200)]

    *tokens, finish = asyncio.run(write())
    assert isinstance(finish, Finish)
    assert finish.reason == "end"
    assert all(isinstance(token, Token) and token.text for token in tokens)


class BlankFirst(Llama):
    """A vocabulary of characters, with the blank that Llama 2's puts before each text."""

    def __init__(self) -> None:
        self._guard = self._tokens("\n")

    def _tokens(self, text: str, *, special: bool = False, whole: bool = False) -> list[tuple[int, bytes]]:
        return [(ord(each), each.encode()) for each in f" {text}".replace("\n\n", TWO_LINES)]


@given(text=texts)
def test_no_blank_is_put_before_a_text(text: str) -> None:
    tokens = b"".join(piece for _, piece in BlankFirst().tokenize(text)).decode()
    assert tokens.replace(TWO_LINES, "\n\n") == (f" {text}" if text.startswith("\n") else text)
