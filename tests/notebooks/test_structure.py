"""What a reader may expect of every notebook, and what must never be committed in one."""

import ast
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from helpers.deploy.endpoint import is_name

from .books import BOOKS, FOLDER, ROOT, code_cells, read, tags

each_book = pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
BY_HAND = ("02_deploy", "06_clean_up")
LINK = re.compile(r"\]\(([^)#]+)\)")


def test_the_notebooks_are_there() -> None:
    names = [book.stem for book in BOOKS]
    assert names[0] == "00_start_here"
    assert names[-1] == "06_clean_up"
    assert {"01_subscribe", "02_deploy", "03_generate", "04_tune"} <= set(names)


@each_book
def test_it_opens_with_what_you_will_do_learn_and_need(book: Path) -> None:
    cells = read(book).cells
    first = cells[0].source
    title, rest = first.split("\n", 1)
    assert re.fullmatch(r"# [A-Z][a-z][^:.]+", title), "a verb phrase in sentence case"
    wanted = ["**What you will do.**", "**What you will learn**", "**What you need.**"]
    assert [rest.find(each) for each in wanted] == sorted(rest.find(each) for each in wanted)
    assert all(each in rest for each in wanted)
    assert not [c for c in cells[1:] if c.cell_type == "markdown" and re.search(r"^# ", c.source, re.M)]


@each_book
def test_it_closes_by_looking_back_and_on(book: Path) -> None:
    last = read(book).cells[-1].source
    assert "## Summary" in last
    assert "In this notebook you" in last
    assert LINK.search(last)


@each_book
def test_its_links_lead_somewhere(book: Path) -> None:
    for cell in read(book).cells:
        for target in LINK.findall(cell.source) if cell.cell_type == "markdown" else []:
            assert target.startswith("https://") or (FOLDER / target).exists(), target


@each_book
def test_its_parameters_are_one_cell_of_literals_each_with_help(book: Path) -> None:
    cells = [cell for cell in code_cells(book) if "parameters" in tags(cell)]
    assert len(cells) == 1
    for line in cells[0].source.splitlines():
        assert re.fullmatch(r"\w+ = .+  # .+", line), line
    assert all(isinstance(ast.literal_eval(node.value), object) for node in ast.parse(cells[0].source).body)
    assert [node.targets[0].id for node in ast.parse(cells[0].source).body][:2] == ["runtime", "region"]
    assert cells[0].source.startswith('runtime = "sandbox"')


@each_book
def test_it_moves_in_small_steps(book: Path) -> None:
    cells = code_cells(book)
    assert len(cells) <= 26
    assert max(len(cell.source.splitlines()) for cell in cells) <= 20
    assert sum(len(cell.source.splitlines()) for cell in cells) <= 160


def test_something_moves_within_the_first_cells() -> None:
    """And the cells before it are all that the reader has to read until then."""
    cells = read(FOLDER / "00_start_here.ipynb").cells
    (place,) = [place for place, cell in enumerate(cells) if cell.source.startswith("practice(session")]
    before = cells[:place]
    assert sum(cell.cell_type == "code" for cell in before) <= 4
    assert sum(len(cell.source.split()) for cell in before) <= 450


@each_book
def test_it_installs_and_patches_nothing(book: Path) -> None:
    for cell in code_cells(book):
        assert not re.search(r"^\s*[%!]|sys\.path|importlib|get_ipython|helpers\.sandbox", cell.source, re.M)
        assert not [
            n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.FunctionDef | ast.ClassDef)
        ]


@each_book
def test_a_solution_is_hidden_and_has_a_starter(book: Path) -> None:
    cells = code_cells(book)
    for before, cell in pairwise(cells):
        if "solution" in tags(cell):
            assert cell.metadata.jupyter.source_hidden
            assert cell.metadata.jupyter.outputs_hidden  # JupyterLab shows them again once the cell is run
            assert cell.source.startswith("# ")  # a folded cell still shows its first line
            assert "your turn" in before.source


@each_book
def test_it_is_committed_as_one_run_from_top_to_bottom(book: Path) -> None:
    counts = [cell.execution_count for cell in code_cells(book)]
    assert counts == list(range(1, len(counts) + 1))
    assert any(cell.outputs for cell in code_cells(book))
    outputs = [output for cell in code_cells(book) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]


@each_book
def test_nothing_of_the_machine_it_ran_on_is_in_it(book: Path) -> None:
    notebook, text = read(book), book.read_text(encoding="utf-8")
    assert "widgets" not in notebook.metadata
    assert "papermill" not in notebook.metadata
    assert "version" not in notebook.metadata.language_info
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags", "jupyter"}
        for output in cell.get("outputs", []):
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
    assert str(ROOT.parent) not in text.replace("\\\\", "\\") or ROOT.parent == Path("/")
    assert not re.search(r"/(home|root|Users|tmp|work)/|127\.0\.0\.1:\d|AKIA|ASIA[0-9A-Z]{12}", text)


@each_book
def test_a_text_that_a_model_wrote_is_never_compared(book: Path) -> None:
    writes = re.compile(r"client\.(generate|stream|chat)\(|playground\(|sweep\.run\(")
    for cell in code_cells(book):
        if writes.search(cell.source) and "print" in cell.source and "except BadInput" not in cell.source:
            shown = "nbval-ignore-output" in tags(cell) or "supports" in cell.source
            assert shown, cell.source


def test_the_endpoint_made_by_hand_gets_a_name_that_sagemaker_takes() -> None:
    """However long the other one's is; and 06_clean_up deletes it by the same."""
    sources = ["".join(cell.source for cell in code_cells(FOLDER / f"{name}.ipynb")) for name in BY_HAND]
    written = [re.findall(r'f"[^"]*-by-hand"', source) for source in sources]
    assert [len(each) for each in written] == [1, 1]
    for name in ("a", "a" * 54 + "-" + "b" * 8, "a" * 63):
        first, second = (eval(each[0], {"endpoint_name": name}) for each in written)
        assert first == second
        assert is_name(first), first


def test_ids_are_kept_so_that_diffs_are_small() -> None:
    ids = [cell["id"] for book in BOOKS for cell in json.loads(book.read_text(encoding="utf-8"))["cells"]]
    assert len(ids) == len(set(ids))
