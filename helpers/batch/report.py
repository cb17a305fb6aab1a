"""The report of a batch: summary.csv, a row a run, and summary.html."""

import csv
from collections.abc import Iterable
from pathlib import Path

from .outcome import Outcome
from .page import page

WORDS = ("verdict", "doubt", "reason")  # of the recommendation; what a model wrote stands in the page only
COLUMNS = (
    *("name", "notebook", "status", *WORDS, "setting", "tokens", "endpoint_seconds"),
    *("instance_usd", "software_usd", "runtime", "seconds", "output", "page", "error"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a text that begins so (OWASP, CSV injection)


def write(folder: Path, outcomes: Iterable[Outcome]) -> tuple[Path, Path]:
    """Write summary.csv and summary.html and return their paths."""
    listed = list(outcomes)
    table, html = folder / "summary.csv", folder / "summary.html"
    with table.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([_field(each, name) for name in COLUMNS] for each in listed)
    html.write_text(page(listed), encoding="utf-8")
    return table, html


def _field(outcome: Outcome, name: str) -> object:
    """Return a field's value; before a text that a spreadsheet would run as a formula, an apostrophe."""
    value = getattr(outcome.recommended, name, "") if name in WORDS else getattr(outcome, name)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
