"""Byte-pair encoding on a toy text: how the tokens of a model are found, and how a text is cut into them.

Sennrich, Haddow and Birch, 2016 (arXiv:1508.07909). Here the smallest pieces are letters; in a model, bytes.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from ..errors import BadInput


def commonest_pair(pieces: Sequence[str]) -> tuple[tuple[str, str], int]:
    """Return the pair of neighbours that comes most often (of several, the first), and how often it comes.

    A piece that begins with a space begins a word: no pair crosses it. Raises BadInput where none is left.
    """
    pairs = Counter(pair for pair in pairwise(pieces) if not pair[1].startswith(" "))
    if not pairs:
        raise BadInput(
            "Each word is one piece, so there is no pair to merge: take a longer text, or fewer merges."
        )
    return pairs.most_common(1)[0]


def merge(pieces: Sequence[str], pair: tuple[str, str]) -> list[str]:
    """Return the pieces with the pair made one piece wherever it comes, from left to right."""
    merged: list[str] = []
    joined = False  # whether the last piece was made here: it is no left half again
    for piece in pieces:
        joined = not joined and merged[-1:] == [pair[0]] and piece == pair[1]
        if joined:
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged
