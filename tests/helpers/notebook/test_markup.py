"""What a model or a server wrote is shown literally, wherever it is shown."""

import html
import re
from typing import Any

import mistune
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import catalog
from helpers.generate import tokens
from helpers.generate.types import TokenLikelihood
from helpers.notebook.markup import inline, visible
from helpers.playground.rendering import folded_copy, run_column, static_copy
from helpers.playground.runner import Snapshot
from helpers.playground.settings import history
from helpers.playground.widget import Playground
from helpers.tune import plots
from helpers.tune.browser import browse

HOSTILE = (
    "<img src=x onerror=alert(1)> **b** [l](javascript:alert(1)) $x^2$ \\\\(y\\\\) `c` \u202e\x1b "
    "https://a.b www.c.d e@f.g"
)
LIVE = ("<img", "<strong>b", "<a ", "<code>c", "$x", "\\\\(", "\u202e", "\x1b", "<em>")


def markdown(text: str) -> str:
    """As nbconvert renders it, HTML taken as it is, with bare links as JupyterLab and GitHub make them."""
    return str(mistune.create_markdown(escape=False, plugins=["url", "strikethrough", "table"])(text))


def is_dead(rendered: str) -> None:
    """Nothing of HOSTILE is markup; formulas are looked for in texts alone, not in attributes."""
    texts = re.sub(r'="[^"]*"', "", rendered)
    assert not [each for each in LIVE if each in texts], rendered


def snapshot(**changed: Any) -> Snapshot:
    settings = {"temperature": 1.0, "max_tokens": 5}
    return Snapshot(1, settings, "finished", text=HOSTILE, finish_reason=HOSTILE, **changed)


def row(**changed: Any) -> pd.DataFrame:
    told = {
        **{"prompt_id": "p", "prompt": "p", "temperature": 1.0, "k": 0, "p": 0.5, "max_tokens": 5},
        **{"repetition": 1, "text": HOSTILE, "tokens": 3, "finish_reason": HOSTILE, "likelihood": -1.0},
        **{"measured": True, "latency_seconds": 1.0},
    }
    return pd.DataFrame([told | changed])


def test_a_finish_reason_and_a_writer_are_literal_in_markdown() -> None:
    is_dead(markdown(static_copy(snapshot(), HOSTILE)))
    is_dead(markdown(browse(row(), interactive=False, writer=HOSTILE).static_copy()))


def test_a_finish_reason_and_a_writer_are_literal_in_html() -> None:
    is_dead(folded_copy([snapshot()], HOSTILE).html)
    is_dead(run_column(snapshot()))
    shown = browse(row(), interactive=True, writer=HOSTILE)
    is_dead(shown.heading.value)
    is_dead(shown.answers[0].text.value)
    is_dead(plots.side_by_side(row()).html)
    listed = (TokenLikelihood(HOSTILE, -1.0),)
    is_dead(tokens.token_view(listed, HOSTILE, HOSTILE).html)


def test_before_the_first_run_there_is_no_last_text() -> None:
    copy = folded_copy([], "a model")
    assert "Nothing was generated yet" in copy.html
    assert "Nothing was generated yet" in copy.plain
    assert "<details" not in copy.html
    assert "The last text, written by" in folded_copy([snapshot()], "a model").html


def test_a_playground_shows_all_of_it_literally() -> None:
    limits = catalog.model("cohere-medium").limits
    shown = Playground(lambda prompt: HOSTILE, limits, prompt="p", writer=HOSTILE, interactive=True)
    is_dead(shown.controls.status.value)
    shown.run()
    seen = shown.controls
    for part in (seen.text, seen.status, seen.tokens, seen.progress):
        is_dead(part.value)


def test_plain_copies_show_no_control_characters() -> None:
    plain = plots.side_by_side(row()).plain
    assert "\u202e" not in plain
    assert "<img" in plain, "plain text is not HTML"
    told = history([snapshot()], ("temperature",)).iloc[0]
    assert "\u202e" not in told["finish_reason"]


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_what_is_not_known_is_not_written(missing: Any) -> None:
    unknown = row(text="a", finish_reason=missing, tokens=missing, likelihood=float("nan"))
    for shown in (
        plots.side_by_side(unknown).html,
        plots.side_by_side(unknown).plain,
        browse(unknown, interactive=False).static_copy(),
        browse(unknown, interactive=True).answers[0].text.value,
    ):
        assert "None" not in shown
        assert "nan" not in shown
    run = Snapshot(1, {"temperature": 1.0}, "failed")
    assert "None" not in history([run], ("temperature",)).to_string().replace("likelihood", "")


@pytest.mark.parametrize("likelihood", [None, -1e308, -1.0, 0.0, 1e308])
def test_any_likelihood_has_a_shade(likelihood: float | None) -> None:
    assert "NaN" not in tokens.token_view((TokenLikelihood("a", likelihood),), "a", None).html


@given(st.text(max_size=40))
def test_inline_text_is_read_back_as_it_was(text: str) -> None:
    shown = markdown(f"before {inline(text)} after")
    plain = html.unescape(shown.replace("<span>", "").replace("</span>", ""))
    assert plain == f"<p>before {' '.join(visible(text).split())} after</p>\n"


def test_ordinary_words_stay_readable_in_a_saved_notebook() -> None:
    words = "SmolLM2-135M-Instruct, the sandbox's practice model: share_ended 0.53 (COMPLETE)"
    assert inline(words) == words
    assert inline("www.x.y e@f.g") == "www&#46;x.y e&#64;f.g", "GitHub would make links of them"
