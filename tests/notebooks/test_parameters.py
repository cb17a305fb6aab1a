"""Each notebook checks its parameters first: what papermill makes of a wrong one ends it in one sentence."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import papermill
import pytest
from papermill.cli import papermill as command
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from helpers.notebook import parameters
from helpers.errors import BadInput

from ..helpers.wrong_values import NO_AMOUNT, NO_YES_OR_NO
from .books import BOOKS, FOLDER, code_cells, tags

each_book = pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)


def check_of(cells: list[Any]) -> ast.Call:
    """The notebook's first statement that is neither a parameter nor an import."""
    statements = [
        statement
        for cell in cells
        if not {"parameters", "injected-parameters"} & set(tags(cell))
        for statement in ast.parse(cell.source).body
        if not isinstance(statement, ast.Import | ast.ImportFrom)
    ]
    first = statements[0]
    assert isinstance(first, ast.Expr)
    assert isinstance(first.value, ast.Call)
    assert ast.unparse(first.value.func) == "parameters.check"
    return first.value


@each_book
def test_it_checks_exactly_its_parameters_before_anything_else(book: Path) -> None:
    call = check_of(code_cells(book))
    given = {str(keyword.arg): ast.unparse(keyword.value) for keyword in call.keywords}
    assert not call.args
    assert list(given) == list(given.values()) == list(papermill.inspect_notebook(str(book)))


def checked(book: str, **given: Any) -> None:
    """What the notebook does with parameters as papermill writes them into it, up to its check."""
    notebook = parameterize_notebook(load_notebook_node(str(FOLDER / f"{book}.ipynb")), given)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    names: dict[str, Any] = {"parameters": parameters}
    for cell in cells:
        if {"parameters", "injected-parameters"} & set(tags(cell)):
            exec(cell.source, names)
    eval(compile(ast.Expression(check_of(cells)), book, "eval"), names)


WRITTEN = (str, int, float, bool, list, dict, tuple, type(None))  # what papermill can write into a cell
CONSENTING = {
    "accept_terms": ("01_subscribe", NO_YES_OR_NO),
    "set_up_account": ("02_deploy", NO_YES_OR_NO),
    "cancel_subscription": ("06_clean_up", NO_YES_OR_NO),
    "max_usd_per_hour": ("02_deploy", NO_AMOUNT),
    "software_usd_per_hour": ("02_deploy", NO_AMOUNT),
    "delete_after_hours": ("02_deploy", [*NO_AMOUNT, 0, 1e6]),
}


@pytest.mark.parametrize("name", CONSENTING)
def test_what_papermill_makes_of_a_wrong_value_is_no_consent(name: str) -> None:
    book, values = CONSENTING[name]
    tried = [value for value in values if type(value) in WRITTEN and value != 10**5000]
    assert len(tried) >= 40
    for value in tried:
        with pytest.raises(BadInput, match=f"{name} is .*it takes"):
            checked(book, **{name: value})


@each_book
def test_its_defaults_pass(book: Path) -> None:
    checked(book.stem)


Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run papermill's command; the one sentence that the notebook ended in. No sandbox was started for it."""
    home = tmp_path / "home"
    monkeypatch.setenv("SANDBOX_HOME", str(home))

    def run(book: str, *arguments: str) -> str:
        source, out = str(FOLDER / f"{book}.ipynb"), str(tmp_path / "out.ipynb")
        quiet = ("--no-progress-bar", "--no-log-output", "--cwd", str(FOLDER))
        with pytest.raises(PapermillExecutionError) as failed:
            command.main([source, out, *quiet, *arguments], standalone_mode=False)
        assert failed.value.ename == "BadInput"
        assert len(failed.value.traceback) == 1, "one sentence, no traceback"
        assert not home.exists()
        return str(failed.value.evalue)

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("book", "arguments", "told"),
    [
        ("01_subscribe", ("-p", "accept_terms", "false"), "accept_terms is 'false'; it takes True or False"),
        ("01_subscribe", ("-r", "accept_terms", "True"), "accept_terms is 'True'; it takes True or False"),
        ("01_subscribe", ("-y", "{accept_terms: 1}"), "accept_terms is 1; it takes True or False"),
        ("02_deploy", ("-p", "max_usd_per_hour", "nan"), "max_usd_per_hour is nan; it takes a finite number"),
        ("02_deploy", ("-r", "max_usd_per_hour", "10"), "max_usd_per_hour is '10'; it takes a finite number"),
        (
            "02_deploy",
            ("-p", "software_usd_per_hour", "-5"),
            "software_usd_per_hour is -5; it takes a finite",
        ),
        ("02_deploy", ("-p", "delete_after_hours", "never"), "delete_after_hours is 'never'; it takes more"),
        (
            "04_tune",
            ("-p", "max_tokens_values", "[50, 100]"),
            "max_tokens_values is '[50, 100]'; it takes a list",
        ),
        (
            "06_clean_up",
            ("-p", "cancel_subscription", "false"),
            "cancel_subscription is 'false'; it takes True",
        ),
        ("06_clean_up", ("-p", "runtime", "AWS"), "runtime is 'AWS'; it takes 'sandbox' or 'aws'"),
    ],
)
def test_papermill_ends_in_one_sentence_before_any_request(
    run: Run, book: str, arguments: tuple[str, ...], told: str
) -> None:
    assert told in run(book, "-p", "runtime", "aws", *arguments)
