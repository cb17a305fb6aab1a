"""The diversity of texts: how different they are by their words, and by their meanings.

Words are runs of letters and digits, in lower case; languages written without spaces need another splitter.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import combinations
from math import nan
from statistics import fmean
from typing import TYPE_CHECKING, Any

from . import embeddings

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return re.findall(r"\w+", text.lower())


def ngrams(text: str, n: int) -> list[tuple[str, ...]]:
    """Return the runs of `n` words of a text, in order."""
    listed = words(text)
    return list(zip(*(listed[start:] for start in range(n)), strict=False))


def distinct(texts: Iterable[str], n: int) -> float:
    """Return distinct-n: different runs of n words over all of them, 0 to 1; NaN for texts without any.

    Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models"
    (arXiv:1510.03055).
    It falls with length: compare texts of like length.
    """
    found = [gram for text in texts for gram in ngrams(text, n)]
    return len(set(found)) / len(found) if found else nan


def resemblance(one: str, other: str) -> float:
    """Return how much two texts share, 0 to 1: the Jaccard coefficient of their sets of word pairs.

    Broder 1997, "On the resemblance and containment of documents". Two texts of fewer than two words resemble
    each other fully if they are equal, else not at all. It takes a paraphrase for another text.
    """
    return self_similarity([one, other])


def self_similarity(texts: Sequence[str]) -> float:
    """Return the mean resemblance of all pairs of texts, 0 to 1 (all equal); NaN for fewer than two.

    It serves as self-BLEU does (Zhu et al. 2018, "Texygen", arXiv:1802.01886) and is lighter to compute.
    """
    pairs = [set(ngrams(text, 2)) or {(text,)} for text in texts]
    shares = [len(one & other) / len(one | other) for one, other in combinations(pairs, 2)]
    return fmean(shares) if shares else nan


def similarity(texts: Sequence[str]) -> "Array":
    """Return how alike the texts' meanings are: cosines, -1 to 1, a row and a column for each text.

    Where wordllama is not installed, shared word pairs stand in (`resemblance`).
    """
    import numpy as np

    if not embeddings.available():
        return np.array([[resemblance(one, other) for other in texts] for one in texts])
    vectors = embeddings.embed(texts).astype(float)
    cosines: Array = vectors @ vectors.T
    return cosines


def effective_number(similarities: "Array", weights: "Array | None" = None) -> "float | Array":
    """Return the effective number of different texts: 1 if all are the same, n if n share nothing.

    The Vendi score: the exponential of the entropy of the eigenvalues of the similarities, each row weighted
    (Friedman and Dieng 2022, arXiv:2210.02410). `weights` are how often each text counts (once, if None): 0
    leaves it out, and all 0 make 0. A further dimension in front computes many at once.
    """
    import numpy as np

    counts = np.ones(len(similarities)) if weights is None else np.asarray(weights, float)
    totals = counts.sum(axis=-1, keepdims=True)
    roots = np.sqrt(counts / np.where(totals, totals, 1))
    spread = np.linalg.eigvalsh(similarities * roots[..., :, None] * roots[..., None, :])
    spread = np.clip(spread, 1e-12, None)
    numbers: Array = np.where(totals[..., 0], np.exp(-(spread * np.log(spread)).sum(axis=-1)), 0.0)
    return numbers if numbers.ndim else float(numbers)
