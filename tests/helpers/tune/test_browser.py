"""Sliders over a finished sweep: they look up, and nothing is asked for. Thumbs grade its texts."""

import re
from pathlib import Path

import pandas as pd
import pytest

from helpers.errors import BadInput
from helpers.tune import sweep
from helpers.tune.browser import Browser, browse
from helpers.tune.grades import Grades
from helpers.tune.sweep import load

from ..fake_client import FakeClient
from .rows import row, table

HOSTILE = "<script>alert(1)</script> \u202eabc\n**bold**"


@pytest.fixture
def client() -> FakeClient:
    return FakeClient(longest=30)


@pytest.fixture
def df(client: FakeClient, tmp_path: Path) -> pd.DataFrame:
    plan = sweep.plan(
        client, ["Write:", "Post:"], temperature=(0, 1, 2.5), max_tokens=(5, 15, 30), repetitions=2
    )
    return sweep.run(client, plan, tmp_path / "run.jsonl", progress=False)


def seen(shown: Browser) -> str:
    """All that can be seen of it."""
    visible = [view.text for view in shown.answers if view.widget.layout.display != "none"]
    return "".join(part.value for part in (shown.heading, *visible, shown.tally))


def pressed(shown: Browser) -> list[bool | None]:
    """Which thumb of each answer is pressed."""
    states = [[good for good, thumb in view.thumbs.items() if thumb.value] for view in shown.answers]
    assert all(len(each) < 2 for each in states)
    return [each[0] if each else None for each in states]


def apart(df: pd.DataFrame) -> pd.DataFrame:
    """Its texts, a different one for each repetition."""
    return df.assign(text=df["text"] + df["repetition"].astype(str))


def press(shown: Browser, place: int, good: bool) -> None:
    """As a click does."""
    thumb = shown.answers[place].thumbs[good]
    thumb.value = not thumb.value


def test_moving_a_slider_shows_the_rows_of_the_table_and_sends_nothing(df, client):
    asked, df = sum(client.asked.values()), apart(df)
    shown = browse(df, interactive=True)
    assert set(shown.controls) == {"prompt_id", "temperature", "max_tokens"}
    for temperature in (0.0, 1.0, 2.5):
        for limit in (5, 15, 30):
            shown.controls["temperature"].value = temperature
            shown.controls["max_tokens"].value = limit
            wanted = df[
                (df["temperature"] == temperature)
                & (df["max_tokens"] == limit)
                & (df["prompt_id"] == shown.setting["prompt_id"])
            ]
            pd.testing.assert_frame_equal(shown.rows, wanted)
            assert len(shown.rows) == 2
            for tokens in wanted["tokens"]:
                assert f"{tokens} tokens" in seen(shown)
            assert f"temperature {temperature:g}, max_tokens {limit}, k 0, p 0.75. 2 answers." in seen(shown)
            cut = sum(wanted["finish_reason"] == "MAX_TOKENS") if limit != 30 else 0
            assert seen(shown).count("from the answer at max_tokens 30") == (0 if limit == 30 else 2)
            assert seen(shown).count("cut from the answer") == cut
    assert sum(client.asked.values()) == asked


def test_a_setting_with_one_value_has_no_slider(df):
    shown = browse(df[(df["temperature"] == 1) & (df["prompt_id"] == "prompt 1")], interactive=True)
    assert set(shown.controls) == {"max_tokens"}


def test_unattended_no_widget_is_made(df, monkeypatch):
    import ipywidgets

    def refuse(*_, **__):
        raise AssertionError("a widget was made")

    monkeypatch.setattr(ipywidgets.Widget, "__init__", refuse)
    shown = browse(apart(df), temperature=1.0, max_tokens=15)
    assert not shown.interactive
    displayed = []
    monkeypatch.setattr("IPython.display.display", displayed.append)
    shown._ipython_display_()
    (markdown,) = displayed
    assert "temperature 1, max_tokens 15" in markdown.data
    assert markdown.data.count("from the answer at max_tokens 30") == 2


def test_texts_are_shown_literally(df):
    shown = browse(df.assign(text=HOSTILE), interactive=True)
    for said in (seen(shown), shown.static_copy()):
        assert "<script" not in said
        assert "\u202e" not in said
    assert "**bold**" not in shown.static_copy()


def test_a_chat_models_table_can_be_browsed(df):
    shown = browse(df.assign(likelihood=float("nan"), finish_reason=None, measured=True), interactive=True)
    assert "nan" not in seen(shown)
    assert "None" not in seen(shown)


def test_an_unfinished_run_has_gaps_and_says_so(df):
    gap = df[~((df["temperature"] == 0) & (df["max_tokens"] == 30))]
    shown = browse(gap, interactive=True, temperature=0.0, max_tokens=30)
    assert "No answer yet" in seen(shown)
    assert {view.widget.layout.display for view in shown.answers} == {"none"}
    shown.controls["max_tokens"].value = 15
    assert "2 answers" in seen(shown)


