"""The times in the diagram are the stream's own."""

import re
from base64 import b64decode
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import BadInput
from helpers.generate.timing import show_timing
from helpers.generate.types import Generation, Response, TokenLikelihood
from helpers.notebook.markup import Html


def shown(first: float | None, whole: float, tokens: int | None = 61, listed: int = 0) -> Html:
    generation = Generation("text", token_likelihoods=(TokenLikelihood("t", -1.0),) * listed)
    response = Response((generation,), response_tokens=tokens, latency_seconds=whole)
    stream: Any = SimpleNamespace(time_to_first_token_seconds=first, response=response)
    return show_timing(stream)


def bars(html: str) -> list[tuple[float, float]]:
    """The left end and the width of both parts of the bar of time."""
    (image,) = re.findall(r"base64,([\w+/=]+)", html)
    found = re.findall(r'x="(\d+)" y="142" width="(\d+)"', b64decode(image).decode())
    return [(float(x), float(width)) for x, width in found]


def test_it_tells_the_times_and_the_pace_after_the_first_token() -> None:
    words = repr(shown(0.25, 1.75))
    assert "the first token after 250 ms, the whole answer after 1.8 s (40 tokens/s)." in words


def test_the_bar_of_time_is_to_scale() -> None:
    assert bars(shown(0.5, 2.0).html) == [(20, 170), (190, 510)]


def test_tokens_that_are_listed_are_counted_where_the_api_counts_none() -> None:
    assert "(20 tokens/s)" in repr(shown(0.25, 1.75, None, listed=31))


@pytest.mark.parametrize("tokens", [None, 0, 1])
def test_without_a_count_of_tokens_there_is_no_pace(tokens: int | None) -> None:
    assert "tokens/s" not in repr(shown(0.25, 1.75, tokens))


@given(first=st.floats(0, 1000), rest=st.floats(0, 1000))
def test_both_parts_of_the_bar_can_be_seen_and_fill_it(first: float, rest: float) -> None:
    (left, before), (turn, after) = bars(shown(first, first + rest).html)
    assert (left, turn, before + after) == (20, 20 + before, 680)
    assert min(before, after) >= 3


def test_an_answer_that_is_empty_has_no_first_token() -> None:
    assert "no first token" in repr(shown(None, 1.0, 0))


def test_a_stream_that_was_left_early_is_refused() -> None:
    stream: Any = SimpleNamespace(time_to_first_token_seconds=0.1, response=None)
    with pytest.raises(BadInput, match="read it to its end"):
        show_timing(stream)
