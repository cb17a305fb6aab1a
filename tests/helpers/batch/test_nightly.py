"""The nightly DAG, really run: killed in the middle it goes on, and whatever happens no endpoint is left."""

import csv
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from helpers.connect.session import Session, connect
from helpers.deploy.deadline import find_deadline
from helpers.deploy.endpoint import find
from helpers.sandbox import faults
from helpers.sandbox.process import Address
from helpers.subscribe import marketplace

from .airflow import NIGHT, SECONDS, Airflow

pytestmark = pytest.mark.slow
TABLE = """name,prompt,max_tokens_values,temperatures,repetitions
a,1+1?,"[2, 4]","[0, 1]",2
b,2+2?,"[2, 4]","[0, 1]",2
"""


@pytest.fixture(scope="module")
def airflow(isolation: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    made = Airflow(tmp_path_factory.mktemp("nightly"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def session(airflow: Airflow, sandbox: Address, deadline_role: str) -> Session:
    session = connect("sandbox")
    marketplace.subscribe(session, "cohere-medium", tell=len)
    return session


@pytest.fixture
def params(airflow: Airflow, request: pytest.FixtureRequest) -> dict[str, Any]:
    table = airflow.folder / "table.csv"
    table.write_text(TABLE, encoding="utf-8")
    return {"table": str(table), "out": str(airflow.folder / request.node.name)}


def answers(out: Path, row: str) -> dict[str, bytes]:
    """The journals of a row's sweeps, as they are."""
    found = out.glob(f"work/{row}-*/runs/**/*.jsonl")
    return {path.name: path.read_bytes() for path in found}


def wait_for_both(out: Path, process: "subprocess.Popen[bytes]") -> list[str]:
    """The rows in the order in which they began, which is Airflow's, once the last has an answer."""
    begun: list[str] = []
    for _ in range(SECONDS * 20):
        for row in {"a", "b"} - set(begun):
            # the first line is the header
            if any(data.count(b"\n") > 1 for data in answers(out, row).values()):
                begun.append(row)
        if len(begun) == 2:
            return begun
        assert process.poll() is None, "the night ended before it could be killed"
        threading.Event().wait(0.05)
    raise AssertionError(f"only {begun} began")


def wait_for_its_kernel(out: Path) -> None:
    """A kernel ends by itself once nobody runs it; until then it holds the lock of its journal."""
    for path in out.glob("work/*/runs/**/*.jsonl"):
        with FileLock(f"{path}.lock", timeout=SECONDS):
            pass


def summary(out: Path) -> dict[str, dict[str, str]]:
    with (out / "summary.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def test_a_night_that_is_killed_goes_on_and_asks_for_nothing_twice(
    airflow: Airflow, session: Session, params: dict[str, Any]
) -> None:
    out = Path(params["out"]) / NIGHT
    process = airflow.begin(**params)
    try:
        first, last = wait_for_both(out, process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    wait_for_its_kernel(out)
    assert find_deadline(session, "nightly") is not None, "AWS would delete it, if nobody started it again"
    done, half, book = answers(out, first), answers(out, last), (out / f"{first}.ipynb").read_bytes()

    code, told = airflow.night(**params)
    assert code == 0, told[-3000:]
    assert (answers(out, first), (out / f"{first}.ipynb").read_bytes()) == (done, book), "it was done already"
    whole = answers(out, last)
    assert all(whole[name].startswith(data) for name, data in half.items())
    for data in whole.values():
        _, *records = map(json.loads, data.splitlines())
        asked = [(each["temperature"], each["repetition"]) for each in records]
        assert len(asked) == len(set(asked)) > 0
    assert {name: row["status"] for name, row in summary(out).items()} == {"a": "done", "b": "done"}
    assert "2+2?" in (out / "summary.html").read_text(encoding="utf-8")
    assert find(session, "nightly") is None
    assert find_deadline(session, "nightly") is None

    deployed = (out / "02_deploy.ipynb").read_bytes()
    (out / "summary.html").unlink()
    (out / "06_clean_up.ipynb").unlink()
    code, told = airflow.night(**params)
    assert code == 0, told[-3000:]
    assert "every row is done already: nothing is deployed" in told
    assert (out / "02_deploy.ipynb").read_bytes() == deployed, "a night that has finished deploys nothing"
    assert (out / "summary.html").exists()
    assert (out / "06_clean_up.ipynb").exists()


@pytest.fixture
def no_capacity(sandbox: Address) -> Iterator[None]:
    faults.set(sandbox, "no-capacity", next=1)
    yield
    faults.clear(sandbox)


def test_a_night_without_capacity_leaves_no_endpoint(
    airflow: Airflow, session: Session, params: dict[str, Any], no_capacity: None
) -> None:
    _, told = airflow.night(**params)
    assert "InsufficientInstanceCapacity" in told
    assert "not done: a, b" in told
    assert "state=failed" in told
    rows = summary(Path(params["out"]) / NIGHT)
    assert {row["status"] for row in rows.values()} == {"not run"}
    assert find(session, "nightly") is None
