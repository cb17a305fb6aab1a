"""Printed texts and tables, not broken inside words, names and dates; the static copies of widgets."""

import re

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from IPython.display import Markdown

from helpers.notebook.display import LIVE, WIDTH, show_markdown, table, wrapped

words = st.text(st.sampled_from("ab-."), min_size=1, max_size=100)


@given(st.lists(st.lists(words, max_size=20).map(" ".join), max_size=4).map("\n".join))
@example("us-east-1, " * 30)
def test_a_line_is_broken_between_words_only(text: str) -> None:
    assert wrapped(text).split() == text.split()
    assert all(len(line) <= WIDTH or " " not in line for line in wrapped(text).splitlines())


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
