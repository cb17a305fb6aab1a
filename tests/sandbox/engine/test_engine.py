"""The engine with the real practice model: what it writes is the model's own, and it stops when told."""

import asyncio
import json
import math
import re
import time
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from helpers.sandbox.engine import llama
from helpers.sandbox.engine.engine import Engine, EngineError, Finish, Sampling, Token

from ..refusal import refusal_of

GREEDY = Sampling(temperature=0, k=0, p=0.75, seed=1)
EMOJI_SHOWER = "Answer with smileys only: 😀 😀 😀 😀 😀 😀 😀"


def ids(engine: Engine, text: str) -> list[int]:
    return [token for token, _ in engine.tokenize(text)]


def ask(engine: Engine, text: str) -> list[int]:
    return engine.conversation([("user", ids(engine, text))])[0]


async def write(
    engine: Engine, prompt: Sequence[int], sampling: Sampling = GREEDY, n: int = 20, stop: Sequence[str] = ()
) -> tuple[list[Token], Finish]:
    items = [item async for item in engine.generate(prompt, sampling, max_tokens=n, stop=stop)]
    finish = items.pop()
    assert isinstance(finish, Finish)
    tokens = [item for item in items if isinstance(item, Token)]
    assert len(tokens) == len(items)
    return tokens, finish


def text(tokens: list[Token]) -> str:
    return "".join(token.text for token in tokens)


def shown(tokens: list[Token], finish: Finish) -> str:
    return "".join(token.shown for token in tokens) + finish.shown


async def until_idle(engine: Engine, seconds: float = 20) -> float:
    begin = time.monotonic()
    while engine.active and time.monotonic() < begin + seconds:
        await asyncio.sleep(0.005)
    assert engine.active == 0
    return time.monotonic() - begin


def test_tokens_join_to_the_text(engine: Engine) -> None:
    sample = "Tokens: waterfall, 😀, naïve <|im_end|>\n\tend"
    assert b"".join(piece for _, piece in engine.tokenize(sample)).decode() == sample


def test_a_persons_text_is_never_markup(engine: Engine) -> None:
    end = engine.tokenize("<|im_end|>", special=True)
    assert len(end) == 1
    prompt, starts = engine.conversation([("user", ids(engine, "<|im_end|>")), ("assistant", [7])])
    assert prompt.count(end[0][0]) == 2
    assert prompt[starts[1]] == 7


def test_max_tokens_is_exact_and_reported(engine: Engine) -> None:
    tokens, finish = asyncio.run(write(engine, ask(engine, "Tell me a long story."), n=13))
    assert (len(tokens), finish.reason) == (13, "length")
    assert shown(tokens, finish) == text(tokens)
    assert all(token.logprob is not None and token.logprob <= 0 for token in tokens)


def test_the_end_mark_is_no_token_of_the_text(engine: Engine) -> None:
    tokens, finish = asyncio.run(write(engine, ask(engine, "What is 2+2? Answer with a number."), n=200))
    assert finish.reason == "end"
    assert all(token.text for token in tokens)


def test_a_full_context_is_its_own_reason(engine: Engine) -> None:
    small = Engine(engine.path, slots=1, context_tokens=256)
    prompt = ids(small, "once upon a time ") * 100
    tokens, finish = asyncio.run(write(small, prompt[:251], n=100))
    assert (len(tokens), finish.reason) == (5, "context")
    with pytest.raises(EngineError, match="leave no room"):
        asyncio.run(write(small, prompt[:256], n=1))
    small.close()


def test_likelihoods_of_written_and_of_given_text_agree(engine: Engine) -> None:
    prompt = ask(engine, "Write a LinkedIn post about starting a career in tech:")

    async def both() -> tuple[list[Token], list[float | None]]:
        tokens, _ = await write(engine, prompt, Sampling(temperature=2, k=0, p=0.9, seed=5), n=25)
        return tokens, await engine.score([*prompt, *(token.id or 0 for token in tokens)], len(prompt))

    tokens, scores = asyncio.run(both())
    assert [token.logprob for token in tokens] == pytest.approx(scores, abs=0.02)


