"""Every notebook in JupyterLab, "run all", in order, as a reader would."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .lab import NOTEBOOKS, Lab, Notebook

BOOKS = sorted(path.name for path in NOTEBOOKS.glob("[0-9]*.ipynb"))
SHORT: dict[str, dict[str, Any]] = {
    "03_generate.ipynb": {"max_tokens": 30},
    "04_tune.ipynb": {"max_tokens_values": [10, 20], "temperatures": [0, 1], "repetitions": 2},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOOKS)
def test_all_cells_run_without_an_error(lab: Lab, opened: Callable[[str], Notebook], name: str) -> None:
    shorten(lab.folder / name, SHORT.get(name, {}))
    lab.trust(name)
    book = opened(name)
    book.run_all()
    assert book.errors() == []
    assert all(book.counts()), "a cell was not run"
    # an error inside a widget's callback shows on the page only
    assert "Traceback" not in book.page.inner_text(".jp-NotebookPanel")
    if name == "03_generate.ipynb":
        book.playground()
        book.reload()
        book.playground()  # the sliders are still there, not their description as text


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
