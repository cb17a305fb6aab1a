"""Byte-pair encoding as the notebook shows it, against the encoder of a library that models use."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import BPE

from helpers.errors import BadInput
from helpers.generate.byte_pairs import commonest_pair, merge

texts = st.text("abé ", min_size=1, max_size=40)


def learned(text: str, most: int) -> list[tuple[str, str]]:
    """The pairs of at most so many merges."""
    pieces, pairs = list(text), []
    for _ in range(most):
        try:
            pair, _ = commonest_pair(pieces)
        except BadInput:
            break
        pieces = merge(pieces, pair)
        pairs.append(pair)
    return pairs


def test_five_merges_make_a_word_of_letters() -> None:
    assert learned("low lower lower slower lowest", 5) == [
        ("l", "o"),
        ("lo", "w"),
        ("low", "e"),
        (" ", "lowe"),
        (" lowe", "r"),
    ]


@given(texts, texts, st.integers(0, 8))
@example("aaaa", "aaaaa", 2)
@example("abab", "babab", 2)
def test_a_text_is_cut_as_a_model_s_tokenizer_cuts_it(text: str, other: str, most: int) -> None:
    pairs = learned(text, most)
    pieces = sorted({*text, *other} | {left + right for left, right in pairs})
    tokenizer = Tokenizer(BPE({piece: n for n, piece in enumerate(pieces)}, pairs))
    cut = list(other)
    for pair in pairs:
        cut = merge(cut, pair)
    assert cut == tokenizer.encode(other).tokens


@given(texts, st.integers(0, 8))
def test_no_piece_crosses_the_beginning_of_a_word(text: str, most: int) -> None:
    assert all(" " not in left[1:] and " " not in right for left, right in learned(text, most))


def test_a_text_of_single_pieces_has_no_pair() -> None:
    with pytest.raises(BadInput, match="fewer merges"):
        commonest_pair(["low", " lower"])
    with pytest.raises(BadInput):
        commonest_pair([])
