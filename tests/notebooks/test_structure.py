"""What a reader may expect of every notebook, and what must never be committed in one."""

import ast
import json
import re
from itertools import pairwise
from pathlib import Path

import papermill
import pytest
from nbconvert import HTMLExporter

from helpers.deploy.endpoint import is_name
from helpers.notebook.exercises import EXERCISES

from .books import BOOKS, FOLDER, LINK, ROOT, code_cells, read, tags

each_book = pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
FOLDED = "# Solution: open it once you have tried\n"
CHECKER = re.compile(r"^exercises\.check\(.+\)$", re.M)
FOLD = "<details><summary>"
# Blank lines around an answer make it Markdown to all of them; without, it would be shown as it is written.
FOLDS = re.compile(
    r"^<details><summary>([^\n]+)</summary>\n\n((?:(?!</?details).)+?)\n\n</details>$", re.M | re.S
)
GUESS = r"[Gg]uess(:| first| before)"
LONGEST = 88  # characters of code: with them a JupyterLab window of 1,280 pixels has room to spare
BY_HAND = ("02_deploy", "06_clean_up")


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
    lines, nodes = cells[0].source.splitlines(), ast.parse(cells[0].source).body
    assert sum(node.end_lineno - node.lineno + 1 for node in nodes) == len(lines), "nothing else"
    for line in (lines[node.end_lineno - 1] for node in nodes):  # of a long text, the last
        assert re.fullmatch(r"(\w+ = .+|\))  # .+", line), line
    assert all(each["help"] for each in papermill.inspect_notebook(str(book)).values())
    assert all(isinstance(ast.literal_eval(node.value), object) for node in nodes)
    assert [node.targets[0].id for node in nodes][:2] == ["runtime", "region"]
    assert cells[0].source.startswith('runtime = "sandbox"')


@each_book
def test_it_moves_in_small_steps(book: Path) -> None:
    cells = code_cells(book)
    assert len(cells) <= 26
    assert max(len(cell.source.splitlines()) for cell in cells) <= 20
    assert sum(len(cell.source.splitlines()) for cell in cells) <= 160


@each_book
def test_no_line_of_code_scrolls_sideways(book: Path) -> None:
    for cell in code_cells(book):
        assert [line for line in cell.source.splitlines() if len(line) > LONGEST] == []


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
def test_a_solution_gives_nothing_away_until_it_is_opened(book: Path) -> None:
    for cell in (cell for cell in code_cells(book) if "solution" in tags(cell)):
        assert cell.metadata.jupyter.source_hidden
        assert cell.metadata.jupyter.outputs_hidden  # JupyterLab shows them again once the cell is run
        assert cell.source.startswith(FOLDED)  # all that a folded cell shows is its first line
        assert not cell.outputs, "make notebooks drops them"
        assert "nbval-ignore-output" in tags(cell)  # it runs in the tests all the same


@each_book
def test_an_exercise_is_a_starter_with_a_checker_and_then_a_solution(book: Path) -> None:
    cells = code_cells(book)
    starters = [cell for cell in cells if "# your turn" in cell.source]
    assert [after for before, after in pairwise(cells) if before in starters] == [
        cell for cell in cells if "solution" in tags(cell)
    ]
    for starter in starters:
        (call,) = CHECKER.findall(starter.source)
        assert starter.source.endswith(call)
        solution = cells[cells.index(starter) + 1]
        assert CHECKER.findall(solution.source) == [call], "the same check of the same names"
        used = ast.literal_eval(call[len("exercises.check(") :].partition(",")[0])
        assert used in EXERCISES


def test_every_exercise_is_in_a_notebook() -> None:
    source = "\n".join(cell.source for book in BOOKS for cell in code_cells(book))
    assert {name for name in EXERCISES if f'exercises.check("{name}", ' in source} == set(EXERCISES)


@each_book
def test_it_asks_for_guesses_first_and_each_has_its_answer_on_a_click(book: Path) -> None:
    cells = [cell for cell in read(book).cells if cell.cell_type == "markdown"]
    asking = [n for n, cell in enumerate(cells) if re.search(GUESS, cell.source)]
    for n in asking:
        assert FOLD in cells[n].source + cells[n + 1].source, cells[n].source
    assert len(asking) >= 2


@each_book
def test_a_fold_is_written_so_that_every_viewer_shows_its_markdown(book: Path) -> None:
    for cell in read(book).cells:
        if cell.cell_type == "markdown" and "details" in cell.source:
            assert not FOLDS.sub("", cell.source).count("details"), cell.source
            for summary, answer in FOLDS.findall(cell.source):
                assert not re.search(r"[`*\[]", summary), "a summary is HTML: <code>, <i>, <b>"
                assert answer.strip()


def test_a_fold_is_one_in_the_pages_made_from_a_notebook_too() -> None:
    body, _ = HTMLExporter().from_filename(str(FOLDER / "00_start_here.ipynb"))
    assert len(re.findall("<details><summary>.+</summary>", body)) == body.count("</details>") >= 8
    assert "<p><strong>Right.</strong> At 2 bytes (<code>float16</code>) the weights" in body


@each_book
def test_an_option_says_whether_it_is_right_and_one_of_a_question_is(book: Path) -> None:
    for cell in read(book).cells:
        verdicts = re.findall(r"^\*\*(Right|Not quite)\.\*\* \w", cell.source, re.M)
        if cell.cell_type == "markdown" and "**Guess first.**" in cell.source:
            assert len(verdicts) == cell.source.count(FOLD) >= 2
            assert verdicts.count("Right") == 1


@each_book
def test_a_check_point_comes_before_the_summary(book: Path) -> None:
    *_, last_but_one, last = read(book).cells
    assert last_but_one.source.startswith("## Check-point")
    assert last.source.startswith("## Summary\n")
    asked = re.findall(
        r"^<details><summary><b>(\d+)\.</b> .+\?( \(0\d(?:, 0\d)*\))?</summary>$", last_but_one.source, re.M
    )
    of_the_course = book.stem == "06_clean_up"
    assert [int(number) for number, _ in asked] == list(range(1, 13 if of_the_course else 4))
    assert all(bool(where) == of_the_course for _, where in asked)
    assert of_the_course or "**What you can do now.**" in last_but_one.source


def test_the_questions_on_the_whole_course_ask_of_every_notebook() -> None:
    asked = re.findall(r" \((0\d(?:, 0\d)*)\)</summary>$", read(BOOKS[-1]).cells[-2].source, re.M)
    named = [number for each in asked for number in each.split(", ")]
    assert set(named) == {book.stem[:2] for book in BOOKS}
    assert named.count("05") >= 4, "load, cost, scaling and the nights"


@each_book
def test_it_is_committed_as_one_run_from_top_to_bottom(book: Path) -> None:
    counts = [(cell.execution_count, "solution" in tags(cell)) for cell in code_cells(book)]
    assert [count for count, _ in counts] == [
        None if solution else n for n, (_, solution) in enumerate(counts, 1)
    ]
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
