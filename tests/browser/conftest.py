"""A real browser on a real JupyterLab; without Chromium or Playwright the tests here are skipped."""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from helpers.sandbox.process import Address

from .lab import CHROMIUM, Lab, Notebook, launch, running_lab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

SIZE: "ViewportSize" = {"width": 1400, "height": 1200}
WRITTEN = "written.ipynb"


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Debian's Chromium.

    Not pytest-playwright's own fixture, which lives until the session ends: its event loop would forbid
    asyncio.run to all tests after these.
    """
    playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with playwright_api.sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab(browser: "Browser", sandbox: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab with a copy of the notebooks; its kernels use the tests' sandbox."""
    environment = {"PLAYGROUND_SYNC": "", "SANDBOX_HOME": os.environ["SANDBOX_HOME"]}
    with running_lab(tmp_path_factory.mktemp("lab"), environment) as lab:
        yield lab


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A page that shares nothing with the ones before it."""
    context = browser.new_context(viewport=SIZE)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def shared_page(browser: "Browser", lab: Lab) -> Iterator[Notebook]:
    """One page for all tests of a module, which open or write their notebooks in it."""
    lab.write(WRITTEN)
    context = browser.new_context(viewport=SIZE)
    book = Notebook(context.new_page(), lab, WRITTEN)
    yield book
    context.close()  # its kernel ends with JupyterLab


@pytest.fixture
def opened(shared_page: Notebook) -> Callable[[str], Notebook]:
    """opened(name) opens a notebook with a new kernel."""

    def open_book(name: str) -> Notebook:
        _reset(shared_page)
        shared_page.open(name)
        return shared_page

    return open_book


@pytest.fixture
def written(shared_page: Notebook, request: pytest.FixtureRequest) -> Callable[..., Notebook]:
    """written(*cells) opens a notebook of these code cells and runs them; imports are done once a module."""

    def write(*cells: str) -> Notebook:
        _reset(shared_page)
        if shared_page.name != WRITTEN or request.session.testsfailed:  # whose threads may be at work
            shared_page.open(WRITTEN)
        shared_page.write(cells)
        shared_page.run_all()
        assert shared_page.errors() == []
        return shared_page

    return write


def _reset(book: Notebook) -> None:
    book.theme("JupyterLab Light")
    book.resize(SIZE["width"], SIZE["height"])
