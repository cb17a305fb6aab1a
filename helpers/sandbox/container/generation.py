"""One generation and its parameters, for both Generate and Chat."""

import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from ..engine.engine import Engine, Finish, Sampling, Token
from .fields import Fields

SEEDS = 2**32 - 1  # llama.cpp's number of seeds; the next number means "random"
_REASONS = {"end": "COMPLETE", "stop": "STOP_SEQUENCE", "length": "MAX_TOKENS", "context": "ERROR_LIMIT"}


@dataclass(frozen=True)
class GenerationParameters:
    """How to draw tokens, how many at most, and where to stop."""

    max_tokens: int
    stop: tuple[str, ...]
    temperature: float
    k: int
    p: float
    frequency_penalty: float
    presence_penalty: float
    seed: int | None

    @classmethod
    def read(cls, fields: Fields, *, max_tokens_may_be_0: bool = False) -> "GenerationParameters":
        """Read the parameters from a request's fields. Raises ContainerError."""
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
        """Return the sampling of generation `number`: its seed is the caller's plus `number`, or random."""
        seed = secrets.randbelow(SEEDS) if self.seed is None else (self.seed + number) % SEEDS
        return Sampling(self.temperature, self.k, self.p, seed, self.frequency_penalty, self.presence_penalty)


@dataclass
class Generation:
    """The text written so far; `text` does not include the stop sequence that ended it."""

    text: str = ""
    tokens: list[Token] = field(default_factory=list)
    finish: Finish | None = None

    @property
    def finish_reason(self) -> str:
        """Cohere's finish reason; ERROR_LIMIT means that the practice model's context is full."""
        return _REASONS[self.finish.reason] if self.finish else "ERROR"

    async def follow(
        self, engine: Engine, prompt: list[int], parameters: GenerationParameters, number: int = 0
    ) -> AsyncGenerator[str, None]:
        """Write, and yield each piece of text that can be shown; closing the iterator stops."""
        items = engine.generate(
            prompt, parameters.sampling(number), max_tokens=parameters.max_tokens, stop=parameters.stop
        )
        async with aclosing(items):
            async for item in items:
                if isinstance(item, Token):
                    self.tokens.append(item)
                else:
                    self.finish = item
                self.text += item.shown
                if item.shown:
                    yield item.shown

    async def complete(
        self, engine: Engine, prompt: list[int], parameters: GenerationParameters
    ) -> "Generation":
        """Write to the end; return this generation."""
        async with aclosing(self.follow(engine, prompt, parameters)) as pieces:
            async for _ in pieces:
                pass
        return self


def line(event: dict[str, Any]) -> bytes:
    """Return a stream's event as one line of JSON."""
    return json.dumps(event).encode() + b"\n"
