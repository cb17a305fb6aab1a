"""Sliders over a finished sweep: they look up, and nothing is asked for."""

from pathlib import Path

import pandas as pd
import pytest

from helpers.errors import BadInput
from helpers.tune import sweep
from helpers.tune.browser import browse

from ..fake_client import FakeClient

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


def test_moving_a_slider_shows_the_rows_of_the_table_and_sends_nothing(df, client):
    asked = sum(client.asked.values())
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
                assert f"{tokens} tokens" in shown.text.value
            assert f"temperature {temperature:g}, max_tokens {limit}" in shown.text.value
            cut = limit != 30
            assert ("cut from a longer answer" in shown.text.value) == cut
    assert sum(client.asked.values()) == asked


def test_a_setting_with_one_value_has_no_slider(df):
    shown = browse(df[(df["temperature"] == 1) & (df["prompt_id"] == "prompt 1")], interactive=True)
    assert set(shown.controls) == {"max_tokens"}


def test_unattended_no_widget_is_made(df, monkeypatch):
    import ipywidgets

    def refuse(*_, **__):
        raise AssertionError("a widget was made")

    monkeypatch.setattr(ipywidgets.Widget, "__init__", refuse)
    shown = browse(df, temperature=1.0, max_tokens=15)
    assert not shown.interactive
    displayed = []
    monkeypatch.setattr("IPython.display.display", displayed.append)
    shown._ipython_display_()
    (markdown,) = displayed
    assert "temperature 1, max_tokens 15" in markdown.data
    assert markdown.data.count("cut from a longer answer") == 2


def test_texts_are_shown_literally(df):
    shown = browse(df.assign(text=HOSTILE), interactive=True)
    for said in (shown.text.value, shown.static_copy()):
        assert "<script" not in said
        assert "\u202e" not in said
    assert "**bold**" not in shown.static_copy()


def test_a_chat_models_table_can_be_browsed(df):
    shown = browse(df.assign(likelihood=float("nan"), finish_reason=None, measured=True), interactive=True)
    assert "nan" not in shown.text.value
    assert "None" not in shown.text.value


def test_an_unfinished_run_has_gaps_and_says_so(df):
    gap = df[~((df["temperature"] == 0) & (df["max_tokens"] == 30))]
    assert "No answer yet" in browse(gap, interactive=True, temperature=0.0, max_tokens=30).text.value


@pytest.mark.parametrize("start", [{"temperature": 0.3}, {"warmth": 1}, {"max_tokens": 7}])
def test_a_value_that_was_not_tried_is_refused(df, start):
    with pytest.raises(BadInput, match=next(iter(start))):
        browse(df, **start)


def test_a_table_that_is_no_sweeps_is_refused(df):
    with pytest.raises(BadInput, match="no rows"):
        browse(df.iloc[:0])