@pytest.mark.parametrize("start", [{"temperature": 0.3}, {"warmth": 1}, {"max_tokens": 7}])
def test_a_value_that_was_not_tried_is_refused(df, start):
    with pytest.raises(BadInput, match=next(iter(start))):
        browse(df, **start)


def test_a_table_that_is_no_sweeps_is_refused(df):
    with pytest.raises(BadInput, match="no rows"):
        browse(df.iloc[:0])


@pytest.mark.parametrize(
    ("row_of", "told"),
    [
        ({"measured": True}, "asked for"),
        ({"measured": False}, "from the answer at max_tokens 30"),
        ({"measured": False, "finish_reason": "MAX_TOKENS"}, "cut from the answer at max_tokens 30"),
        ({"measured": False, "finish_reason": None}, "from the answer at max_tokens 30"),
        ({"measured": False, "finish_reason": None, "tokens": 10}, "cut from the answer at max_tokens 30"),
    ],
)
def test_only_what_the_limit_cut_is_called_cut(row_of, told):
    longer = [row(max_tokens=limit, measured=limit == 30) for limit in (20, 30)]
    df = table(row(**row_of), *longer, row(max_tokens=50, temperature=2.0), row(max_tokens=50, repetition=2))
    shown = browse(df, interactive=False, temperature=1.0, max_tokens=10)
    assert f", {told}" in shown.static_copy()
    alone = browse(df.iloc[:1], interactive=True)
    assert told.replace("max_tokens 30", "a larger max_tokens") in seen(alone)


def test_without_grades_there_are_no_thumbs(df):
    shown = browse(df, interactive=True)
    assert [view.thumbs for view in shown.answers] == [{}, {}]
    assert "grade" not in seen(shown)
    assert "grade" not in shown.static_copy()


def test_a_thumb_is_kept_shown_exchanged_and_taken_back(df, tmp_path):
    file = tmp_path / "run.jsonl"
    df = apart(df)
    shown = browse(df, grades=Grades(file), interactive=True, temperature=2.5)
    assert "No text of this table is graded yet" in seen(shown)
    assert pressed(shown) == [None, None]
    for place, good, left in (
        (0, True, [True, None]),
        (1, False, [True, False]),
        (0, False, [False, False]),
        (1, False, [False, None]),
    ):
        press(shown, place, good)
        assert pressed(shown) == left
        after_a_restart = browse(apart(load(file)), grades=Grades(file), interactive=True, temperature=2.5)
        assert pressed(after_a_restart) == left
        styles = [[thumb.button_style != "" for thumb in view.thumbs.values()] for view in shown.answers]
        assert styles == [[thumb.value for thumb in view.thumbs.values()] for view in shown.answers]
    assert "of 1 graded text" in seen(shown)
    shown.controls["temperature"].value = 1.0
    assert pressed(shown) == [None, None]
    shown.controls["temperature"].value = 2.5
    assert pressed(shown) == [False, None]
    assert "graded **not good**" in browse(df, grades=Grades(file), temperature=2.5).static_copy()


def test_equal_texts_are_one_that_is_counted_and_graded_once(df, tmp_path):
    same = df.assign(text="all the same")
    shown = browse(same, grades=Grades(tmp_path / "run.jsonl"), interactive=True)
    assert [view.widget.layout.display for view in shown.answers] == [None, "none"]
    assert seen(shown).count("all the same") == 1
    assert "2 times the same text, repetitions 1, 2, " in seen(shown)
    assert "2 answers." in seen(shown)
    assert len(shown.rows) == 2
    press(shown, 0, True)
    assert pressed(shown)[0] is True
    assert shown.answers[0].thumbs[True].tooltip == "Good: repetitions 1, 2"
    assert "on 1 of 1 graded text" in seen(shown)
    copy = browse(same, interactive=False).static_copy()
    assert copy.count("all the same") == copy.count("2 times the same text") == 1


def test_only_the_equal_ones_of_several_texts_are_one():
    df = table(*(row(text, repetition=n) for n, text in enumerate(("a", "b", "a", "c"), 1)))
    shown = browse(df, interactive=True)
    facts = re.findall("<small>(.*?), 1 tokens", seen(shown))
    assert facts == ["2 times the same text, repetitions 1, 3", "repetition 2", "repetition 4"]


def test_a_thumb_has_a_name_of_its_own(df, tmp_path):
    shown = browse(apart(df), grades=Grades(tmp_path / "run.jsonl"), interactive=True)
    names = [thumb.tooltip for view in shown.answers for thumb in view.thumbs.values()]
    assert names == [f"{name}: repetition {n}" for n in (1, 2) for name in ("Good", "Not good")]


def test_a_grade_that_cannot_be_kept_is_not_shown_as_kept(df, tmp_path):
    grades = Grades(tmp_path / "run.jsonl")
    shown = browse(df, grades=grades, interactive=True)
    grades.path.mkdir()
    press(shown, 0, True)
    assert pressed(shown) == [None, None]
    assert "This grade was not kept. The grades in run.grades.jsonl can&#x27;t be used" in seen(shown)
    grades.path.rmdir()
    press(shown, 0, True)
    assert pressed(shown)[0] is True
    assert "not kept" not in seen(shown)
