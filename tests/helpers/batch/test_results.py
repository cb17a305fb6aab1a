"""Runs of another scheduler: their orders, and what is gathered of them, in the batch's own report."""

import csv
import json
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.batch.results import gather, orders
from helpers.errors import BadInput

SOURCE = 'word = "x"  # a word\nruns_folder = "runs"  # where\nruntime = "sandbox"  # which'
COMMON = {"runtime": "aws"}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    cells = [new_code_cell(SOURCE, metadata={"tags": ["parameters"]}), new_code_cell("print(word)")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), tmp_path / "tiny.ipynb")
    rows = [{"name": name, "notebook": "tiny.ipynb", "word": name} for name in "abc"]
    (tmp_path / "table.json").write_text(json.dumps(rows), encoding="utf-8")
    return tmp_path / "table.json"


def execute(order: dict[str, Any], *, ends: bool = True, fails: bool = False) -> None:
    """What papermill leaves of an order, without the kernel."""
    book = papermill.execute_notebook(
        order["input_nb"], order["output_nb"], order["parameters"], prepare_only=True
    )
    told = book.metadata.papermill
    told |= {"exception": fails or None, "end_time": "2026-01-02" if ends else None, "duration": 2.04}
    if fails:
        error = {"output_type": "error", "ename": "Oh", "evalue": "AKIAABCDEFGHIJKLMNOP", "traceback": []}
        book.cells[-1].outputs = [nbformat.from_dict(error)]
    nbformat.write(book, order["output_nb"])


def test_what_is_done_is_not_ordered_again_and_all_is_reported(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = orders(table, out, COMMON)
    assert [Path(each["output_nb"]).name for each in first] == ["a.ipynb", "b.ipynb", "c.ipynb"]
    assert {each["parameters"]["runtime"] for each in first} == {"aws"}
    folders = [Path(each["parameters"]["runs_folder"]) for each in first]
    assert len(set(folders)) == 3
    assert all(each.is_dir() for each in folders)
    execute(first[0])
    execute(first[1], ends=False)  # killed
    execute(first[2], fails=True)
    assert orders(table, out, COMMON) == first[1:], "with the same folders, which have the answers so far"
    told = {each.name: each for each in gather(table, out, COMMON)}
    assert {name: (each.status, each.error) for name, each in told.items()} == {
        "a": ("done", ""),
        "b": ("failed", "It was interrupted."),
        "c": ("failed", "Oh: [removed]"),
    }
    assert (told["a"].seconds, told["a"].runtime) == (2.0, "aws")
    with (out / "summary.csv").open(encoding="utf-8", newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["done", "failed", "failed"]
    assert "AKIA" not in (out / "c.ipynb").read_text(encoding="utf-8")


def test_a_row_that_changed_is_ordered_again(table: Path, tmp_path: Path) -> None:
    for each in orders(table, tmp_path / "out", COMMON):
        execute(each)
    assert orders(table, tmp_path / "out", COMMON) == []
    table.write_text(table.read_text().replace('"word": "a"', '"word": "another"'), encoding="utf-8")
    (again,) = orders(table, tmp_path / "out", COMMON)
    assert again["parameters"]["word"] == "another"
    assert [each.status for each in gather(table, tmp_path / "out", COMMON)] == ["not run", "done", "done"]


def test_what_is_the_same_for_all_stands_in_no_row(table: Path, tmp_path: Path) -> None:
    rows = [{**row, "runtime": "sandbox"} for row in json.loads(table.read_text())]
    table.write_text(json.dumps(rows), encoding="utf-8")
    with pytest.raises(BadInput, match="Row a: runtime is the same for all rows"):
        orders(table, tmp_path / "out", COMMON)
    assert not (tmp_path / "out").exists()
