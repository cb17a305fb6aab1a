"""Conversion of llama.cpp's chunks to tokens, text and a finish reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from .llama import Chunk, EngineError
from .stopping import StopFinder

Reason = Literal["end", "stop", "length", "context"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token of the text.

    `text` is the characters that the token completes: a token that is only part of a character has "", and
    the last part has the character. So the joined texts of the first n tokens are the text of n tokens.
    `shown` is the text that can be shown now; what may begin a stop sequence is held back. `logprob`
    (natural, before sampling) and `id` are None for parts of a character that llama.cpp does not report.
    """

    id: int | None
    text: str
    logprob: float | None
    shown: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Why the text ended: the model's end mark, a stop sequence, max_tokens, or a full context.

    `shown` is text that was held back; `stop_sequence` is the sequence found, which is in no `shown`.
    """

    reason: Reason
    shown: str = ""
    stop_sequence: str | None = None


class Reader:
    """A reader of one generation's chunks."""

    def __init__(self, stop: Sequence[str], *, cut_by_context: bool) -> None:
        self._stops = StopFinder(stop)
        self._at_length: Reason = "context" if cut_by_context else "length"
        self._count = 0
        self._pending: list[Token] = []

    def read(self, chunk: Chunk) -> Iterator[Token | Finish]:
        """Yield a chunk's tokens, or the finish. Raises EngineError if the chunk is an error."""
        if "error" in chunk:
            raise EngineError(f"llama.cpp refused: {chunk['error'].get('message', chunk['error'])}")
        choice = chunk["choices"][0]
        if choice["finish_reason"] is not None:
            yield from self._end(choice["finish_reason"], chunk["usage"]["completion_tokens"])
            return
        for entry in choice["logprobs"]["content"]:
            yield from self._token(entry, chunk["timings"]["predicted_n"])

    def _token(self, entry: Chunk, count: int) -> Iterator[Token | Finish]:
        # llama.cpp reports only the last token of a character; the count shows how many came before it.
        yield from self._hidden(count - 1 - self._count)
        self._count = count
        text = bytes(entry["bytes"]).decode("utf-8", errors="replace")
        token = Token(entry["id"], text, entry["logprob"], self._stops.feed(text))
        if not text:
            self._pending.append(token)  # it is the model's end mark if no token follows
            return
        yield from self._pop_pending()
        yield token
        if self._stops.hit is not None:
            yield Finish("stop", stop_sequence=self._stops.hit)

    def _end(self, reason: str, count: int) -> Iterator[Token | Finish]:
        if reason == "length":
            yield from self._hidden(count - self._count)
            yield from self._pop_pending()
            yield Finish(self._at_length, self._stops.flush())
        else:
            self._pending = self._pending[:-1]
            yield from self._pop_pending()
            yield Finish("end", self._stops.flush())

    def _hidden(self, count: int) -> Iterator[Token]:
        yield from self._pop_pending() if count > 0 else ()
        for _ in range(count):
            yield Token(None, "", None, "")

    def _pop_pending(self) -> Iterator[Token]:
        pending, self._pending = self._pending, []
        yield from pending
