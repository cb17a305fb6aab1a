"""The measures of a sweep as a table, one row a setting."""

import warnings
from collections.abc import Callable, Collection, Iterable
from math import isnan, nan, sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from ..catalog.settings import DRAWN_BY
from ..errors import BadInput
from .metrics import embeddings
from .metrics.diversity import distinct, effective_number, self_similarity, similarity, words
from .metrics.quality import ended, faults, repetition

if TYPE_CHECKING:
    import pandas as pd

SETTING = ["prompt_id", *DRAWN_BY, "max_tokens"]
NEEDED = {*SETTING, "prompt", "repetition", "text", "tokens", "finish_reason", "likelihood"}


def wilson(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval of a share, `successes` in `trials`: 95 % for z 1.96 (Wilson 1927)."""
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(share * (1 - share) / trials + spread / trials / 4)
    return middle - half, middle + half


def standard_error(values: Iterable[float]) -> float:
    """Return the standard error of the mean, NaN left out; NaN for fewer than two values."""
    known = [value for value in values if not isnan(value)]
    return stdev(known) / sqrt(len(known)) if len(known) > 1 else nan


def summary(df: "pd.DataFrame", only: Collection[str] = ()) -> "pd.DataFrame":
    """Return the measures, one row a setting, over its repetitions.

    answers, share_ended (0 to 1), tokens and words (means), likelihood (mean log-likelihood of a token, with
    its standard error likelihood_se), distinct_1, distinct_2, self_similarity, repetition (mean),
    share_acceptable (`quality.faults`), different (the effective number of different acceptable answers, of
    `answers`; NaN where wordllama is not installed). `only`: compute these alone, which is faster for large
    tables.
    """
    import pandas as pd

    check(df)
    wanted = {name: measure for name, measure in MEASURES.items() if not only or name in only}
    marked = df.assign(ended=ended(df))
    if wanted.keys() & GATED:
        marked["acceptable"] = faults(df) == ""
    rows = [
        {
            **dict(zip(SETTING, setting, strict=True)),
            **{name: measure(group) for name, measure in wanted.items()},
        }
        for setting, group in marked.groupby(SETTING, sort=False)
    ]
    return pd.DataFrame(rows)


def check(df: "pd.DataFrame") -> None:
    """Raise BadInput unless `df` has a sweep's columns and at least one row."""
    missing = NEEDED.difference(df.columns)
    if missing or df.empty:
        what = f"lacks the columns {', '.join(sorted(missing))}" if missing else "has no rows"
        raise BadInput(f"This table {what}; pass the one that sweep.run or sweep.load returned.")


def different(texts: Iterable[str]) -> float:
    """Count different texts effectively (`diversity.effective_number`); NaN without wordllama."""
    listed = list(texts)
    if not embeddings.available():
        warnings.warn(embeddings.MISSING, stacklevel=2)
        return nan
    return float(effective_number(similarity(listed))) if listed else 0.0


MEASURES: dict[str, Callable[["pd.DataFrame"], float]] = {
    "answers": len,
    "share_ended": lambda group: float(group["ended"].mean()),
    "tokens": lambda group: float(group["tokens"].mean()),
    "words": lambda group: fmean(len(words(text)) for text in group["text"]),
    "likelihood": lambda group: float(group["likelihood"].mean()),
    "likelihood_se": lambda group: standard_error(group["likelihood"]),
    "distinct_1": lambda group: distinct(group["text"], 1),
    "distinct_2": lambda group: distinct(group["text"], 2),
    "self_similarity": lambda group: self_similarity(list(group["text"])),
    "repetition": lambda group: fmean(repetition(text) for text in group["text"]),
    "share_acceptable": lambda group: float(group["acceptable"].mean()),
    "different": lambda group: different(group["text"][group["acceptable"]]),
}
GATED = {"share_acceptable", "different"}
# Those from 0 to 1, which a figure shows from 0 to 1.
SHARES = {"share_ended", "share_acceptable", "distinct_1", "distinct_2", "self_similarity", "repetition"}
