import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import BadInput
from helpers.tune.metrics import embeddings


def test_meaning_counts_and_not_the_words():
    dog, hound, tax = embeddings.embed(["The dog barks.", "A hound is barking.", "Taxes rise in April."])
    assert dog @ hound > 0.5 > dog @ tax


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_every_text_has_a_vector_of_length_one(texts):
    vectors = embeddings.embed(texts)
    assert vectors.shape[0] == len(texts)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_what_is_kept_is_what_was_computed():
    first = embeddings.embed(["Some bread", "Some wine"])
    assert np.array_equal(embeddings.embed(["Some wine", "Some bread"]), first[::-1])


def test_the_cache_does_not_grow_without_end(monkeypatch):
    monkeypatch.setattr(embeddings, "MOST_KEPT", 3)
    for n in range(20):
        embeddings.embed([f"number {n}"])
    assert len(embeddings._kept) <= 4


def test_nothing_is_asked_of_a_network_and_logging_is_left_alone():
    script = """
import logging, socket
def refuse(*args, **kwargs): raise AssertionError("a network was asked")
socket.socket.connect = socket.getaddrinfo = refuse
from helpers.tune.metrics.embeddings import embed
assert embed(["a text"]).shape == (1, 256)
assert not logging.getLogger().handlers
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(embeddings, "_folder", lambda: None)
    embeddings._model.cache_clear()
    assert not embeddings.available()
    with pytest.raises(BadInput, match="pip install wordllama"):
        embeddings.embed(["never embedded before"])
