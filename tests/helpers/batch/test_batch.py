"""A batch of notebooks: refused if any row is wrong, resumed where it failed, nothing secret kept."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.batch import runner
from helpers.batch.__main__ import main
from helpers.batch.outcome import _setting
from helpers.batch.runner import batch
from helpers.batch.secrets import without_secrets
from helpers.batch.table import Run, read_table
from helpers.catalog import load_prompts
from helpers.errors import BadInput, UnknownModel
from helpers.generate.client import Client
from helpers.records.journal import read
from helpers.records.usage import usage

PARAMETERS = """count = 3  # a number
share = 0.5  # a share
word = "hello"  # a word
prompt = ""  # a prompt
limits = [1, 2]  # some limits
loud = False  # whether
model_id = "cohere-medium"  # a model
api_key = ""  # what no table may hold"""
BODY = """import os, pathlib, time
with pathlib.Path("asked").open("a") as file:
    file.write("x")
if word == "sleep":
    time.sleep(600)
if word == "fail" and len(pathlib.Path("asked").read_text()) < 2:
    raise ValueError("not this time, key AKIAABCDEFGHIJKLMNOP")
print(repr(prompt), count, os.environ.get("AWS_SECRET_ACCESS_KEY"))"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_code_cell(BODY)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), tmp_path / "tiny.ipynb")
    return tmp_path


def table(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "table.json"
    path.write_text(json.dumps([{"notebook": "tiny.ipynb", **row} for row in rows]), encoding="utf-8")
    return path


def csv_table(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


# --- the table


def test_a_csv_fields_type_is_its_parameters(folder):
    head = "name,notebook,count,share,word,prompt,limits,loud\n"
    row = 'a,tiny.ipynb,7,1,12,"two\nlines 😀","[3, 4]",true\n'
    (run,) = read_table(csv_table(folder, head + row))
    assert dict(run.parameters) == {
        **{"count": 7, "share": 1, "word": "12", "prompt": "two\nlines 😀", "limits": [3, 4]},
        "loud": True,
    }


def wanting(folder: Path) -> None:
    """Give the notebook a parameter that takes a word or a number."""
    book = nbformat.read(folder / "tiny.ipynb", as_version=4)
    book.cells[0].source += '\nwant = "some"  # how many'
    nbformat.write(book, folder / "tiny.ipynb")


def test_what_a_task_wants_is_a_word_or_a_number(folder):
    wanting(folder)
    told = [run.parameters["want"] for run in read_table(table(folder, {"name": "a", "want": 3}))]
    rows = "name,notebook,want\na,tiny.ipynb,many\nb,tiny.ipynb,3\nc,tiny.ipynb,2.5\n"
    told += [run.parameters["want"] for run in read_table(csv_table(folder, rows))]
    assert told == [3, "many", 3, 2.5]


@pytest.mark.parametrize("want", ["few", "0", "true", "[1]", "nan", "NaN"])
def test_what_no_task_can_want_is_refused(folder, want):
    wanting(folder)
    path = csv_table(folder, f"name,notebook,want\na,tiny.ipynb,{want}\n")
    with pytest.raises(BadInput, match=r"row 1 \(a\): parameter want is .*'one', 'some', 'many', or"):
        read_table(path)


def test_an_empty_field_leaves_the_default_and_a_prompt_can_be_a_file(folder):
    (folder / "prompt.txt").write_text("From a file.\n", encoding="utf-8")
    (run,) = read_table(csv_table(folder, "name,notebook,count,prompt_file\na,tiny.ipynb,,prompt.txt\n"))
    assert dict(run.parameters) == {"prompt": "From a file."}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"name": "b", "cuont": 3}, r"row 2 \(b\).*no parameter 'cuont'; it has count, share"),
        ({"name": "b", "count": "three"}, r"row 2 \(b\).*count is 'three'.*int"),
        ({"name": "b", "count": 2.5}, "count"),
        ({"name": "b", "count": True}, "count"),
        ({"name": "b", "limits": 5}, "limits"),
        ({"name": "b", "limits": []}, "limits"),
        ({"name": "b", "limits": [1, "x"]}, "limits"),
        ({"name": "b", "loud": 1}, "loud"),
        ({"name": "b", "word": 7}, "word"),
        ({"name": "b", "api_key": "x"}, "api_key looks like a secret"),
        ({"name": "b", "word": "AKIAABCDEFGHIJKLMNOP"}, "word looks like a secret"),
        ({"name": "b", "prompt_file": "nowhere.txt"}, r"row 2 .*prompt_file"),
        ({"name": "b", "prompt": "x", "prompt_file": "tiny.ipynb"}, "not both"),
        ({"name": "b", "notebook": "nowhere.ipynb"}, "nowhere.ipynb cannot be read"),
        ({"name": "../b"}, "names the output"),
        ({}, "no name"),
        ({"name": "A"}, "several rows"),
    ],
)
def test_a_wrong_row_is_refused_before_anything_starts(folder, capsys, row, said):
    path = table(folder, {"name": "a"}, row)
    with pytest.raises(BadInput, match=said):
        read_table(path)
    assert main([str(path), "--out", str(folder / "out")]) == 2
    assert not (folder / "out").exists()
    assert "BadInput" in capsys.readouterr().err


def test_an_unknown_model_is_refused(folder):
    with pytest.raises(UnknownModel):
        read_table(table(folder, {"name": "a", "model_id": "cohere-gigantic"}))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "name,count\na,1,2\n"),
        ("t.csv", "name,count\na\n"),
        ("t.csv", "name\n"),
        ("t.json", "{}"),
        ("t.json", "[1]"),
        ("t.json", "["),
        ("t.txt", "name"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=name):
        read_table(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "t.csv",
            "name,prompt\na,x\nb," + "x" * 200_000 + "\n",
            r"t\.csv, line 3: field larger.*prompt_file",
        ),
        ("t.csv", 'name,prompt\na,x\nb,"never closed\n', r"t\.csv, line 3: unexpected end of data"),
        ("t.csv", "name,prompt\na,x\nb,x,y\n", r"t\.csv, line 3: more or fewer fields"),
        (
            "t.csv",
            "name,max_tokens_values\na," + "[" * 5000 + "\n",
            r"row 1 \(a\): parameter max_tokens_values",
        ),
        (
            "t.csv",
            "name,max_tokens_values\na," + "9" * 5000 + "\n",
            r"row 1 \(a\): parameter max_tokens_values",
        ),
        ("t.json", "[" * 100_000, r"t\.json is not JSON"),
        ("t.json", "[" + "9" * 5000 + "]", r"t\.json is not JSON"),
        ("t.json", '[{"name": "a", "notebook": 5}]', "notebook is 5"),
        ("t.json", '[{"name": "a", "notebook": "a\\u0000b"}]', "notebook is"),
        ("t.json", '[{"name": "a", "prompt_file": "a\\u0000b"}]', "prompt_file cannot be read"),
    ],
)
def test_a_hostile_table_is_one_sentence(tmp_path, capsys, name, text, said):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said) as refused:
        read_table(tmp_path / name)
    assert len(str(refused.value)) < 600
    assert main([str(tmp_path / name), "--out", str(tmp_path / "out")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_line_separator_in_a_field_ends_no_row(folder):
    (run,) = read_table(csv_table(folder, "name,notebook,prompt\na,tiny.ipynb,x\u2028y\x0bz\n"))
    assert run.parameters["prompt"] == "x\u2028y\x0bz"


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"cells": 5}', "[" * 100_000, '{"nbformat": "x"}', ""])
def test_a_notebook_that_is_none_is_one_sentence(folder, text):
    path = table(folder, {"name": "a"})
    (folder / "tiny.ipynb").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"row 1 \(a\): the notebook .* cannot be read"):
        read_table(path)


# --- what is in the output folder already


DONE = {"name": "a", "notebook": "tiny.ipynb", "status": "done", "seconds": 1.0}


def state(folder: Path, *lines: str) -> Path:
    """A folder with the state of an earlier batch: its header, and these lines."""
    path = folder / "out" / "state.jsonl"
    path.parent.mkdir()
    path.write_text("\n".join(['{"format": 1, "kind": "batch"}', *lines]) + "\n", encoding="utf-8")
    return path


def foreign(**changed: Any) -> str:
    return json.dumps({"name": "a", "fingerprint": "f", "outcome": DONE} | changed)


@pytest.mark.parametrize(
    "line",
    [
        "# a note",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        "9" * 5000,
        "\x00\x00",
        foreign(name=5),
        foreign(fingerprint=None),
        foreign(outcome=[]),
        foreign(outcome={}),
        foreign(outcome=DONE | {"seconds": "long"}),
        foreign(outcome=DONE | {"status": None}),
        foreign(outcome=DONE | {"another": 1}),
        foreign(outcome=DONE | {"tokens": -1}),
        foreign(outcome=DONE | {"recommended": {"verdict": "?"}}),
    ],
)
def test_a_foreign_line_in_the_state_is_named_and_the_file_stays(folder, capsys, line):
    path = state(folder, foreign(), line, foreign(name="b"))
    before = path.read_bytes()
    given = table(folder, {"name": "a"})
    assert main([str(given), "--out", str(folder / "out")]) == 2
    said = capsys.readouterr().err
    assert "Line 3 of" in said
    assert str(path) in said
    assert len(said.splitlines()) == 1
    assert path.read_bytes() == before
    with pytest.raises(BadInput, match="Line 3 of"):
        batch(read_table(given), folder / "out")


@pytest.mark.parametrize("text", ["", "5\n", "{}\n", '{"format": 2}\n', "name,count\n"])
def test_a_state_that_is_none_is_refused_and_stays(folder, text):
    path = folder / "out" / "state.jsonl"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    if text:
        with pytest.raises(BadInput, match="is not the file of a run"):
            batch(read_table(table(folder, {"name": "a"})), folder / "out")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("taken", ["out", "out/state.jsonl/x", "out/work", "out/deep/er"])
def test_an_output_folder_that_cannot_be_one_is_one_sentence(folder, capsys, taken):
    path = folder / taken
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine", encoding="utf-8")
    out = path / "below" if taken == "out/deep/er" else folder / "out"
    assert main([str(table(folder, {"name": "a"})), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "out" in said
    assert path.read_text(encoding="utf-8") == "mine"


def test_the_example_table_is_right():
    runs = read_table(Path(__file__).parents[3] / "data" / "batch.csv")
    assert [run.notebook.name for run in runs] == ["04_tune.ipynb"] * 2
    assert [run.parameters["want"] for run in runs] == ["one", "many"]
    assert [run.parameters["prompt"] for run in runs] == [
        load_prompts()[name] for name in ("summary", "product-description")
    ]


def test_secrets_are_taken_out(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", 'wJalr/"secret"+1')
    text = json.dumps({"said": 'key wJalr/"secret"+1, ASIAABCDEFGHIJKLMNOP'})
    assert json.loads(without_secrets(text)) == {"said": "key [removed], [removed]"}


@pytest.mark.parametrize("left", [b"", b'{"temperature": 0.', b"\xff", b"[" * 100_000])
def test_a_setting_that_was_half_written_loses_no_outcome(tmp_path, left):
    for name, content in (("a", b'{"k": 1}'), ("b", left)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "setting.json").write_bytes(content)
    assert _setting(tmp_path) == '{"k": 1}'


# --- running


@pytest.mark.slow
@pytest.mark.parametrize("how", ["it is asked to", "the batch is gone"])
def test_a_child_ends_with_its_kernel_when(folder, how):
    (run,) = read_table(table(folder, {"name": "a", "word": "sleep"}))
    order = {
        **{"input_path": str(run.notebook), "output_path": str(folder / "out.ipynb"), "cwd": str(folder)},
        "parameters": dict(run.parameters),
    }
    command = [sys.executable, "-m", "helpers.batch.child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdin is not None
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.flush()
        until = time.monotonic() + 60
        while not (folder / "asked").exists() and time.monotonic() < until:
            time.sleep(0.1)
        if how == "it is asked to":
            child.terminate()
        child.stdin.close()
        assert child.wait(30) == 143
    no_kernel_is_left(folder)


def summary(out: Path) -> dict[str, dict[str, str]]:
    with (out / "summary.csv").open(encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def times_run(out: Path, run: Run) -> int:
    asked = out / "work" / f"{run.name}-{run.fingerprint[:8]}" / "asked"
    return len(asked.read_text()) if asked.exists() else 0


@pytest.mark.slow
def test_what_failed_is_run_again_and_what_is_done_is_not(folder, monkeypatch, capfd):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI-of-a-test")
    out, prompt = folder / "out", 'it\'s <b>\n\\n "two" 😀 \x7f'
    rows = [{"name": "good", "prompt": prompt}, {"name": "bad", "word": "fail"}]
    runs = read_table(table(folder, *rows))
    assert [each.status for each in batch(runs, out)] == ["done", "failed"]
    assert "ValueError: not this time, key [removed]" in summary(out)["bad"]["error"]
    good = nbformat.read(out / "good.ipynb", as_version=4)
    assert f"{prompt!r} 3 [removed]" in good.cells[-1].outputs[0].text
    for each in out.rglob("*.*"):
        assert each.is_dir() or b"wJalrXUtnFEMI" not in each.read_bytes(), each
        assert each.is_dir() or b"AKIAABCDEFGHIJKLMNOP" not in each.read_bytes(), each
    assert "1 of 2 runs done" in (out / "summary.html").read_text(encoding="utf-8")
    for name in ("good", "bad"):
        assert summary(out)[name]["page"] == f"{name}.ipynb.html"
        assert "not this time" in (out / f"{name}.ipynb.html").read_text(encoding="utf-8")
    assert [each.status for each in batch(runs, out)] == ["done", "done"]
    assert [times_run(out, run) for run in runs] == [1, 2]
    assert "1 of 2 runs are done, 1 to go" in capfd.readouterr().out
    before = (out / "good.ipynb").read_bytes()
    assert [each.status for each in batch(runs, out)] == ["done", "done"]
    assert (out / "good.ipynb").read_bytes() == before
    changed = read_table(table(folder, {**rows[0], "count": 4}))
    assert [each.status for each in batch(changed, out)] == ["done"]
    assert times_run(out, changed[0]) == 1


def no_kernel_is_left(out: Path) -> None:
    until = time.monotonic() + 10
    while kernels(out) and time.monotonic() < until:
        time.sleep(0.1)
    assert not kernels(out)


def kernels(out: Path) -> list[str]:
    """The processes that work in the batch's folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            found += [each.name] if str(out) in os.readlink(each / "cwd") else []
        except OSError:
            continue  # it has ended, or is not ours
    return found


