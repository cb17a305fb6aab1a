"""The report of a batch: what was recommended and how sure it is, what it cost, no markup of a model's."""

import csv
import json
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.batch.outcome import Outcome
from helpers.batch.output import write_html
from helpers.batch.page import page
from helpers.batch.report import write
from helpers.records import usage
from helpers.records.recommended import FILE, Recommended

HOSTILE = '<script>alert(1)</script> "quoted" & $x^2$ [link](http://x) \u202e \ud800 <img src=x onerror=y>'
FOUND = Recommended(
    verdict="No clear winner, perhaps temperature 0.4, max_tokens 50.",
    reason="you want one right answer.",
    doubt="61% of 1,000 resampled sweeps choose the same temperature.",
    advice="below 1 for a Generate model.",
    prompt=HOSTILE,
    text=HOSTILE,
    writer="<SmolLM2>",
)
DONE = Outcome(
    **{"name": "a", "notebook": "04_tune.ipynb", "status": "done", "runtime": "sandbox", "seconds": 61.0},
    **{"output": "a.ipynb", "page": "a.ipynb.html", "tokens": 1234, "endpoint_seconds": 31.0},
    **{"instance_usd": 0.0, "software_usd": 0.0},  # type: ignore[arg-type]
    recommended=FOUND,
)
FAILED = Outcome("b", "04_tune.ipynb", "failed", "aws", error="ValueError: <b>no</b>", tokens=7)


