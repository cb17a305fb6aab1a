"""From a sweep to a setting: enough max_tokens, a balanced temperature, and how sure that is."""

from dataclasses import dataclass
from math import exp, isnan, nan
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from .measures import check, distinct, ended, resemblance, wilson

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

RESAMPLES = 1000
SURE = 0.9  # a winner must win this share of the resampled sweeps
FEWEST = 4  # repetitions: of three or fewer, a resample draws too few different ones to tell anything


@dataclass(frozen=True)
class Recommendation:
    """A setting and why. `clear` is False where the repetitions do not tell it from its neighbours.

    `temperature` is None where the table gives nothing to choose it by.
    """

    max_tokens: int
    temperature: float | None
    reason: str
    clear: bool

    @property
    def setting(self) -> dict[str, Any]:
        """The arguments for `Client.generate`."""
        return {"temperature": self.temperature, "max_tokens": self.max_tokens}

    def __str__(self) -> str:
        verdict = "" if self.clear else "No clear winner. "
        return f"{verdict}temperature {self.temperature}, max_tokens {self.max_tokens}. {self.reason}"


def recommend(df: "pd.DataFrame", *, share: float = 0.8, seed: int = 0) -> Recommendation:
    """Recommend a temperature, then the smallest max_tokens at which `share` of its texts end by themselves.

    The temperature is the one with the best `balance` at the largest limit; repetitions are resampled
    (bootstrap, Efron 1979) to see how often it wins. The balance is a rule of thumb for open-ended writing:
    where one answer is right, Cohere advises a low temperature whatever the balance says.
    Raises BadInput for a table with several values of k or p: choose the rows of one first.
    """
    check(df)
    for name in ("k", "p"):
        if df[name].nunique() > 1:
            raise BadInput(f"The table has several values of {name}; pass the rows of one.")
    temperature, why, sure = _temperature(df[df["max_tokens"] == df["max_tokens"].max()], seed)
    rows = df if temperature is None else df[df["temperature"] == temperature]
    limit, why_limit, sure_limit = _limit(rows, share)
    return Recommendation(limit, temperature, f"{why} {why_limit}", sure and sure_limit)


def balance(likelihood: float, diversity: float) -> float:
    """The harmonic mean of how expected a token is (exp of the mean log-likelihood) and of the diversity.

    0 to 1: identical answers score 0, and so does word salad; NaN if either is unknown.
    """
    expected = exp(likelihood)
    return 2 * expected * diversity / (expected + diversity) if expected + diversity else 0.0


def _temperature(rows: "pd.DataFrame", seed: int) -> tuple[float | None, str, bool]:
    temperatures = sorted(rows["temperature"].unique())
    if len(temperatures) == 1:
        return float(temperatures[0]), "Only one temperature was tried.", True
    if rows["likelihood"].isna().all():
        return None, "Without likelihoods there is nothing to choose a temperature by: read the texts.", False
    groups = [[g for _, g in rows[rows["temperature"] == t].groupby("prompt_id")] for t in temperatures]
    fewest = min(len(group) for prompts in groups for group in prompts)
    if fewest < 2:
        scores = [balance(_mean(r["likelihood"]), distinct(r["text"], 2)) for r in _by(rows, temperatures)]
        best = float(temperatures[_argmax(scores)])
        return best, f"Temperature {best:g} balances best, but without repetitions this may be chance.", False
    samples = [_Sample(prompts) for prompts in groups]
    best_index = _argmax([sample.score() for sample in samples])
    best = float(temperatures[best_index])
    why = f"Temperature {best:g} balances likelihood and diversity best"
    if fewest < FEWEST:
        return best, f"{why}, but {fewest} repetitions are too few to tell: at least {FEWEST} are.", False
    wins = _wins(samples, best_index, seed)
    return best, f"{why}, in {wins:.0%} of {RESAMPLES:,} resampled sweeps.", wins >= SURE


def _limit(rows: "pd.DataFrame", share: float) -> tuple[int, str, bool]:
    done = ended(rows).groupby(rows["max_tokens"]).agg(["sum", "count"])
    for limit, (successes, trials) in done.iterrows():
        low, high = wilson(int(successes), int(trials))
        told = f"At max_tokens {limit}, {successes} of {trials} texts ended by themselves"
        if successes / trials >= share:
            return int(limit), f"{told} (95 % interval {low:.0%} to {high:.0%}).", bool(low > 0.5)
    return int(limit), f"{told}, fewer than {share:.0%}: try a larger limit.", False


class _Sample:
    """The answers of one temperature, ready to be resampled: repetitions are drawn within each prompt."""

    def __init__(self, prompts: "list[pd.DataFrame]") -> None:
        import numpy as np

        self._likelihoods = [group["likelihood"].to_numpy(float) for group in prompts]
        self._alike = [
            np.array([[resemblance(a, b) for b in group["text"]] for a in group["text"]]) for group in prompts
        ]

    def score(self, draw: "np.random.Generator | None" = None) -> float:
        """The balance over all prompts, of the answers themselves or of a draw with replacement."""
        import numpy as np

        likelihoods, diversities = [], []
        for values, alike in zip(self._likelihoods, self._alike, strict=True):
            n = len(values)
            times = np.ones(n) if draw is None else np.bincount(draw.integers(0, n, n), minlength=n)
            pairs = np.outer(times, times) * (1 - np.eye(n))  # an answer drawn twice is no pair
            likelihoods.append(float(times @ values / times.sum()))
            diversities.append(1 - float((pairs * alike).sum() / pairs.sum()) if pairs.any() else nan)
        return balance(_mean(likelihoods), _mean(diversities))


def _wins(samples: list[_Sample], best: int, seed: int) -> float:
    import numpy as np

    draw = np.random.default_rng(seed)
    return sum(_won([sample.score(draw) for sample in samples], best) for _ in range(RESAMPLES)) / RESAMPLES


def _won(scores: list[float], best: int) -> float:
    """1 for a win, 0 for a loss; a tie is shared."""
    highest = scores[_argmax(scores)]
    return 1 / scores.count(highest) if scores[best] == highest else 0.0


def _by(rows: "pd.DataFrame", temperatures: list[Any]) -> "list[pd.DataFrame]":
    return [rows[rows["temperature"] == temperature] for temperature in temperatures]


def _mean(values: Any) -> float:
    known = [float(value) for value in values if not isnan(value)]
    return sum(known) / len(known) if known else nan


def _argmax(scores: list[float]) -> int:
    return max(range(len(scores)), key=lambda i: -1.0 if isnan(scores[i]) else scores[i])