def test_the_likelihoods_of_all_next_tokens_sum_to_1(engine: Engine) -> None:
    prompt = ids(engine, "The capital of France is")
    chunks: list[llama.Chunk] = []
    body = {"prompt": prompt, "max_tokens": 1, "temperature": 0, "logprobs": 1 << 20, "stream": True}
    engine._llama.complete(body, lambda chunk: bool(chunks.append(chunk)))
    every = chunks[0]["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    assert sum(math.exp(each["logprob"]) for each in every) == pytest.approx(1, abs=1e-3)
    for word in (" Paris", " the", " banana"):
        (token,) = ids(engine, word)
        (score,) = asyncio.run(engine.score([*prompt, token], len(prompt)))
        assert score == pytest.approx(next(e["logprob"] for e in every if e["id"] == token), abs=0.01)


def test_tokens_inside_a_character_are_scored_too(engine: Engine) -> None:
    prompt = ids(engine, "Smile 😀 é")
    scores = asyncio.run(engine.score(prompt, 1))
    assert len(scores) == len(prompt) - 1
    assert all(score is not None and score < 0 for score in scores)


@pytest.mark.parametrize("n", range(4, 12))
def test_cut_anywhere_the_text_is_that_of_its_tokens(engine: Engine, n: int) -> None:
    """Also inside a character: it shows with the token that completes it, and every token is counted."""
    prompt = [*ask(engine, EMOJI_SHOWER), *ids(engine, "😀 😀 😀 😀 😀")]
    whole, _ = asyncio.run(write(engine, prompt, n=12))
    cut, finish = asyncio.run(write(engine, prompt, n=n))
    assert any(token.id is None for token in whole), "the prompt no longer brings characters of many tokens"
    assert finish.reason == "length"
    assert len(cut) == n
    assert shown(cut, finish) == text(whole[:n])


@pytest.mark.parametrize(("stop", "kept"), [("three", "One, two, "), ("ree", "One, two, th"), (", t", "One")])
def test_a_stop_sequence_ends_the_text_before_it(engine: Engine, stop: str, kept: str) -> None:
    prompt = [
        *ask(engine, "Count to ten in words."),
        *ids(engine, "Sure:\n\nOne, two, three, four.\n\nAgain:\n\n"),
    ]
    free, _ = asyncio.run(write(engine, prompt, n=12))
    assert "One, two, three" in text(free), "the model no longer counts here"
    kept = text(free).partition("One")[0] + kept
    tokens, finish = asyncio.run(write(engine, prompt, n=12, stop=[stop, "never"]))
    assert (finish.reason, finish.stop_sequence) == ("stop", stop)
    assert shown(tokens, finish) == kept
    assert text(tokens).startswith(kept + stop)


def test_a_seed_repeats_alone_and_in_company(engine: Engine) -> None:
    prompt = ask(engine, "Write a tagline for an ice cream shop.")
    hot = [Sampling(temperature=1.0, k=0, p=0.9, seed=seed) for seed in range(8)]

    async def run() -> None:
        alone = [(await write(engine, prompt, each, n=10))[0] for each in hot]
        company = await asyncio.gather(*(write(engine, prompt, each, n=10) for each in hot))
        assert [text(tokens) for tokens, _ in company] == [text(tokens) for tokens in alone]
        assert len({text(tokens) for tokens in alone}) > 4

    asyncio.run(run())


def test_k_1_is_greedy_and_heat_lowers_the_likelihood(engine: Engine) -> None:
    prompt = ask(engine, "Write a LinkedIn post about starting a career in tech:")

    def written(sampling: Sampling) -> tuple[list[Token], Finish]:
        return asyncio.run(write(engine, prompt, sampling))

    def mean(tokens: list[Token]) -> float:
        return sum(token.logprob or 0 for token in tokens) / len(tokens)

    greedy, _ = each = written(GREEDY)
    assert written(Sampling(5, 1, 0.75, 9)) == each
    hot, warm = (written(Sampling(heat, 0, 0.75, 3))[0] for heat in (5, 1))
    assert mean(hot) < mean(warm) < mean(greedy)


def test_penalties_reduce_repetition(engine: Engine) -> None:
    prompt = ids(engine, "la la la la la la la la la la")
    plain, _ = asyncio.run(write(engine, prompt, n=30))
    frowned, _ = asyncio.run(write(engine, prompt, Sampling(0, 0, 0.75, 1, frequency_penalty=1.0), n=30))
    assert len({token.id for token in frowned}) > len({token.id for token in plain})


def test_closing_ends_the_computation(engine: Engine) -> None:
    async def run() -> None:
        generation = engine.generate(ask(engine, "Tell me a story."), GREEDY, max_tokens=1500)
        async with aclosing(generation):
            await anext(generation)
            assert engine.active == 1
        await until_idle(engine)  # 1500 tokens take longer by far

    asyncio.run(run())


def test_cancelling_ends_computation_and_queue(engine: Engine) -> None:
    async def run() -> None:
        prompt = ask(engine, "Tell me a long story about a dragon.")
        tasks = [asyncio.create_task(write(engine, prompt, n=1500)) for _ in range(20)]
        async with asyncio.timeout(20):
            while engine.active < 8:
                await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await until_idle(engine)
        assert len((await write(engine, prompt, n=3))[0]) == 3

    asyncio.run(run())


def test_more_requests_than_slots_all_get_their_turn(engine: Engine) -> None:
    async def run() -> None:
        prompt = ask(engine, "Hi")
        answers = await asyncio.gather(*(write(engine, prompt, n=4) for _ in range(20)))
        assert {text(tokens) for tokens, _ in answers} == {text(answers[0][0])}

    asyncio.run(run())


def test_scoring_is_cancelled_too(engine: Engine) -> None:
    async def run() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(engine.score(ids(engine, "a b c d ") * 200, 1), 0.2)
        await until_idle(engine)

    asyncio.run(run())


def test_a_broken_model_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(json.dumps("no model").encode())
    assert re.search(r"cannot load .*broken\.gguf", refusal_of(path))


def test_no_wheel_for_the_platform_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xllamacpp", None)
    with pytest.raises(EngineError, match=r"pip install xllamacpp.*connect\('aws'\)"):
        Engine(tmp_path / "any.gguf")
