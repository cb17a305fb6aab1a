"""Stop sequences, whatever the pieces that the text arrives in."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from helpers.sandbox.engine.stopping import StopFinder

texts = st.text("ab-", max_size=30)
stops = st.lists(st.text("ab-", min_size=1, max_size=4), max_size=4)


def reference(text: str, sequences: list[str]) -> tuple[str, str | None]:
    for end in range(1, len(text) + 1):
        if hits := [each for each in sequences if text[:end].endswith(each)]:
            hit = max(hits, key=len)
            return text[: end - len(hit)], hit
    return text, None


@given(texts, stops, st.lists(st.integers(0, 30)))
def test_cutting_the_text_changes_nothing(text: str, sequences: list[str], cuts: list[int]) -> None:
    finder, shown = StopFinder(sequences), ""
    edges = sorted({0, len(text), *(cut for cut in cuts if cut <= len(text))})
    for begin, end in pairwise(edges):
        shown += finder.feed(text[begin:end])
        # nothing was shown that would have to be taken back
        assert reference(text, sequences)[0].startswith(shown)
    assert (shown + finder.flush(), finder.hit) == reference(text, sequences)


def test_text_that_cannot_be_a_stop_sequence_is_not_held_back() -> None:
    finder = StopFinder(["--"])
    assert [finder.feed(piece) for piece in ("a", "-", "b", "-", "-", "c")] == ["a", "", "-b", "", "", ""]
    assert finder.hit == "--"
