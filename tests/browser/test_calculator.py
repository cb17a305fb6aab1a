"""The calculator of 05_in_production in a browser, by keyboard."""

from collections.abc import Callable

import pytest

from .lab import Notebook

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect
pytestmark = pytest.mark.slow

SOON = 60_000  # milliseconds that a busy machine may take
CELL = """from helpers.production.calculator import calculator
from helpers.production.sizing import Traffic
calculator(Traffic(100_000, 10, "office"), requests_a_minute=120, usd_per_hour=3.41)"""


def test_a_slider_and_a_shape_change_what_is_needed(written: Callable[..., Notebook]) -> None:
    page = written(CELL).page
    widget = page.locator(".widget-vbox", has=page.get_by_role("slider")).first
    widget.wait_for(timeout=SOON)
    status, bars = widget.get_by_role("status"), widget.get_by_role("region", name="Instances by hour")
    expect(status).to_contain_text("At most 20 instances at once")
    expect(bars).to_be_visible()
    for _ in range(4):
        widget.get_by_role("slider").first.press("PageUp")
    expect(status).not_to_contain_text("At most 20 instances", timeout=SOON)
    before = status.inner_text()
    widget.get_by_role("combobox").select_option("even")
    expect(status).not_to_have_text(before, timeout=SOON)
