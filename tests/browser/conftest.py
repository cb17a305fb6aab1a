"""A real browser on a real JupyterLab; without Chromium or Playwright the tests here are skipped."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.sandbox.process import Address

from .lab import CHROMIUM, Lab, Notebook, launch, running_lab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


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
    context = browser.new_context(viewport={"width": 1400, "height": 1200})
    yield context.new_page()
    context.close()


@pytest.fixture
def opened(page: "Page", lab: Lab) -> Iterator[Callable[[str], Notebook]]:
    """opened(name) opens a notebook; its kernel ends with the test."""
    books: list[Notebook] = []

    def open_book(name: str) -> Notebook:
        books.append(Notebook(page, lab, name))
        return books[-1]

    yield open_book
    for book in books:
        book.end()


@pytest.fixture
def written(lab: Lab, opened: Callable[[str], Notebook]) -> Callable[..., Notebook]:
    """written(*cells) opens a notebook of these code cells and runs them."""

    def write(*cells: str) -> Notebook:
        path = Path(lab.folder) / "written.ipynb"
        path.write_text(json.dumps(_book(cells)))
        book = opened(path.name)
        book.run_all()
        assert book.errors() == []
        return book

    return write


def _book(cells: tuple[str, ...]) -> dict[str, object]:
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return {
        "cells": [{**empty, "id": f"cell{n}", "source": source} for n, source in enumerate(cells)],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
