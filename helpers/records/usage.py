"""What the answers of a run used: tokens, and the endpoint's time, from the journals in its folder."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadInput
from .journal import read
from .payload import WrongShape, count_or_none, items, number_or_none


@dataclass(frozen=True)
class Usage:
    """How many answers there are, the tokens that the model wrote for them, and the time it took, in seconds.

    `tokens` is None where no answer tells them. `seconds` is the time in which at least one request was under
    way, so that requests side by side count once.
    """

    answers: int = 0
    tokens: int | None = None
    seconds: float = 0.0


def usage(folder: str | Path) -> Usage:
    """Add up the answers in all journals of sweeps below a folder; leave out whatever is none."""
    found = [each for path in sorted(Path(folder).glob("**/*.jsonl")) for each in _answers(path)]
    tokens = [count for count, _ in found if count is not None]
    times = (interval for _, interval in found if interval is not None)
    return Usage(len(found), sum(tokens) if tokens else None, _under_way(times))


def _answers(path: Path) -> Iterator[tuple[int | None, tuple[float, float] | None]]:
    """Yield the tokens, and the begin and end, of each answer that `tune.truncation.Answer` wrote."""
    with suppress(BadInput):
        for record in read(path)[1]:
            with suppress(WrongShape):
                latency, end = (number_or_none(record, name) for name in ("latency_seconds", "answered_at"))
                if latency is not None:
                    yield _tokens(record), None if end is None else (end - latency, end)


def _tokens(record: Mapping[str, Any]) -> int | None:
    return len(items(record, "tokens")) or count_or_none(record, "token_count")


def _under_way(intervals: Iterable[tuple[float, float]]) -> float:
    """Return the length of the intervals' union."""
    total, until = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total
