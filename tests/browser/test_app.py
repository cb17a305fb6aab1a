"""The application's page: text as it comes, Stop, leaving, limits, hostile text, and what to do."""

import queue
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.catalog import model
from helpers.connect.session import connect
from helpers.deploy.deployment import deploy
from helpers.generate.client import Client
from helpers.production.app.limits import Limits
from helpers.production.app.service import Service
from helpers.sandbox.process import Address
from helpers.subscribe import marketplace

from ..helpers.production.serving import Endpoint, serving
from .test_playground import HOSTILE, SOON, eventually, streams_left

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect
pytestmark = pytest.mark.slow

CONTRAST = Path(__file__).with_name("contrast.js").read_text()
GREEDY = {"temperature": 0.0, "max_tokens": 1500}


def press(page: "Page", name: str) -> None:
    page.get_by_role("button", name=name).click()


def status(page: "Page") -> "Locator":
    return page.get_by_role("status")


def text(page: "Page") -> "Locator":
    return page.get_by_role("region", name=re.compile("^Text")).locator("div")


def opened(page: "Page", port: int) -> "Page":
    page.goto(f"http://127.0.0.1:{port}/")
    return page


@pytest.fixture(scope="module")
def practice(sandbox: Address) -> Service:
    """The service before the sandbox's endpoint, whose text does not end by itself."""
    session = connect("sandbox")
    marketplace.subscribe(session, "cohere-medium", tell=len)
    deploy(session, "cohere-medium", "app", delete_after_hours=None, tell=len)
    return Service(lambda: Client(session, "app", model=model("cohere-medium")), GREEDY, local=True)


def test_each_piece_is_shown_when_it_comes(page: "Page") -> None:
    pieces: queue.Queue[str | None] = queue.Queue()
    endpoint = Endpoint()
    endpoint.pieces = iter(pieces.get, None)
    with serving(Service(endpoint.client, {}, local=True)) as port:
        opened(page, port)
        expect(page.get_by_role("region", name="Text, written by nobody")).to_be_visible(timeout=SOON)
        page.get_by_label("Prompt").fill("Once upon")
        press(page, "Generate")
        shown = ""
        for piece in ("Once", " upon", "\n\na", " time"):
            pieces.put(piece)
            shown += piece
            expect(text(page)).to_have_text(shown, timeout=SOON)
            expect(status(page)).to_have_text("Writing ...")
            assert page.get_by_role("button", name="Generate").is_disabled()
        pieces.put(None)
        expect(status(page)).to_have_text("Done after 1.0 s (COMPLETE).", timeout=SOON)
        assert page.get_by_role("button", name="Stop").is_disabled()


def test_hostile_text_is_shown_literally(page: "Page") -> None:
    hostile = f"{HOSTILE}<script>window.hacked=1</script>\n\nevent: error\ndata: {{}}\n\n"
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    with serving(Service(Endpoint(*hostile, hostile).client, {}, local=True)) as port:
        opened(page, port)
        press(page, "Generate")
        expect(status(page)).to_contain_text("Done", timeout=SOON)
        assert text(page).evaluate("node => node.textContent") == hostile * 2
        assert text(page).locator("*").count() == 0
        assert page.evaluate("window.hacked") is None
    assert said == []  # the security policy had nothing to refuse


def test_stop_and_leaving_end_the_endpoints_generation(page: "Page", practice: Service) -> None:
    with serving(practice) as port:
        opened(page, port)
        for number, leave in enumerate((lambda: press(page, "Stop"), lambda: page.goto("about:blank")), 1):
            left = streams_left()
            press(page, "Generate")
            expect(text(page)).to_have_text(re.compile(r"[\s\S]{20,}"), timeout=SOON)
            leave()
            eventually(lambda before=left: streams_left() == before + 1)  # type: ignore[misc]
            eventually(lambda: practice.usage.running == 0)
            if number == 1:
                expect(status(page)).to_have_text("Stopped.")


def test_a_limit_is_told_in_words(page: "Page", browser: "Browser") -> None:
    limits = Limits(at_once=1, a_minute=2, in_all=9)
    with serving(Service(Endpoint("Once", endless=True).client, {}, limits=limits, local=True)) as port:
        opened(page, port)
        press(page, "Generate")
        expect(text(page)).to_have_text(re.compile("^Once"), timeout=SOON)
        other = opened(browser.new_page(), port)
        press(other, "Generate")
        expect(status(other)).to_have_text(
            "1 of your texts are being written: stop one, or wait.", timeout=SOON
        )
        press(page, "Stop")
        expect(status(page)).to_have_text("Stopped.", timeout=SOON)
        eventually(lambda: 'running":0' in other.request.get(f"http://127.0.0.1:{port}/health").text())
        press(other, "Generate")
        expect(text(other)).to_have_text(re.compile("^Once"), timeout=SOON)
        press(other, "Stop")
        expect(status(other)).to_have_text("Stopped.", timeout=SOON)
        eventually(lambda: 'running":0' in other.request.get(f"http://127.0.0.1:{port}/health").text())
        press(page, "Generate")
        expect(status(page)).to_contain_text("2 texts a minute are the limit: wait", timeout=SOON)
        other.close()


def test_without_credentials_the_page_says_what_to_do(page: "Page") -> None:
    made = Service(lambda: Client(connect("aws"), "e", model_id="cohere-medium"), {}, local=True)
    with serving(made) as port:
        opened(page, port)
        expect(status(page)).to_contain_text("No AWS credentials found. Sign in first", timeout=SOON)
        press(page, "Generate")
        expect(status(page)).to_contain_text("No AWS credentials found. Sign in first", timeout=SOON)
    press(page, "Generate")
    expect(status(page)).to_have_text("The service does not answer. Try again in a moment.", timeout=SOON)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read_and_used_without_a_mouse(page: "Page", theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    with serving(Service(Endpoint("Once upon a time").client, {})) as port:
        opened(page, port)
        page.get_by_label("Prompt").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(status(page)).to_contain_text("Done", timeout=SOON)
        pairs = page.locator("body").evaluate(CONTRAST)
    assert pairs
    assert [pair for pair in pairs if pair["contrast"] < 4.5] == []
