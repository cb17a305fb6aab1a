"""Printed texts and tables, not broken inside words, names and dates; the static copies of widgets."""

import re
from collections.abc import Iterator

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from IPython.display import Markdown

from helpers.notebook.display import LIVE, WIDTH, show_markdown, table, wrapped, wrapped_stream

words = st.text(st.sampled_from("ab-."), min_size=1, max_size=100)


@given(st.lists(st.lists(words, max_size=20).map(" ".join), max_size=4).map("\n".join))
@example("us-east-1, " * 30)
def test_a_line_is_broken_between_words_only(text: str) -> None:
    assert wrapped(text).split() == text.split()
    assert all(len(line) <= WIDTH or " " not in line for line in wrapped(text).splitlines())


pieces = st.lists(st.text(st.sampled_from("ab-. \n\t"), max_size=30), max_size=60)


@given(pieces)
@example(["word "] * 40)
@example([" lo", "ng" * 20, "er", " than", " a" * 40])
@example(["a" * (WIDTH + 1), " ", " b"])
@example([" " + "a" * WIDTH])
def test_a_streamed_text_is_the_same_but_for_spaces_that_become_line_breaks(came: list[str]) -> None:
    text, shown = "".join(came), "".join(wrapped_stream(came))
    assert len(shown) == len(text)
    assert {(a, b) for a, b in zip(text, shown, strict=True) if a != b} <= {(" ", "\n"), ("\t", "\n")}
    assert shown.split() == text.split()
    assert all(len(line.rstrip()) <= WIDTH or len(line.split()) == 1 for line in shown.split("\n"))


@given(pieces)
def test_a_streamed_word_is_shown_as_soon_as_it_is_complete(came: list[str]) -> None:
    arrived: list[str] = []

    def arriving() -> Iterator[str]:
        for piece in came:
            arrived.append(piece)
            yield piece

    shown = ""
    for part in wrapped_stream(arriving()):
        waiting = "".join(arrived[:-1])[len(shown) :]  # what had come before the last piece
        assert not re.search(r"\S\s", waiting), "a word was complete, and was held back"
        shown += part


def test_a_static_copy_says_how_to_get_the_widget() -> None:
    shown: list[Markdown] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("IPython.display.display", shown.append)
        show_markdown("**Written by a model**")
    assert [each.data for each in shown] == [f"**Written by a model**\n\n{LIVE}"]


def test_lines_stay_lines() -> None:
    assert wrapped("first: a\nlater: b") == "first: a\nlater: b"


def test_names_and_dates_of_a_table_are_not_broken() -> None:
    frame = pd.DataFrame(
        {"name": ["Embed v3 - English", "<b>x-y</b>"], "as of": ["2024-11-20", "-"]}, index=["embed-v3", "a"]
    )
    shown = table(frame)
    kept = re.findall(r'<span style="white-space:nowrap">(.*?)</span>', shown.html)
    assert kept == ["embed-v3", "2024-11-20", "&lt;b&gt;x-y&lt;/b&gt;"]
    without = re.sub(r"</?span[^>]*>", "", shown.html)
    assert without == frame._repr_html_(), "nothing else has changed"
    assert shown.plain == str(frame)


def test_a_long_text_of_a_table_is_not_cut() -> None:
    long = ", ".join(["ml.g5.xlarge"] * 20)
    assert long in table(pd.DataFrame({"instance types": [long]})).html
