"""The diagrams in JupyterLab: there, with their words, and the same in every theme."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from .lab import Notebook

if TYPE_CHECKING:
    from playwright.sync_api import Locator

SHOWN = {
    "00_start_here.ipynb": "batching",
    "01_subscribe.ipynb": "arn",
    "02_deploy.ipynb": "constructs",
    "04_tune.ipynb": "cuts",
}
MEASURED = """from helpers.generate.timing import show_timing
from helpers.generate.types import Generation, Response
from types import SimpleNamespace
response = Response((Generation("text"),), response_tokens=61, latency_seconds=1.75)
show_timing(SimpleNamespace(time_to_first_token_seconds=0.25, response=response))"""
THEMES = ("JupyterLab Light", "JupyterLab Dark")


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_shows_its_diagram_the_same_in_both_themes(
    opened: Callable[[str], Notebook], name: str
) -> None:
    book = opened(name)
    in_both_themes(book, book.page.locator(f"img[src*='diagrams/{SHOWN[name]}.svg']"))


@pytest.mark.slow
def test_a_cell_shows_the_measured_times_the_same_in_both_themes(opened: Callable[[str], Notebook]) -> None:
    book = opened("00_start_here.ipynb")
    book.add_cell(MEASURED)
    in_both_themes(book, book.page.locator("img[alt*='first token after 250 ms']"))


def in_both_themes(book: Notebook, image: "Locator") -> None:
    book.resize(1400, 12_000)  # JupyterLab draws what is in sight only
    image.wait_for(timeout=60_000)
    seen: list[Any] = []
    for theme in THEMES:
        book.theme(theme)
        assert image.evaluate("each => each.decode().then(() => each.naturalWidth)") == 720
        assert len(image.get_attribute("alt") or "") > 100
        image.scroll_into_view_if_needed()
        seen.append(middle(image))
    assert seen[0] == seen[1]


def middle(image: "Locator") -> bytes:
    """Its pixels, without the page's own in the corners, which are round."""
    box = image.bounding_box()
    assert box is not None
    x, y = box["x"] + 10, box["y"] + 10
    clip: Any = {"x": x, "y": y, "width": box["width"] - 20, "height": box["height"] - 20}
    return image.page.screenshot(clip=clip, animations="disabled", caret="hide")
