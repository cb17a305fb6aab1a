"""The types of a request and of an answer, the same for every API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """What a caller may ask for, in one vocabulary for all APIs; None leaves it to the model's default."""

    prompt: str
    max_tokens: int | None = None
    temperature: float | None = None
    k: int | None = None
    p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop_sequences: Sequence[str] = ()
    num_generations: int | None = None
    seed: int | None = None
    likelihoods: str = "NONE"
    history: Sequence[Mapping[str, str]] = ()
    preamble: str | None = None


@dataclass(frozen=True)
class TokenLikelihood:
    """One token and the logarithm of the probability that the model gave it (None: the prompt's first)."""

    token: str
    likelihood: float | None


@dataclass(frozen=True)
class Generation:
    """One text. `likelihood` is the mean of the token log-likelihoods, where they were asked for."""

    text: str
    finish_reason: str | None = None
    likelihood: float | None = None
    token_likelihoods: tuple[TokenLikelihood, ...] = ()


@dataclass(frozen=True)
class Response:
    """A whole answer; token counts where the API gives them, times in seconds as seen by this client."""

    generations: tuple[Generation, ...]
    prompt_tokens: int | None = None
    response_tokens: int | None = None
    latency_seconds: float = 0.0
    raw: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """The first generation's text."""
        return self.generations[0].text

    @property
    def tokens(self) -> int | None:
        """How many tokens the API counts or lists for all texts; None where it does neither."""
        listed = sum(len(each.token_likelihoods) for each in self.generations)
        return listed or self.response_tokens
