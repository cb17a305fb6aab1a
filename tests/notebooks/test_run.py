"""papermill runs every notebook in order against one sandbox, as a reader would with "run all"."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from helpers.connect.session import connect
from helpers.generate.client import Client
from helpers.sandbox import process
from helpers.sandbox.process import Address

from .books import BOOKS, FOLDER, code_cells, read, tags

SHORT: dict[str, dict[str, Any]] = {
    "03_generate": {"max_tokens": 20},
    "05_in_production": {"users": [1, 2], "seconds_each": 1, "max_tokens": 10, "clock_speed": 300},
    "04_tune": {"max_tokens_values": [10, 20], "temperatures": [0, 1, 5], "repetitions": 2},
}
CELL_SECONDS = 600  # a cell that hangs is named
MODELS = {"cohere-medium": "test-medium", "command-r-08-2024": "test-command-r"}


@pytest.fixture
def own_sandbox(
    isolation: None, sandbox: Address, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    """A new account each time: what other tests deployed would use up its quotas."""
    monkeypatch.setenv("SANDBOX_HOME", str(tmp_path / "home"))
    yield
    process.stop()


def run(book: Path, folder: Path, **given: Any) -> Path:
    """Run a notebook with those of the given parameters that it has."""
    known = papermill.inspect_notebook(str(book))
    wanted = SHORT.get(book.stem, {})
    assert set(wanted) <= set(known), f"{book.stem} has no such parameters"
    parameters = {name: value for name, value in given.items() if name in known} | wanted
    out = folder / book.name
    papermill.execute_notebook(
        str(book),
        str(out),
        parameters,
        cwd=str(FOLDER),
        progress_bar=False,
        log_output=False,
        execution_timeout=CELL_SECONDS,
    )
    return out


@pytest.mark.slow
@pytest.mark.parametrize("model_id", MODELS)
def test_the_tutorial_runs_from_subscribing_to_cleaning_up(
    own_sandbox: None, tmp_path: Path, model_id: str
) -> None:
    given = {
        "model_id": model_id,
        "endpoint_name": MODELS[model_id],
        "cancel_subscription": True,
        "runs_folder": str(tmp_path / "runs"),
    }
    for book in BOOKS:
        if book.stem == "05_in_production" and model_id != "cohere-medium":
            continue  # its load is the same for every API, and test_load has a chat's streams
        out = run(book, tmp_path, **given)
        widgets_are_clean(out)
        exercises_are_checked(out)
    sagemaker = connect("sandbox").client("sagemaker")
    names = [each["EndpointName"] for each in sagemaker.list_endpoints()["Endpoints"]]
    assert not [name for name in names if MODELS[model_id] in name]


PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/practice-chat-v2"  # in no catalogue
UNKNOWN = "can't tell whether this account is subscribed"


@pytest.mark.slow
def test_a_package_of_chat_v2_is_walked_from_deploying_to_tuning(own_sandbox: None, tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "model_package_arn": PACKAGE,
        "instance_type": "ml.g6.xlarge",
        "api": "chat-v2",
        "endpoint_name": "v2",
        "runs_folder": str(tmp_path / "runs"),
    }
    deployed = run(FOLDER / "02_deploy.ipynb", tmp_path, **given)
    assert UNKNOWN in deployed.read_text()
    del given["model_package_arn"]  # the endpoint's name and the api are enough from here on
    books = [run(FOLDER / f"{name}.ipynb", tmp_path, **given) for name in ("03_generate", "04_tune")]
    for book in books:
        widgets_are_clean(book)
    assert '\\"messages\\"' in books[0].read_text()
    (talk,) = [cell for cell in code_cells(books[0]) if "client.chat(" in cell.source]
    assert "continues prompts" not in str(talk.outputs)
    run(FOLDER / "06_clean_up.ipynb", tmp_path, **given)


@pytest.mark.slow
def test_a_listed_model_is_deployed_for_chat_v2(own_sandbox: None, tmp_path: Path) -> None:
    given = {"model_id": "command-r-08-2024", "api": "chat-v2", "endpoint_name": "v2"}
    books = [run(FOLDER / f"{name}.ipynb", tmp_path, **given) for name in ("01_subscribe", "02_deploy")]
    assert UNKNOWN not in books[1].read_text()
    assert Client(connect("sandbox"), "v2", api="chat-v2").generate("Hello", max_tokens=3).text


def exercises_are_checked(book: Path) -> None:
    """An untouched starter says how to begin, and its checker calls the solution right."""
    for cell in code_cells(book):
        if "exercises.check(" in cell.source:
            says = ["Right. "] if "solution" in tags(cell) else ["To begin: "]
            if "recommend(" in cell.source and "solution" in tags(cell):
                says += ["Not yet: the advice names"]  # of the short run's cut answers none need be good
            assert any(each in str(cell.outputs) for each in says), cell.source


def widgets_are_clean(book: Path) -> None:
    """An error inside a widget's callback passes under papermill: it shows in the widget's state only."""
    for cell in code_cells(book):
        for output in cell.outputs:
            assert output.output_type != "error"
            assert "Traceback" not in str(output)
    state = read(book).metadata.get("widgets", {})
    assert "Traceback" not in str(state)
    assert "output_type': 'error" not in str(state)


@pytest.mark.slow
@pytest.mark.parametrize(("book", "names"), [("02_deploy", "01_subscribe"), ("03_generate", "02_deploy")])
def test_a_notebook_run_too_early_names_the_one_to_run_first(
    own_sandbox: None, tmp_path: Path, book: str, names: str
) -> None:
    given = {"model_id": "command-light", "endpoint_name": "too-early"}
    with pytest.raises(PapermillExecutionError) as failed:
        run(FOLDER / f"{book}.ipynb", tmp_path, **given)
    assert names in failed.value.evalue
    assert len(failed.value.traceback) == 1, "one sentence, no traceback"


def test_every_parameter_of_a_short_run_exists() -> None:
    for book in BOOKS:
        assert set(SHORT.get(book.stem, {})) <= set(papermill.inspect_notebook(str(book)))


def test_parameters_that_several_notebooks_have_agree() -> None:
    seen: dict[str, Any] = {}
    own = {"prompt", "max_tokens"}  # each asks for what shows its lesson
    for book in BOOKS:
        for name, parameter in papermill.inspect_notebook(str(book)).items():
            assert name in own or seen.setdefault(name, parameter["default"]) == parameter["default"], (
                book.stem,
                name,
            )


def test_each_notebook_has_a_parameters_cell() -> None:
    assert all(any("parameters" in tags(cell) for cell in code_cells(book)) for book in BOOKS)
