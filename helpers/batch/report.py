"""The report of a batch, as a table and a page, and the removal of secrets from its output notebooks."""

import csv
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..notebook.markup import attribute, escape
from ..records import payload
from .table import SECRET_VALUE

SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK")
HIDDEN = "[removed]"
LONGEST_ERROR = 300


@dataclass(frozen=True)
class Outcome:
    """A run's result. `status` is done, failed, timeout, or "not run"; `seconds` is 0 where it was not run.

    `setting` is what a run of 04_tune saved to its setting.json.
    """

    name: str
    notebook: str
    status: str
    seconds: float = 0.0
    output: str = ""
    setting: str = ""
    error: str = ""

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Outcome":
        """Read back a line of state.jsonl; raise payload.WrongShape for any other record."""
        names = [field.name for field in fields(cls)]
        if set(record) - set(names):
            raise payload.WrongShape(f"an outcome has {', '.join(names)}, and nothing else")
        seconds = payload.number_or_none(record, "seconds") or 0.0
        told = {name: payload.text_or_none(record, name) or "" for name in names if name != "seconds"}
        for name in ("name", "notebook", "status"):
            payload.text(record, name)
        return cls(**told, seconds=seconds)


def error_of(output: Path) -> str:
    """Return the error that ended a notebook, in one line; empty if there is none."""
    for cell in _cells(output):
        for each in cell.get("outputs", []):
            if each.get("output_type") == "error":
                return shorten(f"{each.get('ename', 'Error')}: {each.get('evalue', '')}")
    return ""


def shorten(text: str) -> str:
    """Return the text in one line of at most 300 characters."""
    line = " ".join(without_secrets(text).split())
    return line if len(line) <= LONGEST_ERROR else line[: LONGEST_ERROR - 1] + "…"


def clean(output: Path) -> None:
    """Remove secrets from a file: access keys, and AWS secrets that the environment holds."""
    if not output.exists():
        return
    text = output.read_bytes().decode("utf-8", "surrogateescape")  # a log may hold other bytes
    if (cleaned := without_secrets(text)) != text:
        output.write_bytes(cleaned.encode("utf-8", "surrogateescape"))


def without_secrets(text: str) -> str:
    """Return the text with secrets replaced, also where they are escaped as in a notebook's JSON."""
    for value in (os.environ.get(name, "") for name in SECRETS):
        if len(value) >= 8:
            text = re.sub(f"{re.escape(value)}|{re.escape(json.dumps(value)[1:-1])}", HIDDEN, text)
    return SECRET_VALUE.sub(HIDDEN, text)


def write(folder: Path, outcomes: Iterable[Outcome]) -> tuple[Path, Path]:
    """Write summary.csv and summary.html and return their paths."""
    listed = list(outcomes)
    table, page = folder / "summary.csv", folder / "summary.html"
    names = [field.name for field in fields(Outcome)]
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(asdict(each) for each in listed)
    page.write_text(_page(names, listed), encoding="utf-8")
    return table, page


def _page(names: list[str], outcomes: list[Outcome]) -> str:
    done = sum(each.status == "done" for each in outcomes)
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{_field(name, getattr(each, name))}</td>" for name in names) + "</tr>"
        for each in outcomes
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Batch summary</title>
<style>body{{font-family:sans-serif;margin:2em}}td,th{{text-align:start;vertical-align:top;
padding:.3em .8em;border-bottom:1px solid #888}}@media(prefers-color-scheme:dark){{
body{{background:#111;color:#eee}}a{{color:#8cf}}}}</style>
<h1>Batch summary</h1><p>{done} of {len(outcomes)} runs done.</p>
<table><tr>{heads}</tr>
{rows}
</table></html>
"""


def _field(name: str, value: Any) -> str:
    if name == "output" and value:
        return f'<a href="{attribute(value)}">{escape(value)}</a>'
    return escape(f"{value:.0f}" if isinstance(value, float) else str(value))


def _cells(output: Path) -> list[dict[str, Any]]:
    if not output.exists():
        return []
    try:
        return list(json.loads(output.read_text(encoding="utf-8"))["cells"])
    except (ValueError, KeyError, TypeError):  # killed while papermill was writing it
        return []
