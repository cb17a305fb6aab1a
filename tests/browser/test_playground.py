"""The playground under a reader's hands: keyboard, streaming text, Stop, themes, hostile text."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.sandbox import process

from .lab import Notebook

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect
pytestmark = pytest.mark.slow

Written = Callable[..., Notebook]
SOON = 60_000  # milliseconds that a busy machine may take
CONNECT = """from helpers.connect.session import connect
from helpers.deploy.deployment import deploy
from helpers.generate.client import Client
from helpers.playground.widget import Playground, playground
from helpers.subscribe import marketplace
session = connect("sandbox")
marketplace.subscribe(session, "cohere-medium")
deploy(session, "cohere-medium", "browser", delete_after_hours=None)
client = Client(session, "browser")"""
# Greedily, the practice model goes round in circles here and never ends by itself: long enough to be stopped.
LONG = """play = playground(
    client, prompt="Write a LinkedIn post about starting a career in tech:", temperature=0.0, max_tokens=1500
)
play"""
SHORT = 'play = playground(client, prompt="Write:", temperature=0.0, max_tokens=25)\nplay'
HOSTILE = (
    '$x$ \\(y\\) <img src=x onerror="window.hacked=1"><b>bold</b> **stars** `code` [a](javascript:hacked=1)\n'
    "# head \u202eright \x1b[31mred \u0645\u0631\u062d\u0628\u0627 &amp;"
)
LITERAL = HOSTILE.partition("\n")[0]
FOLDED = ("Show more settings", "Show three temperatures", "Show the runs", "Show this text as Python")
CONTRAST = Path(__file__).with_name("contrast.js").read_text()


def button(widget: "Locator", name: str) -> "Locator":
    return widget.get_by_role("button", name=re.compile(name))


def text(widget: "Locator") -> "Locator":
    return widget.get_by_role("region", name=re.compile("^Text( written by|$)"))


def status(widget: "Locator") -> "Locator":
    return widget.get_by_role("status")


def written_text(widget: "Locator", at_least: int) -> str:
    """The text once it has so many characters."""
    region = text(widget)
    expect(region).to_have_text(re.compile(rf"[\s\S]{{{at_least},}}"), timeout=SOON)
    return region.inner_text()


def eventually(condition: Callable[[], bool], seconds: float = SOON / 1000) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def streams_left() -> int:
    """How many streams the sandbox has ended because their reader left."""
    return process.log_file().read_text(errors="replace").count("the client left a stream")


def is_computing(page: "Page") -> bool:
    """Whether the sandbox uses the processor: generating, it uses all that it gets."""
    address = process.find()
    assert address is not None
    before = cpu_ticks(address.pid)
    page.wait_for_timeout(500)
    return cpu_ticks(address.pid) - before > 5  # hundredths of a second


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_a_slider_moves_by_keyboard_and_the_text_that_comes_obeys_it(written: Written) -> None:
    book = written(CONNECT, SHORT)
    widget = book.playground()
    slider = widget.get_by_role("slider", name="max_tokens")
    slider.focus()
    slider.press("Home")
    for _ in range(4):
        slider.press("ArrowRight")
    expect(widget.get_by_role("spinbutton", name="max_tokens")).to_have_value("5", timeout=SOON)
    box = widget.get_by_role("spinbutton", name="max_tokens")
    box.fill("9999")
    box.press("Tab")
    expect(box).to_have_value("2048", timeout=SOON)
    expect(status(widget)).to_have_text("max_tokens takes 1 to 2048: 9999 became 2048.")
    box.fill("5")
    slider.focus()
    slider.press("Tab")
    expect(widget.get_by_role("spinbutton", name="p", exact=True)).to_be_focused()
    widget.get_by_role("slider", name="p", exact=True).press("Tab")
    expect(button(widget, "Show more settings")).to_be_focused()
    button(widget, "Show more settings").press("Enter")
    expect(widget.get_by_role("slider", name="k", exact=True)).to_be_visible(timeout=SOON)
    button(widget, "Generate$").press("Enter")
    expect(status(widget)).to_contain_text("Cut off at max_tokens (MAX_TOKENS): 5 tokens", timeout=SOON)
    assert widget.locator("figure bdi").count() == 5
    button(widget, "runs so far").press(" ")
    expect(widget.get_by_role("region", name="Text of run 1")).to_have_text(text(widget).inner_text())
    cell = book.add_cell("print(play.settings['max_tokens'], play.history['tokens'].tolist())")
    eventually(lambda: book.text_of(cell) == "5 [5]\n")
    pin_the_first_run(widget)
    copy_as_python(book, widget)


def pin_the_first_run(widget: "Locator") -> None:
    """By keyboard; then so many more that it would have been pushed out."""
    pin = widget.get_by_role("checkbox", name="pin run 1")
    pin.focus()
    pin.press(" ")
    expect(pin).to_be_checked()
    for number in (2, 3, 4, 5):
        button(widget, "Generate$").press("Enter")
        widget.get_by_role("region", name=f"Text of run {number}").wait_for(timeout=SOON)
    kept = [widget.get_by_role("region", name=f"Text of run {number}").count() for number in range(1, 6)]
    assert kept == [1, 0, 1, 1, 1]
    expect(pin).to_be_checked()


def copy_as_python(book: Notebook, widget: "Locator") -> None:
    """What the text box has, run as it is in a cell of its own, writes the same text (greedily)."""
    button(widget, "Show this text as Python").press("Enter")
    code = widget.get_by_role("textbox", name="Python").input_value()
    cell = book.add_cell(code)
    eventually(lambda: book.text_of(cell).strip() == text(widget).inner_text().strip())


def test_text_streams_while_the_kernel_is_free_and_stop_ends_the_computation(written: Written) -> None:
    book = written(CONNECT, LONG)
    widget = book.playground()
    left = streams_left()
    button(widget, "Generate$").press("Enter")
    first = written_text(widget, 1)
    second = written_text(widget, len(first) + 40)
    assert second.startswith(first.rstrip())
    cell = book.add_cell("print(6 * 7, play._runner._threads[0].is_alive())")
    eventually(lambda: book.text_of(cell) == "42 True\n")
    expect(status(widget)).to_have_text("Writing")
    assert is_computing(book.page)
    button(widget, "Stop$").press("Enter")
    expect(status(widget)).to_contain_text("Stopped", timeout=SOON)
    stopped = text(widget).inner_text()
    eventually(lambda: streams_left() == left + 1)
    eventually(lambda: not is_computing(book.page))
    assert text(widget).inner_text() == stopped
    word = re.findall(r"\w{4,}", stopped)[0]
    eventually(lambda: word in str(book.outputs()[1]))  # the copy that a saved notebook keeps
    three_at_once(book, widget)


def three_at_once(book: Notebook, widget: "Locator") -> None:
    """Three streams, all greedy so that none ends by itself, and one Stop for all."""
    button(widget, "Show three temperatures").press("Enter")
    boxes = widget.get_by_role("spinbutton", name="temperature")
    expect(boxes).to_have_count(4, timeout=SOON)
    boxes.nth(2).fill("0")
    boxes.nth(2).press("Tab")
    boxes.last.fill("-1")
    boxes.last.press("Tab")
    expect(status(widget)).to_have_text("temperature takes 0 to 5: -1 became 0.", timeout=SOON)
    left = streams_left()
    button(widget, "Generate all three").press("Enter")
    for place in (1, 2, 3):
        column = widget.get_by_role("region", name=re.compile(f"^Text {place} of three, at temperature 0$"))
        expect(column).to_have_text(re.compile(r"[\s\S]{40,}"), timeout=SOON)
    expect(status(widget)).to_have_text("Writing three texts")
    button(widget, "Stop$").press("Enter")
    expect(status(widget)).to_have_text("Stopped: all three.", timeout=SOON)
    eventually(lambda: streams_left() == left + 3)
    eventually(lambda: not is_computing(book.page))


def test_a_new_run_takes_over_and_nothing_of_the_old_one_shows_again(written: Written) -> None:
    book = written(CONNECT, LONG)
    widget = book.playground()
    left = streams_left()
    button(widget, "Generate$").press("Enter")
    written_text(widget, 60)
    for role, name, value in (
        ("textbox", "prompt", "Why do bees dance?"),
        ("spinbutton", "max_tokens", "30"),
    ):
        box = widget.get_by_role(role, name=name)
        box.fill(value)
        box.press("Tab")
    text(widget).locator("xpath=..").evaluate(
        "node => { window.seen = [];"
        " new MutationObserver(() => window.seen.push(node.innerText))"
        ".observe(node, {childList: true, subtree: true, characterData: true}) }"
    )
    button(widget, "Generate$").press("Enter")
    expect(status(widget)).to_contain_text("MAX_TOKENS): 30 tokens", timeout=SOON)
    final = text(widget).inner_text().strip()
    eventually(lambda: streams_left() == left + 1)  # the old one has ended: nothing more can come
    cell = book.add_cell("print(play.history['status'].tolist())")
    eventually(lambda: "['stopped', 'finished']" in book.text_of(cell))
    seen = [each.strip() for each in book.page.evaluate("window.seen")]
    new = seen[seen.index("") :]  # what the old one wrote until the new one began comes before
    assert all(final.startswith(each) for each in new), new
    assert text(widget).inner_text().strip() == final


def test_everything_can_be_read_in_both_themes_and_at_200_percent_nothing_is_wider_than_its_cell(
    written: Written,
) -> None:
    book = written(CONNECT, SHORT)
    widget = book.playground()
    for name in ("Generate$", *FOLDED):
        button(widget, name).press("Enter")
    widget.locator("figure").wait_for(timeout=SOON)
    button(widget, "Stop$").focus()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        book.theme(theme)
        pairs = widget.evaluate(CONTRAST)
        assert len(pairs) > 20
        assert [pair for pair in pairs if pair["contrast"] < 4.5] == [], theme
    book.resize(700, 600)  # a 1400 x 1200 screen at 200 %
    beyond = widget.evaluate(
        "root => { const edge = root.getBoundingClientRect().right + 1;"
        " return [...root.querySelectorAll('input, button, label, bdi, textarea, select, .noUi-base')]"
        ".filter(one => one.getBoundingClientRect().right > edge).map(one => one.outerHTML) }"
    )
    assert beyond == []


def test_model_text_is_shown_literally(written: Written) -> None:
    make = f"Playground(lambda prompt: {HOSTILE!r}, {{}}, prompt='x', interactive="
    book = written(
        f"from helpers.playground.widget import Playground\nplay = {make}True)\nplay",
        f"print(end='literally')\n{make}False)",  # what a saved notebook shows, in Markdown
    )
    widget = book.playground()
    button(widget, "Generate$").press("Enter")
    expect(status(widget)).to_contain_text("Finished", timeout=SOON)
    button(widget, "Show the runs").press("Enter")
    book.add_cell("play.history")
    cells = book.page.locator(".jp-Cell")
    table = cells.nth(2).locator("table")
    table.wait_for(timeout=SOON)
    live, saved = cells.nth(0).locator(".jp-OutputArea"), cells.nth(1).locator("blockquote")
    live.locator("summary", has_text="The last text").click()
    folded = live.locator("details").last
    expect(folded).to_contain_text("&amp;", timeout=SOON)
    for place in (text(widget), widget.get_by_role("region", name="Text of run 1"), folded, saved):
        expect(place).to_contain_text(LITERAL)
        expect(place).to_contain_text("⟨U+202E⟩right ⟨U+001B⟩[31mred")
        expect(place).to_contain_text("&amp;")
    expect(table).to_contain_text(LITERAL)
    for place in (live, saved, table):
        for tag in ("img", "b", "strong", "code", "mjx-container", "a"):
            assert place.locator(tag).count() == 0, tag
    assert book.page.evaluate("window.hacked") is None
