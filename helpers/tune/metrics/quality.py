"""The gate of quality that an answer must pass to be counted: nonsense, too, would count as different.

Only different answers among the acceptable ones are worth counting (arXiv:2504.12522).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...connect.consent import YES_OR_NO, is_yes_or_no, refusal
from ...errors import BadInput
from .diversity import ngrams

if TYPE_CHECKING:
    import pandas as pd

ENDED = ("COMPLETE", "STOP_SEQUENCE")
# Midway, rounded, between what should pass and what should not, in one half of the texts that
# tests/helpers/tune/metrics/texts.json labels; its other half holds how well that does.
LOOP = 0.3  # a loop has a larger share of runs of four words that occurred before
SURPRISE = 3.0  # nats a token: 20 times less expected, on average, than the model's own likeliest text
SAME_LABEL = "Several rows of this table have one label: grade table.reset_index(drop=True)."
EMPTY, CUT, LOOPS, SALAD = "empty", "cut off", "repeats itself", "word salad"


def ended(df: "pd.DataFrame") -> "pd.Series[bool]":
    """Return whether each text ended by itself: finish reason COMPLETE or STOP_SEQUENCE.

    Where the container gives no finish reason (the published sample of Cohere Medium has none), a text with
    fewer tokens than max_tokens ended by itself.
    """
    told = df["finish_reason"].notna()
    return df["finish_reason"].isin(ENDED) | (~told & (df["tokens"] < df["max_tokens"]))


def repetition(text: str, n: int = 4) -> float:
    """Return the share of a text's runs of n words that occurred in it before: 0, towards 1 for a loop.

    seq-rep-n of Welleck et al. 2020, "Neural Text Generation with Unlikelihood Training" (arXiv:1908.04319);
    0 for a text of fewer than n words.
    """
    found = ngrams(text, n)
    return 1 - len(set(found)) / len(found) if found else 0.0


def surprise(df: "pd.DataFrame") -> "pd.Series[float]":
    """Return how much less likely each text is than the likeliest one, in nats a token; NaN if unknown.

    The likeliest one is taken to be the answer to the same prompt, with the same max_tokens, at the lowest
    temperature of the table: at 0, the greedy answer.
    """
    lowest = df.groupby("prompt_id")["temperature"].transform("min")
    keys = [df["prompt_id"], df["max_tokens"]]
    greedy = df["likelihood"].where(df["temperature"] == lowest).groupby(keys).transform("median")
    return greedy - df["likelihood"]


def faults(df: "pd.DataFrame", *, allow_truncated: bool | None = None) -> "pd.Series[str]":
    """Return each text's fault: "empty", "repeats itself", "word salad", "cut off", or "" if it counts.

    `allow_truncated`: whether a text that max_tokens cut off counts all the same; None: yes where even the
    largest max_tokens cut most texts off, which tells of the limit and not of the texts. Without
    likelihoods no text is found to be word salad.
    """
    import pandas as pd

    done = ended(df)
    if allow_truncated is None:
        allow_truncated = bool(done[df["max_tokens"] == df["max_tokens"].max()].mean() < 0.5)
    found = pd.Series("", index=df.index)
    if not allow_truncated:
        found[~done] = CUT
    found[surprise(df) > SURPRISE] = SALAD
    found[[repetition(text) > LOOP for text in df["text"]]] = LOOPS
    found[[not text.strip() for text in df["text"]]] = EMPTY
    return found


def graded(faults: "pd.Series[str]", grades: Mapping[Any, bool] | None = None) -> "pd.Series[bool]":
    """Return whether each text counts: by a reader's grade (row label: good or not), else without fault.

    Raises BadInput for a grade of a row label that the table lacks, or has twice, and for one that is
    neither True nor False.
    """
    counts = faults == ""
    if grades and not counts.index.is_unique:
        raise BadInput(SAME_LABEL)
    unknown = [label for label in grades or () if label not in faults.index]
    if unknown:
        raise BadInput(f"There is a grade for {unknown[0]!r}, but no row with that label in the table.")
    for label, good in (grades or {}).items():
        counts[label] = plain_grade(good, f"The grade of row {label!r}")
    return counts


def plain_grade(good: Any, name: str = "A grade") -> bool:
    """Return a grade as Python's bool, from numpy's too. Raises BadInput for what is neither."""
    plain = good.item() if hasattr(good, "item") else good
    if not is_yes_or_no(plain):
        raise refusal(name, good, YES_OR_NO)
    return bool(plain)
