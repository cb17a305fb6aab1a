import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.tune.metrics import embeddings
from helpers.tune.metrics.diversity import (
    distinct,
    effective_number,
    resemblance,
    self_similarity,
    similarity,
)

A, B = "the cat sat on the mat", "the cat sat on a chair"


def test_distinct_counts_different_runs_of_words():
    assert distinct([A], 1) == 5 / 6
    assert distinct([A, A], 2) == 0.5
    assert math.isnan(distinct(["", "word"], 2))


def test_resemblance_is_the_share_of_common_word_pairs():
    assert resemblance(A, B) == 3 / 7
    assert resemblance(A, A.upper() + "!") == 1
    assert resemblance("one", "other") == 0
    assert resemblance("", "") == 1


@given(st.lists(st.text(alphabet="ab c", max_size=12), min_size=2, max_size=5))
def test_self_similarity_is_between_none_and_all(texts):
    assert 0 <= self_similarity(texts) <= 1
    assert self_similarity([texts[0]] * 3) == 1
    assert math.isnan(self_similarity(texts[:1]))


@pytest.mark.parametrize("n", [1, 2, 6])
def test_the_effective_number_goes_from_one_to_all(n):
    assert effective_number(np.ones((n, n))) == pytest.approx(1)
    assert effective_number(np.eye(n)) == pytest.approx(n)


def test_two_pairs_of_equal_texts_are_two():
    assert effective_number(np.kron(np.eye(2), np.ones((2, 2)))) == pytest.approx(2)


def test_two_texts_that_are_half_alike():
    # Eigenvalues 3/4 and 1/4: the exponential of their entropy, by hand
    by_hand = math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert effective_number(np.array([[1, 0.5], [0.5, 1]])) == pytest.approx(by_hand)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
def test_the_effective_number_of_any_texts_is_between_one_and_their_number(texts):
    number = effective_number(similarity(texts))
    assert 1 - 1e-4 <= number <= len(set(texts)) + 1e-4
    assert effective_number(similarity(texts * 2)) == pytest.approx(number, abs=1e-4)
    assert effective_number(similarity(texts[::-1])) == pytest.approx(number, abs=1e-4)


@given(st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_weights_are_how_often_a_text_counts(times):
    texts = [A, B, "Buy bread.", "Taxes rise in April.", "Snow fell."]
    written_out = [text for text, count in zip(texts, times, strict=True) for _ in range(count)]
    weighted = effective_number(similarity(texts), np.array(times))
    apart = effective_number(similarity(written_out)) if written_out else 0
    assert weighted == pytest.approx(apart, abs=1e-4)
    many = effective_number(similarity(texts), np.array([times, [1] * 5]))
    assert many == pytest.approx([weighted, effective_number(similarity(texts))], abs=1e-6)


def test_without_the_embeddings_word_pairs_stand_in(monkeypatch):
    monkeypatch.setattr(embeddings, "_folder", lambda: None)
    assert similarity([A, B]).tolist() == [[1, 3 / 7], [3 / 7, 1]]
