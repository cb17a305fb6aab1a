"""Every notebook in JupyterLab, "run all", in order, as a reader would."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from nbformat.v4 import new_code_cell, new_output

from ..notebooks.test_run import SHORT
from .lab import NOTEBOOKS, Lab, Notebook

if TYPE_CHECKING:
    from playwright.sync_api import Page

BOOKS = sorted(path.name for path in NOTEBOOKS.glob("[0-9]*.ipynb"))
SLIDERS = """from helpers.playground.widget import Playground
Playground(lambda prompt: "text", {}, prompt="x", interactive=True)"""
STORED = new_output("display_data", {"text/html": "of an earlier run"})


@pytest.mark.slow
@pytest.mark.parametrize("name", BOOKS)
def test_all_cells_run_without_an_error(lab: Lab, opened: Callable[[str], Notebook], name: str) -> None:
    shorten(lab.folder / name, SHORT.get(Path(name).stem, {}))
    lab.trust(name)
    book = opened(name)
    book.run_all()
    assert book.errors() == []
    assert all(book.counts()), "a cell was not run"
    if name == BOOKS[0]:
        the_first_sliders_write(book)
    # an error inside a widget's callback shows on the page only
    assert "Traceback" not in book.page.inner_text(".jp-NotebookPanel")


def the_first_sliders_write(book: Notebook) -> None:
    """Of 00_start_here: the endpoint that it deployed is still there when all cells have run."""
    book.resize(1400, 15_000)  # JupyterLab draws what is in sight only
    widget = book.playground()
    widget.get_by_role("button", name=re.compile("Generate$")).press("Enter")
    widget.locator("figure").wait_for(timeout=60_000)  # of the tokens, at the end of the text


@pytest.mark.slow
@pytest.mark.parametrize("trusted", [True, False])
def test_a_trusted_page_reloaded_half_way_keeps_its_sliders(lab: Lab, page: "Page", trusted: bool) -> None:
    name = f"reloaded-{trusted}.ipynb"
    # JupyterLab remembers what it trusts by content: the ids that nbformat gives make each another.
    lab.write(name, new_code_cell(SLIDERS), new_code_cell("not_run", outputs=[STORED]))
    if trusted:
        lab.trust(name)
    book = Notebook(page, lab, name)
    # Not all: JupyterLab trusts a notebook by itself once every cell that has outputs was run.
    book.run_until("Playground(")
    book.playground()
    book.reload()
    if trusted:
        book.playground()
    else:  # without `jupyter trust`, their description as text
        book.page.get_by_text("VBox(children=").first.wait_for(timeout=60_000)
        assert book.page.get_by_role("button", name="Generate").count() == 0
    book.end()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_lab_trusts_the_notebooks_before_it_opens_them() -> None:
    printed = subprocess.run(
        ["make", "--dry-run", "lab"], cwd=NOTEBOOKS.parent, capture_output=True, text=True, check=True
    ).stdout
    trust, _, opens = printed.partition("jupyter lab ")
    assert opens
    assert f"jupyter trust {' '.join(f'notebooks/{book}' for book in BOOKS)} " in trust


def shorten(path: Path, parameters: dict[str, Any]) -> None:
    """Put the parameters where papermill would: after the cell of the defaults."""
    book = json.loads(path.read_text())
    ((place, cell),) = [
        (place, cell)
        for place, cell in enumerate(book["cells"])
        if "parameters" in cell["metadata"].get("tags", [])
    ]
    source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items()) or "pass"
    book["cells"].insert(place + 1, {**cell, "id": "shorter", "metadata": {}, "source": source})
    path.write_text(json.dumps(book))
