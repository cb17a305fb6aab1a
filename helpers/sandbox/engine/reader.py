"""llama.cpp's chunks, read as tokens, text and a reason to end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from .llama import Chunk, EngineError
from .stopping import StopFinder

Reason = Literal["end", "stop", "length", "context"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token of the text.

    `text` is what the token completes: a token that is but part of a character has "", and the character
    stands at the token that completes it. So the texts of the first n tokens, joined, are the text of n
    tokens. `shown` is what may be shown now: text that may be the beginning of a stop sequence comes later,
    or never. `logprob` (natural, before sampling) is None where llama.cpp does not tell it: for the tokens
    that are part of a character and do not complete it; their `id` is None too.
    """

    id: int | None
    text: str
    logprob: float | None
    shown: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Why writing ended: the model ended its text, a stop sequence, max_tokens, or the context is full.

    `shown` is text that had been held back; `stop_sequence` is the one that was written, and in no `shown`.
    """

    reason: Reason
    shown: str = ""
    stop_sequence: str | None = None


class Reader:
    """Reads the chunks of one generation."""

    def __init__(self, stop: Sequence[str], *, cut_by_context: bool) -> None:
        self._stops = StopFinder(stop)
        self._at_length: Reason = "context" if cut_by_context else "length"
        self._count = 0
        self._silent: list[Token] = []

    def read(self, chunk: Chunk) -> Iterator[Token | Finish]:
        """The tokens that a chunk brings, or the end. Raises EngineError for an error that it tells."""
        if "error" in chunk:
            raise EngineError(f"llama.cpp refused: {chunk['error'].get('message', chunk['error'])}")
        choice = chunk["choices"][0]
        if choice["finish_reason"] is not None:
            yield from self._end(choice["finish_reason"], chunk["usage"]["completion_tokens"])
            return
        for entry in choice["logprobs"]["content"]:
            yield from self._token(entry, chunk["timings"]["predicted_n"])

    def _token(self, entry: Chunk, count: int) -> Iterator[Token | Finish]:
        # llama.cpp sends a character's tokens as one entry, the last one's; its count tells of the others.
        yield from self._hidden(count - 1 - self._count)
        self._count = count
        text = bytes(entry["bytes"]).decode("utf-8", errors="replace")
        token = Token(entry["id"], text, entry["logprob"], self._stops.feed(text))
        if not text:
            self._silent.append(token)  # the model's end mark, unless more comes
            return
        yield from self._pop_silent()
        yield token
        if self._stops.hit is not None:
            yield Finish("stop", stop_sequence=self._stops.hit)

    def _end(self, reason: str, count: int) -> Iterator[Token | Finish]:
        if reason == "length":
            yield from self._hidden(count - self._count)
            yield from self._pop_silent()
            yield Finish(self._at_length, self._stops.flush())
        else:
            self._silent = self._silent[:-1]
            yield from self._pop_silent()
            yield Finish("end", self._stops.flush())

    def _hidden(self, count: int) -> Iterator[Token]:
        yield from self._pop_silent() if count > 0 else ()
        for _ in range(count):
            yield Token(None, "", None, "")

    def _pop_silent(self) -> Iterator[Token]:
        silent, self._silent = self._silent, []
        yield from silent
