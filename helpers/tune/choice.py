"""The choice of a temperature: what the task wants, what each gives, and whether it is chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from .metrics.diversity import effective_number, similarity

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

RESAMPLES = 1000
# The share of the answers asked for that shall be different, and the least number of these.
WANTED = {"one": (0.0, 1.0), "some": (1 / 3, 1.5), "many": (2 / 3, 2.0)}


@dataclass(frozen=True)
class Aim:
    """What a task wants: a number of different good answers, and a share of good ones among all asked."""

    different: float
    share: float

    @classmethod
    def of(cls, want: str | float, asked: int, share: float) -> "Aim":
        """Return the aim of "one", "some", "many" or a number, among `asked` answers; else raise BadInput."""
        if isinstance(want, str) and want in WANTED:
            part, fewest = WANTED[want]
            return cls(max(part * asked, fewest), share)
        if isinstance(want, bool) or not isinstance(want, int | float) or not want >= 1:
            raise BadInput(f"want is {want!r}; it takes {', '.join(map(repr, WANTED))} or a number from 1.")
        if want > asked:
            raise BadInput(
                f"want is {want:g}, but each setting was asked {asked} times: plan more repetitions."
            )
        return cls(float(want), share)

    def choose(self, different: "Array", shares: "Array") -> "tuple[Array, Array]":
        """Return for each column the first row that reaches the aim, else the best, and whether it does."""
        import numpy as np

        enough = shares >= self.share - 1e-9
        reached = enough & (different >= self.different - 1e-4)
        reachable = np.asarray(reached.any(axis=0))
        best = np.where(enough, different, shares - 1).argmax(axis=0)
        return np.where(reachable, reached.argmax(axis=0), best), reachable


class Tried:
    """The answers of one temperature: which are good, and how alike they are, prompt by prompt."""

    def __init__(self, temperature: float, rows: "pd.DataFrame") -> None:
        self.temperature, self.rows = temperature, rows
        prompts = [group for _, group in rows.groupby("prompt_id")]
        self.asked = min(len(group) for group in prompts)
        self._prompts = [(similarity(list(g["text"])), g["good"].to_numpy(float)) for g in prompts]

    def counts(self, draw: "np.random.Generator | None" = None) -> "tuple[Array, Array]":
        """Return the effective number of different good answers and the share of good ones (prompt means).

        Of the answers themselves or, with `draw`, of many resamples with replacement. These have some answers
        twice, so fewer different ones; their numbers are scaled to the mean that the answers have.
        """
        import numpy as np

        numbers, shares = [], []
        for similarities, good in self._prompts:
            n = len(good)
            times = np.ones((1, n)) if draw is None else draw.multinomial(n, np.full(n, 1 / n), RESAMPLES)
            number = np.asarray(effective_number(similarities, times * good))
            if draw is not None and number.any():
                number = number * float(effective_number(similarities, good)) / number.mean()
            numbers.append(number)
            shares.append(times @ good / n)
        return np.mean(numbers, axis=0), np.mean(shares, axis=0)


def counted(tried: Sequence[Tried], draw: "np.random.Generator | None" = None) -> "tuple[Array, Array]":
    """Return the counts of all temperatures: a row a temperature, a column a resample."""
    import numpy as np

    counts = [each.counts(draw) for each in tried]
    return np.array([numbers for numbers, _ in counts]), np.array([shares for _, shares in counts])


def resampled(tried: Sequence[Tried], aim: Aim, seed: int) -> "Array":
    """Return which temperature each of many resampled sweeps chooses (bootstrap, Efron 1979)."""
    import numpy as np

    return aim.choose(*counted(tried, np.random.default_rng(seed)))[0]
