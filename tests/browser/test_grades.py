"""The thumbs below the texts of a sweep under a reader's hands: keyboard, restart, themes, 900 pixels."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .lab import Notebook

if TYPE_CHECKING:
    from playwright.sync_api import Locator

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect
pytestmark = pytest.mark.slow

Written = Callable[..., Notebook]
SOON = 60_000  # milliseconds that a busy machine may take
# A table as sweep.run returns it; no model is needed to look at one.
TABLE = """import pandas as pd
from helpers.tune.browser import browse
from helpers.tune.grades import Grades
hostile = '<img src=x onerror="window.hacked=1"> $x$ **bold** '
table = pd.DataFrame([
    {"prompt_id": prompt, "prompt": prompt, "temperature": temperature, "k": 0, "p": 0.75,
     "max_tokens": limit, "repetition": n, "tokens": 20, "likelihood": -1.0, "measured": limit == 300,
     "text": hostile + f"{prompt} {temperature} {n} " + " ".join(map(str, range(40))), "latency_seconds": 1.0,
     "finish_reason": "COMPLETE" if n < 3 else "MAX_TOKENS"}
    for prompt in ("one", "two") for temperature in (0, 0.5, 1.0) for limit in (200, 300) for n in (1, 2, 3)
])"""
BROWSE = 'grades = Grades("graded.jsonl")\nbrowse(table, grades=grades, writer="a model")'
CONTRAST = Path(__file__).with_name("contrast.js").read_text()
CLIPPED = """root => [...root.querySelectorAll('.widget-label, .widget-readout, button')]
  .filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)"""
BEYOND = """root => { const edge = root.getBoundingClientRect().right + 1;
  return [...root.querySelectorAll('input, button, label, select, [role=region], .noUi-base')]
    .filter(one => one.getBoundingClientRect().right > edge).map(one => one.outerHTML) }"""


@pytest.fixture
def book(written: Written, lab) -> Notebook:
    lab.folder.joinpath("graded.grades.jsonl").unlink(missing_ok=True)
    return written(TABLE, BROWSE)


def sliders(book: Notebook, cell: int = 1) -> "Locator":
    widget = book.page.locator(".jp-Cell").nth(cell).locator(".widget-vbox").first
    widget.wait_for(timeout=SOON)
    widget.scroll_into_view_if_needed()
    return widget


def thumb(widget: "Locator", name: str) -> "Locator":
    return widget.get_by_role("button", name=name, exact=True)


def said(widget: "Locator", words: str) -> None:
    expect(widget.get_by_role("status").last).to_contain_text(words, timeout=SOON)


def test_texts_are_graded_by_keyboard_and_the_grades_outlive_the_kernel(book: Notebook) -> None:
    widget = sliders(book)
    good, bad = thumb(widget, "Good: repetition 1"), thumb(widget, "Not good: repetition 1")
    expect(good).to_have_attribute("aria-pressed", "false", timeout=SOON)
    widget.get_by_role("slider", name="max_tokens").focus()
    for _ in range(2):  # ipywidgets lets the slider's value be reached, too
        book.page.keyboard.press("Tab")
    expect(good).to_be_focused()
    book.page.keyboard.press("Enter")
    expect(good).to_have_attribute("aria-pressed", "true", timeout=SOON)
    said(widget, "The gate and you agree on 1 of 1 graded text.")
    book.page.keyboard.press("Tab")
    expect(bad).to_be_focused()
    book.page.keyboard.press("Space")
    expect(bad).to_have_attribute("aria-pressed", "true", timeout=SOON)
    expect(good).to_have_attribute("aria-pressed", "false", timeout=SOON)
    said(widget, "it passes 1 that you call not good")
    expect(bad).to_be_focused()
    book.page.keyboard.press("Space")  # taken back
    expect(bad).to_have_attribute("aria-pressed", "false", timeout=SOON)
    said(widget, "No text of this table is graded yet.")
    book.page.keyboard.press("Space")
    thumb(widget, "Good: repetition 3").press("Enter")
    said(widget, "agree on 0 of 2 graded texts (it does not pass what you call good: 1 cut off; it passes 1")
    heat = widget.get_by_role("slider", name="temperature")
    heat.press("ArrowRight")
    expect(widget.get_by_role("status").first).to_contain_text("temperature 0.5", timeout=SOON)
    expect(bad).to_have_attribute("aria-pressed", "false", timeout=SOON)
    restart(book)
    widget = sliders(book)
    expect(thumb(widget, "Not good: repetition 1")).to_have_attribute("aria-pressed", "true", timeout=SOON)
    expect(thumb(widget, "Good: repetition 3")).to_have_attribute("aria-pressed", "true", timeout=SOON)
    assert widget.locator("[aria-pressed=true]").count() == 2
    assert book.errors() == []


def restart(book: Notebook) -> None:
    book.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    book.run_all()


def test_the_text_is_literal_and_has_a_name(book: Notebook) -> None:
    widget = sliders(book)
    text = widget.get_by_role("region", name="Text of repetition 2")
    expect(text).to_contain_text('<img src=x onerror="window.hacked=1"> $x$ **bold** one 0', timeout=SOON)
    for tag in ("img", "b", "strong", "mjx-container"):
        assert widget.locator(tag).count() == 0, tag
    assert book.page.evaluate("window.hacked") is None


@pytest.mark.parametrize("width", [1400, 900])
def test_nothing_is_cut_or_wider_than_its_cell(book: Notebook, width: int) -> None:
    book.resize(width, 800)
    widget = sliders(book)
    labels = widget.locator(".widget-label:visible").all_inner_texts()
    assert labels == ["prompt_id", "temperature", "max_tokens"]
    thumb(widget, "Good: repetition 1").press("Enter")
    said(widget, "1 of 1")
    assert widget.evaluate(CLIPPED) == []
    assert widget.evaluate(BEYOND) == []


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_all_can_be_read_in_both_themes(book: Notebook, theme: str) -> None:
    book.theme(theme)
    widget = sliders(book)
    thumb(widget, "Good: repetition 1").press("Enter")
    thumb(widget, "Not good: repetition 2").press("Enter")
    said(widget, "1 of 2")
    book.page.mouse.move(0, 0)
    pairs = widget.evaluate(CONTRAST)
    assert len(pairs) > 15
    assert [pair for pair in pairs if pair["contrast"] < 4.5] == []


def test_a_saved_notebook_shows_the_grades_that_exist(written: Written) -> None:
    book = written(
        TABLE,
        'grades = Grades("static.jsonl")\ngrades.set(table.loc[3], True)',
        "grades.set(table.loc[4], False)\nbrowse(table, grades=grades, interactive=False)",
    )
    shown = book.page.locator(".jp-Cell").nth(2).locator(".jp-OutputArea")
    expect(shown).to_contain_text(re.compile("asked for, graded good"), timeout=SOON)
    expect(shown).to_contain_text("graded not good")
    expect(shown).to_contain_text("agree on 1 of 2 graded texts")
