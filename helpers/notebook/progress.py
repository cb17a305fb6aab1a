"""A line of progress of a long run, updated while a person looks; unattended, only a last line."""

import time
from collections.abc import Callable

from .display import Output
from .frontend import attended

INTERVAL = 0.2  # seconds between two updates


class Progress:
    """A count of answers and tokens; a saved notebook keeps only its last line, without timings."""

    def __init__(self, wanted: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._wanted, self._clock = wanted, clock
        self._line: Output | None = None
        self._since = self._shown = clock()
        self._answers = self._tokens_done = self._tokens = 0

    def expect(self, answers: int, tokens: int) -> None:
        """Set the final number of answers, and at most how many tokens are still to come."""
        self._answers, self._tokens = answers, self._tokens_done + tokens
        if self._wanted and self._line is None and attended():
            self._line = Output()
            self._line.show_text(f"Asking for {tokens:,} tokens at most ...")

    def advance(self, answers: int, tokens: int) -> None:
        """Count one more request for `tokens` tokens; `answers` have arrived so far."""
        self._tokens_done += tokens
        now = self._clock()
        if self._line is not None and now - self._shown >= INTERVAL:
            self._shown = now
            left = (now - self._since) / self._tokens_done * (self._tokens - self._tokens_done)
            self._line.show_text(f"{answers} of {self._answers} answers, about {left:.0f} s left")

    def end(self, text: str) -> None:
        """Replace the line by `text`, or print it."""
        if self._line is not None:
            self._line.show_text(text)
        elif self._wanted:
            print(text)
