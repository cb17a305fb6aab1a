"""Whether a prompt fits: first by its length, as tokenising takes 300 times its memory, then by tokens.

A text of more bytes than the context's tokens could stand for is refused as one of too many tokens is; how
many they are is then not known, only how many at least.
"""

from collections.abc import Sequence

from ..engine.engine import Engine
from .errors import PRACTICE, Refusal

_MEDIUM_CONTEXT = 2048
_RESERVED = 15  # tokens that a prompt for Command cannot have: the documented text says 4081 of 4096


def check_room(engine: Engine, prompt: Sequence[int]) -> None:
    """Raise Refusal for a prompt that the practice model, unlike the one it stands for, cannot read."""
    if len(prompt) >= engine.context_tokens:
        raise _unreadable(engine, str(len(prompt)))


def check_texts(engine: Engine, texts: Sequence[str]) -> None:
    """Raise the same Refusal for turns that are too many or too long for it, before they are tokenised."""
    if len(texts) >= engine.context_tokens:  # each begins and ends with a token of markup at least
        raise _unreadable(engine, f"at least {len(texts)}")
    size = sum(len(text.encode()) for text in texts)
    if size > engine.most_bytes(engine.context_tokens):
        raise _unreadable(engine, f"at least {engine.fewest_tokens(size)}")


def _unreadable(engine: Engine, received: str) -> Refusal:
    return Refusal(
        f"too many tokens: {PRACTICE} reads and writes {engine.context_tokens} tokens at most - "
        f"received {received}. Try using a shorter prompt."
    )


class Room:
    """How many tokens of prompt a Generate model of `context` tokens takes beside `max_tokens` new ones."""

    def __init__(self, engine: Engine, context: int | None, max_tokens: int, truncate: str) -> None:
        self._engine = engine
        self._max_tokens = max_tokens
        self._context = context
        known = context or engine.context_tokens + max_tokens
        self._longest = known - (_RESERVED if known > _MEDIUM_CONTEXT else 0)
        self._tokens = min(known - max_tokens, self._longest)
        self._truncate = truncate if self._tokens > 0 else "NONE"

    def shorten(self, prompt: str) -> str:
        """The part of a text that may be kept, a little longer than it, or Refusal; no copy of what fits."""
        data = prompt.encode()
        most = self._engine.most_bytes(self._longest + 1)
        if len(data) <= most:
            return prompt
        if self._truncate == "NONE":
            raise self._refusal(self._engine.fewest_tokens(len(data)), "at least ")
        kept = data[-most:] if self._truncate == "START" else data[:most]
        return kept.decode(errors="ignore")  # the cut may go through a character

    def fit(self, tokens: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """The tokens that are kept. Raises Refusal."""
        if len(tokens) <= self._tokens or self._context is None:
            return tokens
        if self._truncate == "NONE":
            raise self._refusal(len(tokens))
        return tokens[-self._tokens :] if self._truncate == "START" else tokens[: self._tokens]

    def _refusal(self, tokens: int, about: str = "") -> Refusal:
        if self._context is None:
            return _unreadable(self._engine, f"{about}{tokens}")
        if tokens > self._longest and self._context > _MEDIUM_CONTEXT:
            return Refusal(
                f"too many tokens: total number of tokens in the prompt cannot exceed {self._longest} - "
                f"received {about}{tokens}. Try using a shorter prompt, or enabling prompt truncating. "
                "See https://docs.cohere.com/reference/generate for more details."
            )
        # the text of Medium's time; which one Command has for a prompt that fits alone is not established
        return Refusal(
            f"too many tokens: total number of tokens (prompt and prediction) cannot exceed {self._context} "
            f"- received {about}{tokens + self._max_tokens}. Try using a shorter prompt or a smaller "
            "max_tokens value."
        )
