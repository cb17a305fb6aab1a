"""A line of progress of a long run, updated while a person looks; unattended, only a last line."""

import threading
import time
from collections.abc import Callable

from .display import Output
from .frontend import attended

INTERVAL = 0.2  # seconds between two updates


class Progress:
    """A count of answers, and of tokens as they arrive; a saved notebook keeps only its last line.

    The time left follows from the pace and the lengths so far: rather too much than too little.
    """

    def __init__(self, wanted: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._wanted, self._clock = wanted, clock
        self._line: Output | None = None
        self._since = self._shown = clock()
        self._answers = self._tokens = self._limits_left = 0
        self._ended_tokens = self._ended_limits = 0
        self._lock = threading.Lock()

    def expect(self, answers: int, tokens: int) -> None:
        """Set the final number of answers, and at most how many tokens those still to come have."""
        self._answers, self._limits_left = answers, tokens
        if self._wanted and self._line is None and attended():
            self._since = self._shown = self._clock()
            self._line = Output()
            self._line.show_text(f"Asking for {tokens:,} tokens at most ...")

    def arrived(self, tokens: int = 1) -> None:
        """Count tokens that have arrived, from any thread; a negative number takes some back."""
        with self._lock:
            self._tokens += tokens

    def answered(self, limit: int, tokens: int) -> None:
        """Count one of the answers as ended: it has `tokens` tokens and could have had `limit`."""
        self._limits_left -= limit
        self._ended_limits += limit
        self._ended_tokens += tokens

    def show(self, answers: int) -> None:
        """Show what has arrived, at most five times a second; `answers` are those that have ended."""
        now = self._clock()
        if self._line is not None and now - self._shown >= INTERVAL:
            self._shown = now
            arrived = f"{answers} of {self._answers} answers, {self._tokens:,} tokens so far"
            self._line.show_text(f"{arrived}{self._left(now - self._since)}")

    def _left(self, seconds: float) -> str:
        if not self._tokens:
            return ""
        # short answers end first, so tokens of those under way count too (exponential lengths, censored)
        share = min(1.0, self._tokens / self._ended_limits) if self._ended_limits else 1.0
        most = self._limits_left - (self._tokens - self._ended_tokens)
        tokens = max(0.0, min(self._limits_left * share, most))
        about = "about" if self._ended_limits else "at most"
        return f", {about} {tokens / self._tokens * seconds:.0f} s left"

    def end(self, text: str) -> None:
        """Replace the line by `text`, or print it."""
        if self._line is not None:
            self._line.show_text(text)
        elif self._wanted:
            print(text)
