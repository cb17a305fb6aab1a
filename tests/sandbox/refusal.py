"""Why the engine refuses a model's file, found out in a process that may hang."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

REFUSED = """
import os, pathlib, sys
from helpers.sandbox.engine.engine import Engine, EngineError
try:
    Engine(pathlib.Path(sys.argv[1]), slots=1, context_tokens=512)
except EngineError as error:
    print(error, flush=True)
    os._exit(0)
"""


def refusal_of(path: Path) -> str:
    """Why the engine refuses a file, found out in a process of its own.

    xllamacpp may wait for its own thread for ever when loading fails (seen twice in a dozen runs, 2026-11),
    and holds Python's lock meanwhile: such a process is ended and another one asked.
    """
    for _ in range(3):
        with suppress(subprocess.TimeoutExpired):
            done = subprocess.run(
                [sys.executable, "-c", REFUSED, str(path)], capture_output=True, text=True, timeout=60
            )
            return done.stdout
    pytest.fail("three processes in a row did not end")