class Elements(HTMLParser):
    """The elements of a page, its text, and whether they are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def work(folder: Path, **recommended: Any) -> Path:
    """The working folder of a run with a request that took two seconds, and perhaps a recommendation."""
    (folder / "runs").mkdir()
    (folder / usage.FILE).write_text('{"ended": 10.0, "seconds": 2.0, "tokens": 2}')
    (folder / "runs" / "setting.json").write_text('{"temperature": 0.4}')
    if recommended:
        (folder / "runs" / FILE).write_text(json.dumps(asdict(replace(FOUND, **recommended))))
    return folder


def test_the_page_has_the_verdict_with_its_doubt_the_reason_and_a_text_with_its_writer() -> None:
    shown = Elements(page([DONE, FAILED]))
    for told in (FOUND.verdict, FOUND.doubt, FOUND.reason, FOUND.advice, "1,234", "nothing", "<SmolLM2>"):
        assert told[1:] in shown.text, told  # the first letter is a capital
    assert "1 of 2 runs done. In the sandbox nothing is paid. What a run cost" in shown.text
    assert "<script>alert(1)</script>" in shown.text
    assert {"a.ipynb", "a.ipynb.html", "#a", "#b"} == {a.get("href") for tag, a in shown.found if tag == "a"}


def test_whatever_a_model_or_an_error_says_makes_no_element() -> None:
    harmless = replace(DONE, recommended=replace(FOUND, text="x", prompt="x", writer="x"))
    pages = [page([DONE, FAILED]), page([harmless, replace(FAILED, error="x")])]
    # a span stands around each character that MathJax would take for a formula
    shown, tags = ([tag for tag, _ in Elements(each).found if tag != "span"] for each in pages)
    assert shown == tags


@given(st.text() | st.from_regex(r"(<[a-z/]*>|&[a-z]*;|[\"'$\\\n])*"))
def test_any_text_is_shown_literally(text: str) -> None:
    told = replace(FOUND, text=text, prompt=text, writer=text)
    shown = Elements(page([replace(DONE, recommended=told)]))
    assert not shown.open
    assert not {"script", "img", "iframe"} & {tag for tag, _ in shown.found}
    page([replace(DONE, recommended=told)]).encode()


def test_a_run_without_a_recommendation_says_so_and_why() -> None:
    shown = Elements(page([FAILED, Outcome("c", "x.ipynb", "not run")]))
    assert "this run has not come to a recommendation" in shown.text
    assert "ValueError: <b>no</b>" in shown.text
    assert "7 tokens" in shown.text
    assert "0 of 2 runs done" in shown.text


@pytest.mark.parametrize(
    ("instance", "software", "told"),
    [
        (0.5, 2.0, "$2.50 (instance $0.5000, software $2.00)"),
        (0.5, None, "partly known (instance $0.5000, software not known)"),
        (None, None, "not known"),
    ],
)
def test_the_cost_has_its_parts_where_they_are_known(
    instance: float | None, software: float | None, told: str
) -> None:
    outcome = replace(FAILED, instance_usd=instance, software_usd=software)
    assert told in Elements(page([outcome])).text


def test_the_table_says_the_same_without_what_a_model_wrote(tmp_path: Path) -> None:
    table, html = write(tmp_path, [DONE, FAILED])
    with table.open(encoding="utf-8", newline="") as file:
        done, failed = csv.DictReader(file)
    assert (done["verdict"], done["doubt"], done["reason"]) == (FOUND.verdict, FOUND.doubt, FOUND.reason)
    assert (done["tokens"], done["instance_usd"], failed["instance_usd"]) == ("1234", "0.0", "")
    assert (failed["verdict"], failed["error"]) == ("", FAILED.error)
    assert "script" not in table.read_text(encoding="utf-8")
    assert html.exists()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_in_a_spreadsheet_no_text_is_a_formula_and_a_number_is_a_number(tmp_path: Path, start: str) -> None:
    formula = f'{start}HYPERLINK("http://x")'
    found = replace(FOUND, verdict=formula, doubt=formula, reason=f"as {formula}")
    outcome = replace(DONE, error=formula, setting="{}", instance_usd=-0.5, recommended=found)
    path, _ = write(tmp_path, [outcome])
    with path.open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert {row[name] for name in ("verdict", "doubt", "error")} == {f"'{formula}"}
    assert (row["reason"], row["setting"], row["instance_usd"]) == (f"as {formula}", "{}", "-0.5")


def test_an_outcome_has_what_the_run_left_in_its_folder(tmp_path: Path) -> None:
    bare = Outcome("a", "04_tune.ipynb", "done", "aws")
    told = bare.with_folder(work(tmp_path, instance_usd_per_hour=1800.0, software_usd_per_hour=3600.0))
    assert (told.tokens, told.endpoint_seconds) == (2, 2.0)
    assert (told.instance_usd, told.software_usd) == (1.0, 2.0)
    assert told.recommended is not None
    assert (told.recommended.verdict, json.loads(told.setting)) == (FOUND.verdict, {"temperature": 0.4})
    assert Outcome.from_record(json.loads(json.dumps(asdict(told)))) == told
    practised = replace(bare, runtime="sandbox").with_folder(tmp_path)
    assert (practised.instance_usd, practised.software_usd) == (0.0, 0.0)


def test_a_run_that_failed_has_used_what_it_has_used(tmp_path: Path) -> None:
    told = Outcome("a", "04_tune.ipynb", "failed", "aws").with_folder(work(tmp_path))
    assert (told.tokens, told.instance_usd, told.recommended) == (2, None, None)
    assert Outcome.from_record(json.loads(json.dumps(asdict(told)))) == told


@pytest.mark.parametrize("left", [b"", b"{}", b"[", b"\xff", b"[" * 100_000, b'{"verdict": 1}'])
def test_a_recommendation_that_is_none_loses_no_outcome(tmp_path: Path, left: bytes) -> None:
    (work(tmp_path) / "runs" / FILE).write_bytes(left)
    assert Outcome("a", "04_tune.ipynb", "done").with_folder(tmp_path).recommended is None


def test_secrets_are_taken_out_of_a_recommendation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", 'wJalr/"secret"+1')
    told = Outcome("a", "x", "done").with_folder(work(tmp_path, text='AKIAABCDEFGHIJKLMNOP wJalr/"secret"+1'))
    assert told.recommended is not None
    assert told.recommended.text == "[removed] [removed]"


@pytest.mark.parametrize("text", [None, "", "{}", '{"cells": []}', '{"cells": [{}]}'])
def test_a_notebook_that_was_cut_short_has_no_html(tmp_path: Path, text: str | None) -> None:
    output = tmp_path / "a.ipynb"
    if text is not None:
        output.write_text(text)
    assert write_html(output, tmp_path) == ""
    assert list(tmp_path.glob("*.html")) == []
