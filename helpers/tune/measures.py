"""What the numbers of a sweep mean: each measure with its definition and where it comes from.

Words are runs of letters and digits, in lower case; languages written without spaces need another splitter.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import combinations
from math import isnan, nan, sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from ..catalog.settings import DRAWN_BY
from ..errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

ENDED = ("COMPLETE", "STOP_SEQUENCE")
SETTING = ["prompt_id", *DRAWN_BY, "max_tokens"]
NEEDED = {*SETTING, "repetition", "text", "tokens", "finish_reason", "likelihood"}


def words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return re.findall(r"\w+", text.lower())


def ngrams(text: str, n: int) -> list[tuple[str, ...]]:
    """The runs of `n` words of a text, in order."""
    listed = words(text)
    return list(zip(*(listed[start:] for start in range(n)), strict=False))


def ended(df: "pd.DataFrame") -> "pd.Series[bool]":
    """Whether each text ended by itself: finish reason COMPLETE or STOP_SEQUENCE.

    Where the container gives no finish reason (the published sample of Cohere Medium has none), a text with
    fewer tokens than max_tokens ended by itself.
    """
    told = df["finish_reason"].notna()
    return df["finish_reason"].isin(ENDED) | (~told & (df["tokens"] < df["max_tokens"]))


def distinct(texts: Iterable[str], n: int) -> float:
    """Distinct-n: different runs of n words over all runs of n words, 0 to 1; NaN for texts without any.

    Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models"
    (arXiv:1510.03055).
    It falls with length: compare texts of like length.
    """
    found = [gram for text in texts for gram in ngrams(text, n)]
    return len(set(found)) / len(found) if found else nan


def resemblance(one: str, other: str) -> float:
    """How much two texts share, 0 to 1: the Jaccard coefficient of their sets of word pairs.

    Broder 1997, "On the resemblance and containment of documents". Two texts of fewer than two words resemble
    each other fully if they are equal, else not at all.
    """
    a, b = set(ngrams(one, 2)), set(ngrams(other, 2))
    return len(a & b) / len(a | b) if a or b else float(one == other)


def self_similarity(texts: Sequence[str]) -> float:
    """The mean resemblance of all pairs of texts: 1 if all say the same; NaN for fewer than two.

    It serves as self-BLEU does (Zhu et al. 2018, "Texygen", arXiv:1802.01886) and is lighter to compute.
    """
    pairs = [resemblance(one, other) for one, other in combinations(texts, 2)]
    return fmean(pairs) if pairs else nan


def repetition(text: str, n: int = 4) -> float:
    """The share of a text's runs of n words that occurred in it before: 0 for none, towards 1 for a loop.

    seq-rep-n of Welleck et al. 2020, "Neural Text Generation with Unlikelihood Training" (arXiv:1908.04319);
    0 for a text of fewer than n words.
    """
    found = ngrams(text, n)
    return 1 - len(set(found)) / len(found) if found else 0.0


def wilson(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """The interval a share of `successes` in `trials` lies in, at 95 % for z 1.96 (Wilson 1927)."""
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(share * (1 - share) / trials + spread / trials / 4)
    return middle - half, middle + half


def standard_error(values: Iterable[float]) -> float:
    """The standard error of the mean of the values that are numbers; NaN for fewer than two."""
    known = [value for value in values if not isnan(value)]
    return stdev(known) / sqrt(len(known)) if len(known) > 1 else nan


def summary(df: "pd.DataFrame", only: Collection[str] = ()) -> "pd.DataFrame":
    """One row a setting, over its repetitions.

    answers, share_ended (0 to 1), tokens and words (means), likelihood (mean log-likelihood of a token, with
    its standard error likelihood_se), distinct_1, distinct_2, self_similarity, repetition (mean). `only`:
    compute these alone, which is faster for large tables.
    """
    import pandas as pd

    check(df)
    marked = df.assign(ended=ended(df))
    wanted = {name: measure for name, measure in MEASURES.items() if not only or name in only}
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
}
