"""Stop sequences in streamed text."""

from collections.abc import Sequence


class StopFinder:
    """A search for the first stop sequence in text that arrives in pieces, cut anywhere.

    The sequence that is complete first wins; of two that end together, the longer one.
    """

    def __init__(self, sequences: Sequence[str]) -> None:
        self._sequences = [sequence for sequence in sequences if sequence]
        self._held = ""
        self.hit: str | None = None

    def feed(self, text: str) -> str:
        """Add a piece; return the text that is certainly before any stop sequence ("" after a hit)."""
        if self.hit is not None:
            return ""
        self._held += text
        found = [(self._held.find(each), each) for each in self._sequences]
        ends = [(start + len(each), start, each) for start, each in found if start >= 0]
        if ends:
            _, start, self.hit = min(ends)
            return self._release(start)
        return self._release(len(self._held) - self._doubtful())

    def flush(self) -> str:
        """Return the text that is still held back, at the end ("" after a hit)."""
        return "" if self.hit is not None else self._release(len(self._held))

    def _release(self, length: int) -> str:
        released, self._held = self._held[:length], self._held[length:]
        return released

    def _doubtful(self) -> int:
        """Return how many characters at the end could begin a stop sequence."""
        longest = max(map(len, self._sequences), default=1) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(each.startswith(self._held[-length:]) for each in self._sequences):
                return length
        return 0