@pytest.mark.slow
def test_a_run_that_takes_too_long_is_ended_with_its_kernel(folder, monkeypatch):
    out = folder / "out"
    (run,) = read_table(table(folder, {"name": "long", "word": "sleep"}))

    def clock() -> float:
        """It has been too long once the cell that sleeps has begun."""
        return time.monotonic() + 900 * times_run(out, run)

    monkeypatch.setattr(runner, "time", SimpleNamespace(monotonic=clock))
    assert [each.status for each in batch([run], out, timeout=900)] == ["timeout"]
    assert times_run(out, run) == 1
    assert "900 s" in summary(out)["long"]["error"]
    no_kernel_is_left(out)


def heeds_interrupts() -> None:
    """What a shell starts with & or nohup is deaf to SIGINT, and so would be this."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupt(path: Path, out: Path, how: signal.Signals, times: int) -> tuple[int, str]:
    """Start a batch and interrupt it once its long run began, for that many times; code and last words."""
    command = [sys.executable, "-m", "helpers.batch", str(path), "--out", str(out), "--jobs", "1"]
    long = read_table(path)[1]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeds_interrupts,
    ) as process:
        until = time.monotonic() + 60
        while times_run(out, long) < times and time.monotonic() < until:
            time.sleep(0.1)
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
    no_kernel_is_left(out)
    assert times_run(out, long) == times
    return process.returncode, said


@pytest.mark.slow
def test_an_interrupted_batch_ends_its_runs_and_can_go_on(folder):
    out = folder / "out"
    path = table(folder, {"name": "short"}, {"name": "long", "word": "sleep"}, {"name": "never"})
    runs = read_table(path)
    for times, how in enumerate((signal.SIGINT, signal.SIGTERM, signal.SIGKILL), 1):
        code, said = interrupt(path, out, how, times)
        assert times_run(out, runs[2]) == 0
        if how != signal.SIGKILL:
            assert code == 130
            assert "Interrupted" in said
            statuses = {name: row["status"] for name, row in summary(out).items()}
            assert statuses == {"short": "done", "long": "not run", "never": "not run"}
            (out / "summary.csv").unlink()  # the next one writes its own
    assert [each.status for each in batch([runs[0], runs[2]], out)] == ["done", "done"]
    assert [times_run(out, runs[n]) for n in (0, 2)] == [1, 1]


def test_two_batches_never_share_a_folder(folder):
    from helpers.records.journal import Journal

    runs = read_table(table(folder, {"name": "a"}))
    with (
        Journal(folder / "out" / "state.jsonl", {"kind": "batch"}),
        pytest.raises(BadInput, match="Another run"),
    ):
        batch(runs, folder / "out")


@pytest.mark.parametrize("wrong", [{"jobs": 0}, {"timeout": 0}])
def test_jobs_and_timeout_are_checked(folder, wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        batch(read_table(table(folder, {"name": "a"})), folder / "out", **wrong)


@pytest.mark.slow
def test_tuning_two_prompts_side_by_side(medium: Client, tmp_path: Path) -> None:
    small = {"max_tokens_values": [2, 4], "temperatures": [0, 5], "repetitions": 2}
    small["endpoint_name"] = medium.endpoint_name
    rows = [{"name": "a", "prompt": "1+1?", **small}, {"name": "b", "prompt": "2+2?", **small}]
    path = tmp_path / "table.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    outcomes = batch(read_table(path), tmp_path / "out", timeout=300)
    assert [each.status for each in outcomes] == ["done", "done"], outcomes
    for each in outcomes:
        assert json.loads(each.setting)["max_tokens"] in (2, 4)
        assert each.recommended is not None
        assert each.recommended.writer == medium.session.writer
        assert (each.tokens or 0) > 0
        assert (each.endpoint_seconds or 0) > 0
        (work,) = (tmp_path / "out" / "work").glob(f"{each.name}-*")
        answers = sum(len(read(path)[1]) for path in work.glob("runs/**/*.jsonl"))
        others = 5  # at both extremes, before each of two sweeps, and at the chosen setting
        assert usage(work).requests == answers + others
        assert (each.instance_usd, each.software_usd) == (0, 0)
    shown = (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")
    assert shown.count("written by SmolLM2") == 2
