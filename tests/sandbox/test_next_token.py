"""The next token, told from Cohere's API alone, against llama.cpp's own before and after its sampler."""

import asyncio
import itertools
import json
import math
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from helpers import catalog
from helpers.generate.apis import APIS
from helpers.generate.next_token import NextToken, Sampling, certain, look
from helpers.generate.reshape import reshape
from helpers.generate.types import Request, Response
from helpers.sandbox.container.container import Container
from helpers.sandbox.engine import engine as engines
from helpers.sandbox.engine.engine import Engine
from helpers.sandbox.inference import Answer

MEDIUM = catalog.model("cohere-medium")
EVERY = 1 << 20  # more tokens than any vocabulary has
# One that the model is sure of, one with a few ways to go on, one with hundreds.
PROMPTS = (
    "Is water wet? Answer with yes or no.",
    "Name one colour, in one word.",
    "Write a LinkedIn post about starting a career in tech:",
)
SETTINGS = st.builds(
    Sampling,
    st.sampled_from([0.0, 0.3, 1.0, 2.0, 5.0]) | st.floats(0.05, 5),
    st.sampled_from([0, 1, 2, 3, 4, 6]) | st.integers(0, 30),
    st.sampled_from([0.5, 0.75, 0.99]) | st.floats(0.01, 0.99),
)


class InProcess:
    """The container without AWS around it, with what `look` needs of a client."""

    def __init__(self, engine: Engine) -> None:
        self.model, self.limits = MEDIUM, MEDIUM.limits
        self._container = Container(engine)
        self._api = APIS["generate"]
        self._seeds = itertools.count(step=1000)  # further apart than an answer has generations

    def supports(self, feature: str) -> bool:
        return feature in self._api.features

    def generate(self, prompt: str, **given: Any) -> Response:
        asked = self._api.body(Request(prompt, **given), stream=False) | {"seed": next(self._seeds)}
        answer = asyncio.run(self._container.invoke(self.model, json.dumps(asked).encode()))
        assert isinstance(answer, Answer)
        assert answer.status == 200, answer.body
        return self._api.response(json.loads(answer.body))


@pytest.fixture(scope="module")
def client(engine: Engine) -> InProcess:
    return InProcess(engine)


def looked(client: Any, before: NextToken) -> NextToken:
    """What is known after a look of nine ticks."""
    ticks = itertools.count()
    return list(look(client, before, Sampling(1, 0, 0.75), seconds=9, clock=lambda: float(next(ticks))))[-1]


@pytest.fixture(scope="module")
def looks(client: InProcess) -> dict[str, NextToken]:
    return {prompt: looked(client, NextToken(prompt)) for prompt in PROMPTS}


def probabilities(
    engine: Engine, prompt: str, sampling: dict[str, Any], field: str
) -> dict[str, list[float]]:
    """llama.cpp's own, of every token that has any, by text: several tokens may look the same."""
    ids, _ = engine.conversation([("user", [token for token, _ in engine.tokenize(prompt)])])
    body = {"prompt": ids, "max_tokens": 1, "stream": True, "logprobs": EVERY, "cache_prompt": False}
    chunks: list[Any] = []
    engine._llama.complete({**body, **sampling}, lambda chunk: bool(chunks.append(chunk)))
    told = [each for chunk in chunks if (each := chunk["choices"][0].get("logprobs"))]
    assume(told)  # a seed that draws a token of which llama.cpp reports nothing says nothing
    entry = told[0]["content"][0]
    found: dict[str, list[float]] = {}
    for each in entry["top_logprobs" if field == "logprob" else "top_probs"]:
        value = math.exp(each[field]) if field == "logprob" else each[field]
        found.setdefault(bytes(each["bytes"]).decode(errors="replace"), []).append(value)
    return found


def after(engine: Engine, prompt: str, setting: Sampling) -> dict[str, list[float]]:
    """What the sampler draws with: reported by llama.cpp after its whole chain."""
    sampling = engines.Sampling(setting.temperature, setting.k, setting.p, seed=1).as_llama()
    return probabilities(engine, prompt, {**sampling, "post_sampling_probs": True}, "prob")


@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_seen_token_has_the_model_s_own_probability(
    engine: Engine, looks: dict[str, NextToken], prompt: str
) -> None:
    every = probabilities(engine, prompt, {"temperature": 0}, "logprob")
    assert sum(map(sum, every.values())) == pytest.approx(1, abs=1e-3)
    for seen in looks[prompt].seen:
        assert any(seen.low <= each <= seen.high for each in every[seen.token]), seen
    told = {each.token for each in looks[prompt].seen[: certain(looks[prompt].seen)]}
    likeliest = sorted(every, key=lambda token: -max(every[token]))[: len(told)]
    assert told == set(likeliest)


@settings(max_examples=60)
@given(prompt=st.sampled_from(PROMPTS), setting=SETTINGS)
def test_reshaped_it_is_what_the_engine_draws_with(
    engine: Engine, looks: dict[str, NextToken], prompt: str, setting: Sampling
) -> None:
    known = looks[prompt]
    truth, told = after(engine, prompt, setting), reshape(known.seen, setting)
    for seen, one in zip(known.seen, told.tokens, strict=True):
        shares = truth.get(seen.token, [0.0])
        assert any(one.low - 2e-5 <= share <= one.high + 2e-5 for share in shares), (seen, one, shares)
        if told.is_known:
            allowed = 2e-5 + 0.0022 / max(setting.temperature, 1e-9) * max(shares)
            assert min(abs(one.probability - share) for share in shares) <= allowed
    if told.is_known:
        missing = {token for token, shares in truth.items() if max(shares) > 1e-6}
        assert missing <= {each.token for each in known.seen}


@pytest.mark.parametrize(
    ("prompt", "setting"),
    [
        (PROMPTS[0], Sampling(5, 0, 0.7)),
        *((prompt, Sampling(0, 0, 0.75)) for prompt in PROMPTS),
        *((prompt, Sampling(5, 2, 0.99)) for prompt in PROMPTS),
    ],
)
def test_a_few_looks_are_enough(
    client: InProcess, looks: dict[str, NextToken], prompt: str, setting: Sampling
) -> None:
    known = looks[prompt]
    for _ in range(4):
        if reshape(known.seen, setting).is_known:
            return
        known = looked(client, known)
    assert reshape(known.seen, setting).is_known
