"""The next-token view and the tree of beginnings in a browser: keyboard, themes, 900 pixels, speed."""

import os
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .lab import Notebook
from .test_playground import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Locator

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect
pytestmark = pytest.mark.slow

Written = Callable[..., Notebook]
Asked = tuple[Notebook, Any]
THEMES = ("JupyterLab Light", "JupyterLab Dark")
SOON = 60_000  # milliseconds that a busy machine may take
# The limits of time hold in `make bench`, on a quiet machine; in `make test` any time is soon enough.
TIMED = "BENCH" in os.environ
ROUNDS, MOVES = 6, 30 if TIMED else 3
REDRAWN = 50 if TIMED else SOON  # milliseconds from a key to the new bars
FIRST_BARS = 2 if TIMED else SOON / 1000  # seconds
CONNECT = """from helpers.connect.session import connect
from helpers.deploy.deployment import deploy
from helpers.generate.client import Client
from helpers.playground.beginnings import beginnings
from helpers.playground.next_token import next_token
from helpers.subscribe import marketplace
session = connect("sandbox")
marketplace.subscribe(session, "cohere-medium")
deploy(session, "cohere-medium", "browser", delete_after_hours=None)
client = Client(session, "browser")"""
# The practice model has some seven ways to begin here that p 0.75 leaves.
DICE = 'dice = next_token(client, prompt="Is water wet? Answer with yes or no.", k=3)\ndice'
ALL = "can be drawn, and all were seen"
# On a busy machine one look brings few answers.
KEEP = f"""import pickle
from pathlib import Path
dice.wait()
while {ALL!r} not in dice.status.value:
    dice.ask(dice.prompt.value)
Path("known.pickle").write_bytes(pickle.dumps(dice.known))
print("kept")"""
KNOWN = f"""import pickle
from pathlib import Path
{DICE}.known = pickle.loads(Path("known.pickle").read_bytes())
dice._show()
dice"""
TREE = 'beginnings(client, prompt="Tell me a joke.", answers=20, tokens=4)'
CONTRAST = Path(__file__).with_name("contrast.js").read_text()
# For every key that moves a slider: how long until the bars that it brings are in the page, and painted.
WATCH = """node => {
  window.took = [];
  let pressed = null;
  document.addEventListener('keydown', () => { pressed ??= performance.now() }, true);
  new MutationObserver(() => {
    if (pressed === null) return;
    const since = pressed;
    pressed = null;
    requestAnimationFrame(() => window.took.push(performance.now() - since));
  }).observe(node, {childList: true, subtree: true, characterData: true});
}"""
SCROLLS = """root => [root, ...root.querySelectorAll('*')]
  .filter(one => getComputedStyle(one).display !== 'inline')
  .filter(one => one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1)
  .filter(one => /auto|scroll|hidden/.test(getComputedStyle(one).overflow)).map(one => one.outerHTML)"""
FOLD = "(root, open) => root.querySelectorAll('details').forEach(one => { one.open = open })"
BEYOND = """root => { const edge = root.getBoundingClientRect().right + 1;
  return [...root.querySelectorAll('input, button, label, table, textarea, li, .noUi-base')]
    .filter(one => one.getBoundingClientRect().right > edge).map(one => one.outerHTML) }"""


def shown(book: Notebook) -> "Locator":
    widget = book.page.locator(".widget-vbox", has=book.page.get_by_role("button", name="Ask")).first
    widget.wait_for(timeout=SOON)
    widget.scroll_into_view_if_needed()
    return widget


@pytest.fixture(scope="module")
def first_bars(shared_page: Notebook) -> float:
    """The seconds from Ask to the first bars; all that is known in the end is kept for the other tests."""
    book = shared_page
    book.write((CONNECT, DICE))
    book.run_all()
    assert book.errors() == []
    widget = shown(book)
    expect(widget.get_by_role("status")).to_contain_text("Press Ask")
    began = time.perf_counter()
    press(widget, "Ask")
    chart(widget).wait_for(timeout=SOON)
    took = time.perf_counter() - began
    cell = book.add_cell(KEEP)
    eventually(lambda: book.text_of(cell) == "kept\n")
    expect(widget.get_by_role("status")).to_contain_text(ALL, timeout=SOON)
    return took


@pytest.fixture
def asked(first_bars: float, written: Written) -> Asked:
    """The view when all is known; each test has a new one."""
    book = written(CONNECT, KNOWN)
    widget = shown(book)
    expect(chart(widget)).to_be_visible(timeout=SOON)
    return book, widget


def button(widget: "Locator", name: str) -> "Locator":
    return widget.get_by_role("button", name=re.compile(f"{name}$"))  # an icon stands before it


def press(widget: "Locator", name: str) -> None:
    button(widget, name).press("Enter")


def chart(widget: "Locator") -> "Locator":
    return widget.get_by_role("region", name=re.compile("^Next token of"))


def cells(widget: "Locator") -> list[list[str]]:
    """The words of each bar: its name, before, after."""
    found: list[list[str]] = chart(widget).evaluate(
        "root => [...root.querySelectorAll('tr')].slice(1).map(row =>"
        " [row.children[0], row.children[2], row.children[3]].map(cell => cell.innerText.trim()))"
    )
    return found


