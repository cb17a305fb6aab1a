import io
import re
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.image import imread

from helpers.errors import BadInput
from helpers.notebook.markup import folded
from helpers.notebook.picture import BLUE, CARD, GREY, VERMILLION
from helpers.tune import plots, sweep

from ..fake_client import FakeClient
from ..notebook.test_diagram import contrast
from .rows import row, table

HOSTILE = "<script>alert(1)</script> \u202eabc\x1b[31m\n**bold**"


@pytest.fixture
def df(tmp_path: Path) -> pd.DataFrame:
    client = FakeClient(longest=30)
    plan = sweep.plan(
        client, ["Write:", "Post:"], temperature=(0, 1, 2.5), max_tokens=(5, 15, 30), repetitions=2
    )
    return sweep.run(client, plan, tmp_path / "run.jsonl", progress=False)


FIGURES = [plots.length, plots.temperature, plots.grid, lambda df: plots.grid(df, "likelihood")]


@pytest.mark.parametrize("draw", FIGURES)
def test_a_figure_is_a_picture_on_a_card_with_its_words(df, draw):
    picture = draw(df)
    pixels = imread(io.BytesIO(picture.png()))
    assert pixels[0, 0, 3] == 0, "round corners: the page is behind them"
    assert to_hex(pixels[2, pixels.shape[1] // 2]) == CARD.lower()
    assert len(picture.alt) > 40
    assert "nan" not in picture.alt
    assert repr(picture) == picture.alt


def test_words_and_lines_stand_out_from_the_card():
    assert contrast("#000000", CARD) >= 7
    for colour in (BLUE, VERMILLION, GREY):
        assert contrast(colour, CARD) >= 3


def test_the_words_of_the_figures_carry_their_numbers(df):
    done = df[df["max_tokens"] == 15]["finish_reason"].eq("COMPLETE").sum()
    assert f"15: {done} of 12" in plots.length(df).alt
    likelihood = df[(df["max_tokens"] == 30) & (df["temperature"] == 2.5)]["likelihood"].mean()
    assert f"2.5: {likelihood:.2f} and" in plots.temperature(df).alt


@pytest.mark.parametrize("draw", FIGURES)
def test_a_chat_models_table_without_likelihoods_is_drawn(df, draw):
    picture = draw(df.assign(likelihood=float("nan")))
    assert picture.png()
    assert draw in (plots.length, plots.temperature) or "unknown" in picture.alt or "share" in picture.alt


def test_without_likelihoods_there_is_no_empty_figure_of_them(df):
    picture = plots.temperature(df.assign(likelihood=float("nan")))
    assert len(picture.figure.axes) == 1
    assert "ikelihood" not in picture.alt
    assert "unknown" not in picture.alt


def test_the_colours_of_a_share_mean_the_same_in_every_table(df):
    half = df.assign(finish_reason=["COMPLETE", "MAX_TOKENS"] * (len(df) // 2))
    for each in (half, df.assign(finish_reason="MAX_TOKENS")):
        image = plots.grid(each).figure.axes[0].images[0]
        assert image.get_clim() == (0, 1)
    low, high = plots.grid(df, "likelihood").figure.axes[0].images[0].get_clim()
    assert low < high < 0


def test_one_row_is_enough(df):
    for draw in FIGURES:
        assert draw(df.iloc[:1]).png()


def test_an_unknown_measure_is_refused(df):
    for measure in ("beauty", "prompt_id"):
        with pytest.raises(BadInput, match="no measure"):
            plots.grid(df, measure)
    with pytest.raises(BadInput, match="no column"):
        plots.side_by_side(df, "heat")
    with pytest.raises(BadInput, match="no rows"):
        plots.length(df.iloc[:0])


def test_a_shown_figure_has_its_alternative_text(df, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **kwargs: shown.append((args, kwargs)))
    picture = plots.length(df)
    picture._ipython_display_()
    (figure, words) = shown
    assert figure[1]["metadata"]["image/png"]["alt"] == picture.alt
    assert figure[0][0]["text/plain"] == picture.alt
    assert words[0][0].data == folded("In words", picture.alt)


def heads(shown):
    return re.findall(r'<th scope="col"[^>]*>(.*?)</th>', shown.html)


def test_values_with_the_same_text_share_a_column_that_counts_them():
    texts = {100: "a b", 200: "a b c", 300: "a b c", 500: "a b c"}
    df = table(*(row(text, max_tokens=limit) for limit, text in texts.items()))
    shown = plots.side_by_side(df, by="max_tokens")
    assert heads(shown) == ["max_tokens 100", "max_tokens 200, 300, 500: 3 times the same text"]
    assert shown.html.count("a b c") == 1
    assert "max_tokens 200, 300, 500: 3 times the same text (3 tokens, COMPLETE):\na b c" in shown.plain


def test_the_repetition_with_the_most_different_texts_is_shown_and_one_alone():
    rows = [
        row(f"{n} whole text"[: limit if n == 2 else 99], max_tokens=limit, repetition=n)
        for n in (1, 2, 3)
        for limit in (3, 7, 20)
    ]
    shown = plots.side_by_side(table(*rows), by="max_tokens")
    assert heads(shown) == ["max_tokens 3", "max_tokens 7", "max_tokens 20"]
    assert "1 whole" not in shown.html + shown.plain
    assert "3 whole" not in shown.html + shown.plain


def test_what_a_run_still_lacks_is_taken_from_another_repetition():
    same = [row("a", temperature=heat) for heat in (0.0, 1.0)]
    shown = plots.side_by_side(table(*same, row("b", temperature=1.0, repetition=2)))
    assert heads(shown) == ["temperature 0", "temperature 1"]
    assert shown.plain.endswith("\nb")


def test_texts_side_by_side_are_shown_literally(df):
    shown = df.assign(text=[f"{HOSTILE}{temperature}" for temperature in df["temperature"]])
    html = plots.side_by_side(shown, most=2, writer="<b>me")
    assert "<caption>Written by &lt;b&gt;me</caption>" in html.html
    assert html.plain.startswith("Written by <b>me\n")
    assert html.html.count("<td") == 2
    assert "temperature 0" in html.html
    assert "temperature 2.5" in html.html
    assert "temperature 1" not in html.html
    assert "<script" not in html.html
    for bad in ("\u202e", "\x1b"):
        assert bad not in html.html
        assert bad not in html.plain
    assert "⟨U+202E⟩" in html.html


def test_no_global_state_of_matplotlib_is_touched(df):
    import sys

    plots.length(df).png()
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
