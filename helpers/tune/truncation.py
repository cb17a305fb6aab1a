"""The truncation of a long answer to shorter ones, at token boundaries, exactly or not at all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Any

from ..records import payload

if TYPE_CHECKING:
    from ..generate.types import Response

UNREADABLE = "\ufffd"  # what a decoder writes for half a character


@dataclass(frozen=True)
class Answer:
    """What the model wrote for one request.

    `tokens` and `likelihoods` (natural logarithms) are empty where the API lists no tokens; `token_count` is
    what the API reports, None if it does not. `answered_at` is in seconds since 1970, None if not known.
    """

    text: str
    finish_reason: str | None
    likelihood: float | None
    tokens: tuple[str, ...]
    likelihoods: tuple[float | None, ...]
    token_count: int | None
    latency_seconds: float
    answered_at: float | None = None

    @classmethod
    def of(cls, response: "Response", answered_at: float | None = None) -> "Answer":
        """Return the response's first generation as an Answer."""
        generation = response.generations[0]
        listed = generation.token_likelihoods
        return cls(
            text=generation.text,
            finish_reason=generation.finish_reason,
            likelihood=generation.likelihood,
            tokens=tuple(entry.token for entry in listed),
            likelihoods=tuple(entry.likelihood for entry in listed),
            token_count=response.response_tokens,
            latency_seconds=response.latency_seconds,
            answered_at=answered_at,
        )

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Answer":
        """Read back what `record` returned; raise payload.WrongShape for any other record."""
        tokens, likelihoods = payload.items(record, "tokens"), payload.items(record, "likelihoods")
        if len(tokens) != len(likelihoods):
            raise payload.WrongShape("tokens and likelihoods are not of one length")
        latency = payload.number_or_none(record, "latency_seconds")
        if latency is None:
            raise payload.WrongShape("latency_seconds is missing")
        return cls(
            text=payload.text(record, "text"),
            finish_reason=payload.text_or_none(record, "finish_reason"),
            likelihood=payload.number_or_none(record, "likelihood"),
            tokens=tuple(payload.text({"a token": each}, "a token") for each in tokens),
            likelihoods=tuple(
                payload.number_or_none({"a likelihood": n}, "a likelihood") for n in likelihoods
            ),
            token_count=payload.count_or_none(record, "token_count"),
            latency_seconds=latency,
            answered_at=payload.number_or_none(record, "answered_at"),  # files of earlier versions have none
        )

    def record(self) -> dict[str, Any]:
        """Return plain values, for a line of JSON."""
        return asdict(self)

    @property
    def length(self) -> int | None:
        """How many tokens the text has; None where the API does not tell."""
        return len(self.tokens) if self.tokens else self.token_count


def truncate(answer: Answer, limit: int) -> Answer | None:
    """Return the answer of the same request with `max_tokens=limit`; None where that is unsure.

    Unsure: the API listed no tokens, or they do not spell the text (stop sequences taken out, text
    trimmed), or the cut falls inside a character that several tokens make up.
    """
    if not _lists_every_token(answer):
        return None
    if limit >= len(answer.tokens):
        return _uncut(answer, limit)
    kept, likelihoods = answer.tokens[:limit], answer.likelihoods[:limit]
    text = "".join(kept)
    if not kept or not kept[-1] or UNREADABLE in text or not answer.text.startswith(text):
        return None
    return Answer(
        text=text,
        finish_reason=answer.finish_reason and "MAX_TOKENS",
        likelihood=mean_likelihood(likelihoods),
        tokens=kept,
        likelihoods=likelihoods,
        token_count=limit,
        latency_seconds=answer.latency_seconds,
    )


def mean_likelihood(likelihoods: tuple[float | None, ...]) -> float | None:
    """Return Cohere's `likelihood` of a text: the mean of the log-likelihoods that are known."""
    known = [value for value in likelihoods if value is not None]
    return fmean(known) if known else None


def _lists_every_token(answer: Answer) -> bool:
    if not answer.tokens:
        return False
    return "".join(answer.tokens) == answer.text or answer.token_count == len(answer.tokens)


def _uncut(answer: Answer, limit: int) -> Answer:
    """Return the whole text, which fits; at exactly `limit` tokens no step is left for its end token."""
    ended_unseen = answer.finish_reason == "COMPLETE" and answer.tokens[-1] != ""
    if limit == len(answer.tokens) and ended_unseen:
        return replace(answer, finish_reason="MAX_TOKENS")
    return answer