def test_it_is_moved_and_drawn_by_keyboard_and_says_what_it_shows(asked: Asked) -> None:
    book, widget = asked
    status = widget.get_by_role("status")
    before = {name: share for name, share, _ in cells(widget)}
    assert [words for *_, words in cells(widget)].count("cut off by k") >= 1
    slider = widget.get_by_role("slider", name="k", exact=True)
    slider.focus()
    slider.press("ArrowLeft")  # 3 to 2
    expect(widget.get_by_role("spinbutton", name="k")).to_have_value("2", timeout=SOON)
    expect(status).to_contain_text("k 2", timeout=SOON)
    assert {name: share for name, share, _ in cells(widget)} == before  # nothing was asked
    kept = [words for *_, words in cells(widget) if words.endswith("%")]
    assert sum(float(each.rstrip("%")) for each in kept[:2]) == pytest.approx(100, abs=0.3)
    heat = widget.get_by_role("slider", name="temperature")
    heat.focus()
    heat.press("Home")
    expect(chart(widget)).to_contain_text("cut off by temperature 0", timeout=SOON)
    press(widget, "Draw")
    expect(status).to_contain_text("Drawn: “", timeout=SOON)
    assert cells(widget)[0][0] in status.inner_text()
    assert "Traceback" not in book.page.inner_text(".jp-NotebookPanel")


def test_where_nobody_knows_there_are_no_bars_and_the_model_draws(asked: Asked) -> None:
    _, widget = asked
    for name, key in (("k", "Home"), ("p", "End"), ("temperature", "End")):
        slider = widget.get_by_role("slider", name=name, exact=True)
        slider.focus()
        slider.press(key)
    expect(widget.get_by_role("status")).to_contain_text("nobody has seen would decide", timeout=SOON)
    assert {words for *_, words in cells(widget)} == {"not known"}
    press(widget, "Draw")
    drawn = widget.get_by_role("region", name=re.compile("^Drawn by .* itself at temperature 5, k 0, p 0.99"))
    expect(drawn).to_contain_text("of 5", timeout=SOON)


def test_the_first_bars_are_there_within_two_seconds(first_bars: float) -> None:
    print(f"the first bars after {first_bars:.1f} s")
    assert first_bars <= FIRST_BARS


def test_a_slider_redraws_within_50_milliseconds(asked: Asked) -> None:
    """In the best of some rounds: what else a machine does must not count."""
    book, widget = asked
    slider = widget.get_by_role("slider", name="temperature")
    slider.focus()
    chart(widget).locator("xpath=../..").evaluate(WATCH)
    medians: list[float] = []
    while len(medians) < ROUNDS and min(medians, default=REDRAWN + 1) > REDRAWN:
        book.page.evaluate("window.took.length = 0")
        for number in range(1, MOVES + 1):
            slider.press("ArrowRight" if len(medians) % 2 == 0 else "ArrowLeft")
            book.page.wait_for_function("number => window.took.length >= number", arg=number, timeout=SOON)
            book.page.wait_for_timeout(50)
        took: list[float] = book.page.evaluate("window.took")
        medians.append(statistics.median(took))
        print(f"redrawn {len(took)} times, median {medians[-1]:.0f} ms, longest {max(took):.0f} ms")
    assert min(medians) <= REDRAWN


def test_the_bars_can_be_read_in_both_themes_and_are_no_wider_than_their_cell(asked: Asked) -> None:
    book, widget = asked
    for theme in THEMES:
        book.theme(theme)
        can_be_read(widget, 20)
    book.resize(900, 700)
    assert widget.evaluate(BEYOND) == []


def can_be_read(place: "Locator", least: int) -> None:
    pairs: list[dict[str, Any]] = place.evaluate(CONTRAST)
    assert len(pairs) > least
    assert [pair for pair in pairs if pair["contrast"] < 4.5] == []


def test_the_tree_is_read_as_lists_opened_by_keyboard_and_fits_in_both_themes(written: Written) -> None:
    book = written(CONNECT, TREE)
    tree = book.page.locator(".jp-Cell").nth(1).locator(".jp-OutputArea-output").last
    columns = tree.get_by_role("region", name=re.compile("^Temperature"))
    expect(columns).to_have_count(3, timeout=SOON)
    expect(columns.nth(0)).to_contain_text("Temperature 0: 20 answers, 1 different beginning")
    assert columns.nth(0).get_by_role("listitem").count() == 1
    many = columns.nth(2)
    assert many.get_by_role("listitem").count() > 5
    for theme in THEMES:
        book.theme(theme)
        can_be_read(tree, 10)
    more = many.locator("summary").first
    more.focus()
    more.press("Enter")
    expect(many.locator("details").first).to_have_attribute("open", "", timeout=SOON)
    all_of_it_fits(book, tree)
    saved = str(book.outputs()[1])
    assert "text/plain" in saved
    assert "Temperature 5: 20 answers" in saved


def all_of_it_fits(book: Notebook, tree: "Locator") -> None:
    """In both themes nothing scrolls inside it or is wider than its cell, folded or not."""
    for theme in THEMES:
        book.theme(theme)
        for width in (1400, 900):
            book.resize(width, 1200)
            for is_open in (False, True):
                tree.evaluate(FOLD, is_open)
                found = tree.evaluate(SCROLLS), tree.evaluate(BEYOND)
                assert found == ([], []), (theme, width, is_open)
    assert tree.get_by_role("listitem").count() > 10
