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
class Target:
    """What a task wants: a number of different good answers, and a share of good ones among all asked."""

    different: float
    share: float

    @classmethod
    def of(cls, want: str | float, asked: int, share: float) -> "Target":
        """Return the target for "one", "some", "many" or a number of `asked` answers; else raise BadInput."""
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
        """Return for each column the first row that reaches it (else the best), and whether any does."""
        import numpy as np

        enough = shares >= self.share - 1e-9
        reached = enough & (different >= self.different - 1e-4)
        reachable = np.asarray(reached.any(axis=0))
        best = np.where(enough, different, shares - 1).argmax(axis=0)
        return np.where(reachable, reached.argmax(axis=0), best), reachable


class Candidate:
    """The answers of one temperature: which are good, and how alike they are, prompt by prompt.

    `different` is the effective number of different good answers, `share` that of good ones among all (means
    of the prompts); `asked` is how many answers a prompt has at least.
    """

    def __init__(self, temperature: float, rows: "pd.DataFrame") -> None:
        import numpy as np

        self.temperature, self.rows = temperature, rows
        prompts = [group for _, group in rows.groupby("prompt_id")]
        self.asked = min(len(group) for group in prompts)
        self._prompts = [(similarity(list(g["text"])), g["good"].to_numpy(float)) for g in prompts]
        self._numbers = [float(effective_number(*prompt)) for prompt in self._prompts]
        self.different = float(np.mean(self._numbers))
        self.share = float(np.mean([good.mean() for _, good in self._prompts]))

    def resample(self, draw: "np.random.Generator") -> "tuple[Array, Array]":
        """Return `different` and `share` of many resamples of the answers, drawn with replacement.

        These have some answers twice, so fewer different ones; their numbers are scaled to the mean that the
        answers have.
        """
        import numpy as np

        numbers, shares = [], []
        for (similarities, good), observed in zip(self._prompts, self._numbers, strict=True):
            n = len(good)
            times = draw.multinomial(n, np.full(n, 1 / n), RESAMPLES)
            number = np.asarray(effective_number(similarities, times * good))
            numbers.append(number * observed / number.mean() if number.any() else number)
            shares.append(times @ good / n)
        return np.mean(numbers, axis=0), np.mean(shares, axis=0)


def bootstrap(candidates: Sequence[Candidate], target: Target, seed: int) -> "Array":
    """Return which temperature each of many resampled sweeps chooses (bootstrap, Efron 1979)."""
    import numpy as np

    draw = np.random.default_rng(seed)
    numbers, shares = zip(*(each.resample(draw) for each in candidates), strict=True)
    return target.choose(np.array(numbers), np.array(shares))[0]
