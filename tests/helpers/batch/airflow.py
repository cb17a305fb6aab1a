"""Airflow in an environment of its own, and a night of data/examples/nightly_airflow.py in it."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
DAGS = ROOT / "data" / "examples"
SECONDS = 600  # that a busy machine may take for a night
NIGHT = "2026-01-02"


# What `airflow dags test` does, for one night after another: to start Airflow takes longer than a task.
NIGHTS = """
import json, sys, traceback
from airflow.cli.cli_parser import get_parser
for line in sys.stdin:
    code = 0
    try:
        night = get_parser().parse_args(json.loads(line))
        night.func(night)
    except BaseException:
        traceback.print_exc()
        code = 1
    print(f"\\nended {code}", flush=True)
"""


class Airflow:
    """A database and settings in a folder, which reach no other place and no scheduler."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._airflow = ROOT / "build" / "airflow" / "bin" / "airflow"
        database = ROOT / "build" / "airflow" / "airflow.db"
        if not database.exists():
            pytest.skip("build/airflow, with Airflow, was not made: `make test` makes it")
        (folder / "airflow").mkdir()
        shutil.copy(database, folder / "airflow")
        kernels = folder / "jupyter"
        kernel = ["ipykernel", "install", "--prefix", str(kernels), "--name", "cohere-on-sagemaker"]
        subprocess.run([sys.executable, "-m", *kernel], check=True, capture_output=True)
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "JUPYTER_PATH": str(kernels / "share" / "jupyter"),
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": str(SECONDS),  # 30 s are not enough where many are busy
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "PLAYGROUND_SYNC": "1",
            "TUTORIAL_PYTHON": sys.executable,
        }

        self._nights: subprocess.Popen[str] | None = None

    def night(self, **params: Any) -> tuple[int, str]:
        """A whole night, as the scheduler would run it: its exit code and what it told."""
        if self._nights is None:
            self._nights = subprocess.Popen(
                [str(self._airflow.with_name("python")), "-c", NIGHTS],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        assert self._nights.stdin
        assert self._nights.stdout
        print(json.dumps(self._night(params)), file=self._nights.stdin, flush=True)
        told = []
        late = threading.Timer(SECONDS, self._nights.kill)
        late.start()
        try:
            for line in self._nights.stdout:
                if line.startswith("ended "):
                    return int(line.split()[1]), "".join(told)
                told.append(line)
        finally:
            late.cancel()
        raise AssertionError("Airflow ended, or took too long: " + "".join(told)[-3000:])

    def stop(self) -> None:
        if self._nights is not None:
            self._nights.kill()
            self._nights.communicate()

    def begin(self, **params: Any) -> "subprocess.Popen[bytes]":
        """A night that goes on by itself, in a process group of its own."""
        with (self.folder / "begun.log").open("wb") as log:
            command = [str(self._airflow), *self._night(params)]
            return subprocess.Popen(
                command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def _night(self, params: dict[str, Any]) -> list[str]:
        return ["dags", "test", "nightly", NIGHT, "--conf", json.dumps(params)]
