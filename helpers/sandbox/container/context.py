"""Checks that a prompt fits: by its length first, as tokenizing takes 300 times its memory, then by tokens.

A text of more bytes than the context's tokens can have is refused as one with too many tokens; the message
then gives the least number that it can have.
"""

from collections.abc import Sequence

from ..engine.engine import Engine
from .errors import PRACTICE, ContainerError

_MEDIUM_CONTEXT = 2048
_RESERVED = 15  # tokens that Command reserves: the documented text says 4081 of 4096


def check_fits(engine: Engine, prompt: Sequence[int]) -> None:
    """Raise ContainerError for a prompt that is too long for the practice model."""
    if len(prompt) >= engine.context_tokens:
        raise _too_long(engine, str(len(prompt)))


def check_texts(engine: Engine, texts: Sequence[str]) -> None:
    """Raise ContainerError for turns that are too many or too long, before they are tokenized."""
    if len(texts) >= engine.context_tokens:  # each turn has at least one token of markup
        raise _too_long(engine, f"at least {len(texts)}")
    size = sum(len(text.encode()) for text in texts)
    if size > engine.most_bytes(engine.context_tokens):
        raise _too_long(engine, f"at least {engine.fewest_tokens(size)}")


def _too_long(engine: Engine, received: str) -> ContainerError:
    return ContainerError(
        f"too many tokens: {PRACTICE} reads and writes {engine.context_tokens} tokens at most - "
        f"received {received}. Try using a shorter prompt."
    )


class PromptLimit:
    """The tokens of prompt that a Generate model with `context` tokens takes beside `max_tokens` new ones."""

    def __init__(self, engine: Engine, context: int | None, max_tokens: int, truncate: str) -> None:
        self._engine = engine
        self._max_tokens = max_tokens
        self._context = context
        size = context or engine.context_tokens + max_tokens
        self._max_prompt = size - (_RESERVED if size > _MEDIUM_CONTEXT else 0)
        self._tokens = min(size - max_tokens, self._max_prompt)
        self._truncate = truncate if self._tokens > 0 else "NONE"

    def shorten(self, prompt: str) -> str:
        """Return the text, cut to slightly more than can fit if it is longer. Raises ContainerError."""
        data = prompt.encode()
        most = self._engine.most_bytes(self._max_prompt + 1)
        if len(data) <= most:
            return prompt
        if self._truncate == "NONE":
            raise self._error(self._engine.fewest_tokens(len(data)), "at least ")
        part = data[-most:] if self._truncate == "START" else data[:most]
        return part.decode(errors="ignore")  # the cut may be inside a character

    def fit(self, tokens: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Return the tokens that `truncate` keeps. Raises ContainerError."""
        if len(tokens) <= self._tokens or self._context is None:
            return tokens
        if self._truncate == "NONE":
            raise self._error(len(tokens))
        return tokens[-self._tokens :] if self._truncate == "START" else tokens[: self._tokens]

    def _error(self, tokens: int, prefix: str = "") -> ContainerError:
        if self._context is None:
            return _too_long(self._engine, f"{prefix}{tokens}")
        if tokens > self._max_prompt and self._context > _MEDIUM_CONTEXT:
            return ContainerError(
                f"too many tokens: total number of tokens in the prompt cannot exceed {self._max_prompt} - "
                f"received {prefix}{tokens}. Try using a shorter prompt, or enabling prompt truncating. "
                "See https://docs.cohere.com/reference/generate for more details."
            )
        # wording of Medium's time; Command's for a prompt that fits alone (not established)
        return ContainerError(
            f"too many tokens: total number of tokens (prompt and prediction) cannot exceed {self._context} "
            f"- received {prefix}{tokens + self._max_tokens}. Try using a shorter prompt or a smaller "
            "max_tokens value."
        )
