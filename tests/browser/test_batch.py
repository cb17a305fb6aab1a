"""The page of a batch in a browser: readable in both themes, at 900 pixels and on paper."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.batch.page import page as html

from ..helpers.batch.test_report import DONE, FAILED, FOUND

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
CONTRAST = Path(__file__).with_name("contrast.js").read_text()
LONG = "word " * 300 + "x" * 400 + "\n\nA second paragraph."
BEYOND = """() => [...document.querySelectorAll('body *')]
  .filter(node => node.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(node => node.outerHTML.slice(0, 80))"""
ROWS = [
    replace(DONE, recommended=replace(FOUND, text=LONG, prompt=LONG, doubt=LONG[:600])),
    replace(FAILED, error="x" * 300, name="b" * 64),
]


@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_can_be_read_at_900_pixels(page: "Page", theme: str, media: str) -> None:
    page.emulate_media(color_scheme=theme, media=media)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 900, "height": 700})
    page.set_content(html(ROWS))
    pairs = page.locator("body").evaluate(CONTRAST)
    assert len(pairs) > 40
    assert [pair for pair in pairs if pair["contrast"] < 4.5] == []
    assert page.evaluate(BEYOND) == []


def test_its_parts_have_names_for_a_screen_reader(page: "Page") -> None:
    page.set_content(html(ROWS))
    assert page.get_by_role("table", name="All runs").get_by_role("rowheader").count() == 2
    assert page.get_by_role("region", name="a", exact=True).get_by_role("figure").count() == 1
    page.get_by_role("link", name="a", exact=True).press("Enter")
    assert page.url.endswith("#a")
