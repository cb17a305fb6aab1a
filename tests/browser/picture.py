"""Makes the README's picture, data/playground.png: the playground of 03_generate after a run."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import FloatRect, Locator, sync_playwright

from helpers.connect.session import connect
from helpers.deploy.deployment import deploy
from helpers.subscribe import marketplace

from .lab import NOTEBOOKS, Notebook, launch, running_lab

PICTURE = NOTEBOOKS.parent / "data" / "playground.png"
MARGIN = 6  # CSS pixels
MAX_BYTES = 300_000
SETTINGS = {"temperature": "0.6", "max_tokens": "60"}


def draw(target: Path = PICTURE) -> None:
    """Deploy in the sandbox, run the notebook, generate once, and take the picture."""
    _deploy()
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab, sync_playwright() as play:
        browser = launch(play)
        page = browser.new_page(viewport={"width": 1180, "height": 1500}, device_scale_factor=1.5)
        book = Notebook(page, lab, "03_generate.ipynb")
        book.run_all()
        widget = book.playground()
        for name, value in SETTINGS.items():
            widget.get_by_label(name).and_(widget.get_by_role("spinbutton")).fill(value)
        page.keyboard.press("Tab")
        generate(widget)
        widget.scroll_into_view_if_needed()
        page.screenshot(path=target, clip=_around(widget), animations="disabled", caret="hide")
        browser.close()
    size = target.stat().st_size
    if size > MAX_BYTES:
        raise SystemExit(f"{target.name} has {size} bytes; the README's picture has at most {MAX_BYTES}.")
    print(f"{target.name}: {size} bytes")


def generate(widget: Locator) -> None:
    """Press Generate and wait for the end."""
    widget.get_by_role("button", name="Generate").click()
    widget.locator("figure").wait_for(timeout=120_000)


def _around(widget: Locator) -> FloatRect:
    """Where the widget is, with a little air at its sides; above and below are other parts of the page."""
    box = widget.bounding_box()
    assert box is not None
    x, width = box["x"] - MARGIN, box["width"] + 2 * MARGIN
    return {"x": x, "y": box["y"], "width": width, "height": box["height"]}


def _deploy() -> None:
    session = connect("sandbox")
    marketplace.subscribe(session, "cohere-medium")
    deploy(session, "cohere-medium", "cohere-gpt-medium", delete_after_hours=None)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
