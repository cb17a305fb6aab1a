"""One piece of writing, asked for and collected: what Generate and Chat have in common."""

import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from ..engine.engine import Engine, Finish, Sampling, Token
from .fields import Fields

SEEDS = 2**32 - 1  # llama.cpp's; its last number means "any"
_REASONS = {"end": "COMPLETE", "stop": "STOP_SEQUENCE", "length": "MAX_TOKENS", "context": "ERROR_LIMIT"}


@dataclass(frozen=True)
class Order:
    """What is asked for: how to draw tokens, how many at most, and where to stop."""

    max_tokens: int
    stop: tuple[str, ...]
    temperature: float
    k: int
    p: float
    frequency_penalty: float
    presence_penalty: float
    seed: int | None

    @classmethod
    def read(cls, fields: Fields, *, max_tokens_may_be_0: bool = False) -> "Order":
        """The order in a request's fields. Raises Refusal."""
        frequency, presence = fields.penalties()
        return cls(
            max_tokens=fields.max_tokens(may_be_0=max_tokens_may_be_0),
            stop=tuple(fields.stop_sequences()),
            temperature=fields.number("temperature"),
            k=fields.integer("k"),
            p=fields.number("p"),
            frequency_penalty=frequency,
            presence_penalty=presence,
            seed=fields.seed(),
        )

    def sampling(self, number: int = 0) -> Sampling:
        """For generation `number`: the caller's seed counted on, or one of its own by chance."""
        seed = secrets.randbelow(SEEDS) if self.seed is None else (self.seed + number) % SEEDS
        return Sampling(self.temperature, self.k, self.p, seed, self.frequency_penalty, self.presence_penalty)


@dataclass
class Writing:
    """A text as far as it has been written; `text` ends before the stop sequence that ended it."""

    text: str = ""
    tokens: list[Token] = field(default_factory=list)
    finish: Finish | None = None

    @property
    def finish_reason(self) -> str:
        """Cohere's word for why it ended; ERROR_LIMIT: the practice model's context is full."""
        return _REASONS[self.finish.reason] if self.finish else "ERROR"

    async def follow(
        self, engine: Engine, prompt: list[int], order: Order, number: int = 0
    ) -> AsyncGenerator[str, None]:
        """Write; yields each piece of text that can be shown. Close it to stop."""
        generation = engine.generate(
            prompt, order.sampling(number), max_tokens=order.max_tokens, stop=order.stop
        )
        async with aclosing(generation):
            async for item in generation:
                if isinstance(item, Token):
                    self.tokens.append(item)
                else:
                    self.finish = item
                self.text += item.shown
                if item.shown:
                    yield item.shown

    async def complete(self, engine: Engine, prompt: list[int], order: Order, number: int = 0) -> "Writing":
        """Write to the end."""
        async with aclosing(self.follow(engine, prompt, order, number)) as pieces:
            async for _ in pieces:
                pass
        return self


def line(event: dict[str, Any]) -> bytes:
    """Write an event of a stream as one line of JSON."""
    return json.dumps(event).encode() + b"\n"
