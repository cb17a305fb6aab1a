"""The table of a batch: one row a run, checked against the notebooks' parameters before anything starts."""

import ast
import csv
import hashlib
import io
import json
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import catalog
from ..errors import BadInput
from .secrets import SECRET_VALUE

DEFAULT_NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "04_tune.ipynb"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # it becomes a file name
# Refused as parameters: the output notebook shows them to every reader.
SECRET_NAME = re.compile(r"secret|passw|credential|api_?key|access_?key|session_?token|auth_?token", re.I)
# What Python raises for an invalid literal, one nested too deeply, or one too long.
UNREADABLE = (ValueError, SyntaxError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Run:
    """One row: a notebook, the parameters it is run with, and its `runtime`, empty if it takes none."""

    name: str
    notebook: Path
    parameters: Mapping[str, Any]
    runtime: str = ""

    @property
    def fingerprint(self) -> str:
        """A hash of the notebook, as it is on the disk, and its parameters."""
        told = json.dumps(self.parameters, sort_keys=True).encode()
        return hashlib.sha256(self.notebook.read_bytes() + told).hexdigest()[:16]

    def work(self, out: Path) -> Path:
        """Return the folder below `out` for these very parameters: what failed goes on in it."""
        return out / "work" / f"{self.name}-{self.fingerprint[:8]}"


def read_table(path: str | Path) -> list[Run]:
    """Read the runs of a .csv or .json table (a list of objects); an empty field takes the default.

    Columns: `name`; `notebook` (04_tune if left out) and `prompt_file` (read into `prompt`), both relative
    to the table's folder; every other column is a parameter of the notebook. Raises BadInput that names the
    row and the parameter.
    """
    table = Path(path)
    rows = _rows(table)
    if not rows:
        raise BadInput(f"{table} has no rows.")
    runs = [_run(table, number, row) for number, row in enumerate(rows, start=1)]
    twice = {run.name for run in runs if [each.name.lower() for each in runs].count(run.name.lower()) > 1}
    if twice:
        raise BadInput(f"{table}: the name {', '.join(sorted(twice))} stands on several rows.")
    return runs


def _rows(table: Path) -> list[dict[str, Any]]:
    try:
        text = table.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise BadInput(f"The table {table} cannot be read: {error}") from error
    if table.suffix == ".json":
        return _json_rows(table, text)
    if table.suffix != ".csv":
        raise BadInput(f"{table} is neither .csv nor .json.")
    return _csv_rows(table, text)


def _csv_rows(table: Path, text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[dict[str, Any]] = []
    try:
        for row in reader:
            if None in row or None in row.values():
                raise BadInput(
                    f"{table}, line {reader.line_num}: more or fewer fields than the first line names."
                )
            rows.append(dict(row))
    except csv.Error as error:
        raise BadInput(
            f"{table}, line {reader.reader.line_num}: {error}. A long prompt can be a file of its own, "
            "named in the column prompt_file."
        ) from error
    return rows


def _json_rows(table: Path, text: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{table} is not JSON: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"{table} is not a list of objects, one for each run.")
    return rows


def _run(table: Path, number: int, row: Mapping[str, Any]) -> Run:
    given = {name: value for name, value in row.items() if value not in ("", None)}
    name = str(given.pop("name", ""))
    where = f"{table}, row {number} ({name or 'no name'})"
    if not NAME.fullmatch(name):
        raise BadInput(
            f"{where}: a name of letters, digits, '.', '_' and '-' is needed; it names the output."
        )
    chosen = given.pop("notebook", None)
    if chosen is not None and (not isinstance(chosen, str) or "\0" in chosen):
        raise BadInput(f"{where}: notebook is {chosen!r}; it takes a path.")
    notebook = (table.parent / chosen).resolve() if chosen else DEFAULT_NOTEBOOK
    if "prompt_file" in given:
        if "prompt" in given:
            raise BadInput(f"{where}: give prompt or prompt_file, not both.")
        given["prompt"] = _prompt(table.parent / str(given.pop("prompt_file")), where)
    known = _known(notebook, where)
    as_text = table.suffix == ".csv"
    parameters = {key: _value(key, v, known, where, as_text) for key, v in given.items()}
    return Run(name, notebook, parameters, str(parameters.get("runtime", known.get("runtime")) or ""))


def _prompt(path: Path, where: str) -> str:
    try:
        text = path.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, ValueError) as error:
        raise BadInput(f"{where}: prompt_file cannot be read: {error}") from error
    if not text.strip():
        raise BadInput(f"{where}: prompt_file {path.name} is empty.")
    return text


def _known(notebook: Path, where: str) -> dict[str, Any]:
    """Return the notebook's parameters and their defaults (papermill only warns of unknown ones)."""
    from papermill import inspect_notebook  # type: ignore[import-untyped]

    try:
        found = inspect_notebook(str(notebook))
    except Exception as error:  # nbformat has no common error for bad files
        raise BadInput(f"{where}: the notebook {notebook} cannot be read: {error}") from error
    return {name: _default(each["default"]) for name, each in found.items()}


def _default(source: str) -> Any:
    """Return a default's value; None, which any value fits, where it is computed."""
    try:
        return ast.literal_eval(source)
    except UNREADABLE:
        return None


def _value(name: str, given: Any, known: Mapping[str, Any], where: str, as_text: bool) -> Any:
    if name not in known:
        raise BadInput(f"{where}: the notebook has no parameter {name!r}; it has {', '.join(known)}.")
    default = known[name]
    is_want = name == "want" and catalog.is_want(default)  # the one parameter that takes a word or a number
    value = _literal(given) if as_text and (is_want or not isinstance(default, str)) else given
    if not (catalog.is_want(value) if is_want else _fits(value, default)):
        wanted = catalog.WANT_RULE if is_want else f"{type(default).__name__}, such as {default!r}"
        shown = reprlib.repr(given)  # a field may be of any length
        raise BadInput(f"{where}: parameter {name} is {shown}; the notebook takes {wanted}.")
    if SECRET_NAME.search(name) or SECRET_VALUE.search(json.dumps(value)):
        raise BadInput(
            f"{where}: parameter {name} looks like a secret, and output notebooks show parameters."
        )
    if name == "model_id":
        catalog.model(value)
    return value


def _literal(text: str) -> Any:
    """Return a csv field's value, read as JSON or Python; the text itself if it is neither."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except UNREADABLE:
            continue
    return text


def _fits(value: Any, default: Any) -> bool:
    """Return whether the value has the default's type; list items, that of one of its items."""
    if default is None:
        return True
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    if isinstance(default, list) and isinstance(value, list):
        fits = (any(_fits(each, item) for item in default) for each in value)
        return bool(value) and (not default or all(fits))
    return isinstance(value, type(default))
