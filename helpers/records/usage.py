"""What a run asked of its endpoint: tokens and time, from a file that its clients write as they go."""

import json
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .payload import WrongShape, count_or_none, number_or_none, parse

# The environment variable that names the file; a batch sets it. Without it nothing is written.
VARIABLE = "TUTORIAL_USAGE_FILE"
FILE = "usage.jsonl"


@dataclass(frozen=True)
class Usage:
    """How many requests there were, the tokens that the model wrote for them, and the time, in seconds.

    `tokens` are those that the API lists or counts, or that a stream brought; None where no answer tells any.
    `seconds` is the time in which at least one request was under way, so that requests side by side count
    once. What failed, or was dropped, is in all three.
    """

    requests: int = 0
    tokens: int | None = None
    seconds: float = 0.0


def begin(clock: Callable[[], float] = time.perf_counter) -> Callable[[int | None], None]:
    """Begin a request; return what records its end, once, with its tokens (None: not told)."""
    began = clock()

    def end(tokens: int | None) -> None:
        if path := os.environ.get(VARIABLE):
            _write(Path(path), {"ended": time.time(), "seconds": clock() - began, "tokens": tokens})

    return end


def usage(folder: str | Path) -> Usage:
    """Add up the requests that the file in a folder holds; a line that is none is left out."""
    path = Path(folder, FILE)
    lines = path.read_bytes().splitlines() if path.is_file() else []
    tokens, times = list[int](), list[tuple[float, float]]()
    for line in lines:
        with suppress(WrongShape):
            record = parse(line)
            seconds, ended, count = (
                number_or_none(record, "seconds"),
                number_or_none(record, "ended"),
                count_or_none(record, "tokens"),
            )
            if seconds is None or ended is None:
                continue
            times.append((ended - seconds, ended))
            tokens += [] if count is None else [count]
    return Usage(len(times), sum(tokens) if tokens else None, _under_way(times))


def _write(path: Path, record: dict[str, float | int | None]) -> None:
    """Append a line in one write, so that threads and processes may share the file."""
    with suppress(OSError), path.open("ab", buffering=0) as file:  # no answer is lost for its record
        file.write(json.dumps(record).encode() + b"\n")


def _under_way(intervals: Iterable[tuple[float, float]]) -> float:
    """Return the length of the intervals' union."""
    total, until = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total
