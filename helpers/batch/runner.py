"""The runner of a batch of notebooks, unattended: `python -m helpers.batch data/batch.csv --out build/batch`.

Several papermill runs at a time, each a process with its own output notebook and working folder. Done runs
are not run again; failed ones are, and go on where they were: 04_tune keeps its answers in its folder.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import BadInput
from ..records import payload, usage
from ..records.journal import Journal
from .outcome import Outcome
from .output import error_of, shorten, write_html
from .report import write
from .secrets import clean
from .table import Run

TIMEOUT = 3600.0  # seconds of one run
GRACE = 15.0  # seconds between asking a run to end, which stops its kernel, and killing it


def batch(runs: Sequence[Run], out: str | Path, *, jobs: int = 2, timeout: float = TIMEOUT) -> list[Outcome]:
    """Run what is not done yet, `jobs` at a time, at most `timeout` seconds each; return all outcomes.

    In `out`: NAME.ipynb, NAME.ipynb.html and NAME.log for each run, work/ (a folder a run), state.jsonl,
    summary.csv and summary.html. Another batch in the same folder raises BadInput. An interrupt ends the runs
    under way.
    """
    if jobs < 1 or timeout <= 0:
        raise BadInput(f"jobs ({jobs}) and timeout ({timeout:g}) must be more than 0.")
    folder = Path(out)
    with Journal(folder / "state.jsonl", {"kind": "batch"}, _ended) as state:
        _folder(folder / "work")
        ended = dict(map(_ended, state.records))
        outcomes = {run.name: _before(run, folder, ended) for run in runs}
        stop = threading.Event()

        def one(run: Run) -> None:
            if stop.is_set():
                return
            outcome = _execute(run, folder, timeout, stop)
            if outcome.status != "not run":
                state.append({"name": run.name, "fingerprint": run.fingerprint, "outcome": asdict(outcome)})
            outcomes[run.name] = outcome
            print(f"{outcome.name}: {outcome.status}, {outcome.seconds:.0f} s {outcome.error}".rstrip())

        missing = [run for run in runs if outcomes[run.name].status != "done"]
        print(f"{len(runs) - len(missing)} of {len(runs)} runs are done, {len(missing)} to go.")
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="batch")
        try:
            for future in [pool.submit(one, run) for run in missing]:
                future.result()
        finally:
            stop.set()
            pool.shutdown()
            write(folder, outcomes.values())
    return list(outcomes.values())


def _ended(record: dict[str, Any]) -> tuple[tuple[str, str], Outcome]:
    """Read a line of state.jsonl; raise WrongShape for a line that no batch wrote."""
    key = payload.text(record, "name"), payload.text(record, "fingerprint")
    return key, Outcome.from_record(payload.part(record, "outcome"))


def _folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{path} can't be the runs' folder ({error.strerror}). Take another --out.") from error


def _before(run: Run, folder: Path, ended: Mapping[tuple[str, str], Outcome]) -> Outcome:
    """Return how the same run ended before, if it did and its notebook is still there."""
    found = ended.get((run.name, run.fingerprint))
    if found and (folder / f"{run.name}.ipynb").exists():
        return found
    return Outcome(run.name, run.notebook.name, "not run")


def _execute(run: Run, folder: Path, timeout: float, stop: threading.Event) -> Outcome:
    output, log = folder / f"{run.name}.ipynb", folder / f"{run.name}.log"
    work = run.work(folder)
    work.mkdir(parents=True, exist_ok=True)
    order = {
        "input_path": str(run.notebook),
        "output_path": str(output.resolve()),
        "parameters": dict(run.parameters),
        "cwd": str(work.resolve()),
        "progress_bar": False,
    }
    started = time.monotonic()
    with log.open("wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-m", "helpers.batch.child"],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            env={**os.environ, usage.VARIABLE: str(work.resolve() / usage.FILE)},
            start_new_session=True,
        )
        try:
            status = _wait(child, json.dumps(order).encode(), started + timeout, stop)
        finally:
            _end(child)
    clean(output)
    clean(log)
    error = "" if status == "done" else error_of(output) or _last_line(log)
    if status == "timeout":
        error = f"It took more than {timeout:g} s."
    outcome = Outcome(
        run.name,
        run.notebook.name,
        status,
        run.runtime,
        seconds=round(time.monotonic() - started, 1),
        output=output.name,
        page="" if stop.is_set() else write_html(output, run.notebook.parent),
        error=error,
    )
    return outcome.with_folder(work)


def _wait(child: "subprocess.Popen[bytes]", order: bytes, until: float, stop: threading.Event) -> str:
    assert child.stdin is not None
    try:
        child.stdin.write(order + b"\n")
        child.stdin.flush()
    except BrokenPipeError:
        child.wait()  # it has ended already, and its exit code is not 0
    while child.poll() is None:
        if stop.wait(0.1):
            return "not run"
        if time.monotonic() > until:
            return "timeout"
    return "done" if child.returncode == 0 else "failed"


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Ask the process to end, with its kernel; kill it if it does not."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child.stdin is not None:
        with suppress(BrokenPipeError):  # it may end before it has read everything
            child.stdin.close()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return shorten(lines[-1]) if lines else "It ended without a word."
