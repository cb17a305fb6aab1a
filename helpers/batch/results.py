"""Runs that another scheduler has papermill execute: their orders, and their results in the same report."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import BadInput
from .outcome import Outcome
from .output import error_of, write_html
from .report import write
from .secrets import clean
from .table import Run, read_table


def orders(table: str | Path, out: str | Path, common: dict[str, Any]) -> list[dict[str, Any]]:
    """Return for each row of the table that is not done what a scheduler needs to execute its notebook.

    That is `input_nb`, `output_nb` and `parameters`, as Airflow's PapermillOperator calls them. `common` are
    parameters of all rows, such as the endpoint's name. Answers are kept in a folder of `out` that stays the
    same, so that a row that was killed goes on where it was. Raises BadInput for a wrong row, or for one that
    sets a parameter of `common` itself.
    """
    folder = Path(out).resolve()
    runs = _runs(table, folder, common)
    for run in runs:
        Path(run.parameters["runs_folder"]).mkdir(parents=True, exist_ok=True)
    return [
        {
            "input_nb": str(run.notebook),
            "output_nb": str(_output(run, folder)),
            "parameters": dict(run.parameters),
        }
        for run in runs
        if _status(run, folder) != "done"
    ]


def gather(table: str | Path, out: str | Path, common: dict[str, Any]) -> list[Outcome]:
    """Write summary.csv and summary.html of what the runs of `orders` came to, and return the outcomes."""
    folder = Path(out).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = [_outcome(run, folder) for run in _runs(table, folder, common)]
    write(folder, outcomes)
    return outcomes


def _runs(table: str | Path, folder: Path, common: dict[str, Any]) -> Sequence[Run]:
    return [_with_common(run, folder, common) for run in read_table(table)]


def _with_common(run: Run, folder: Path, common: dict[str, Any]) -> Run:
    own = {"runs_folder": str(run.work(folder) / "runs"), **common}
    if taken := sorted(set(own) & set(run.parameters)):
        raise BadInput(f"Row {run.name}: {', '.join(taken)} is the same for all rows; leave the column out.")
    parameters = {**run.parameters, **own}
    return replace(run, parameters=parameters, runtime=str(common.get("runtime", run.runtime)))


def _output(run: Run, folder: Path) -> Path:
    return folder / f"{run.name}.ipynb"


def _status(run: Run, folder: Path) -> str:
    """Return how the run of these very parameters ended, by what papermill wrote into its notebook."""
    told = _papermill(_output(run, folder))
    if told.get("parameters") != dict(run.parameters):
        return "not run"
    if told.get("exception") or not told.get("end_time"):  # a killed one has no end
        return "failed"
    return "done"


def _papermill(output: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(output.read_text(encoding="utf-8"))["metadata"]["papermill"])
    except (OSError, ValueError, KeyError, TypeError):  # not there, or killed while it was being written
        return {}


def _outcome(run: Run, folder: Path) -> Outcome:
    output, status = _output(run, folder), _status(run, folder)
    outcome = Outcome(run.name, run.notebook.name, status, run.runtime)
    if status == "not run":
        return outcome
    clean(output)
    error = error_of(output) if status == "failed" else ""
    return replace(
        outcome,
        seconds=round(_papermill(output).get("duration") or 0.0, 1),
        output=output.name,
        page=write_html(output, run.notebook.parent),
        error=error or "It was interrupted." * (status == "failed"),
    ).with_folder(Path(run.parameters["runs_folder"]))
