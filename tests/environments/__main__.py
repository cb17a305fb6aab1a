"""Run all notebooks and the sandbox's clients in every environment, and print a table: `make matrix`.

`python -m tests.environments [part of a name ...]` runs those alone; `--tested` leaves out the lock on this
Python, for who has just run `make test`. Ends with 1 if one failed that is not from outside, with 2 for a
name that none has.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .places import PLACES, ROOT, Place

TESTED = "--tested"
HERE = f"lock, Python {sys.version_info.major}.{sys.version_info.minor}"
AT_ONCE = 2  # half of an environment's time is waiting
FOLDER = ROOT / "build" / "matrix"
# Each notebook once: what another model changes depends on none of the versions.
NOTEBOOKS = ["tests/notebooks/test_run.py", "-k", "cohere-medium or too_early"]
# What talks to a sandbox over sockets, and what stands on boto3, pandas, matplotlib and ipywidgets.
TESTS = [
    *(f"tests/sandbox/test_conformance_{name}.py" for name in ("clients", "cohere")),
    *(f"tests/sandbox/{name}.py" for name in ("server/test_gateway", "services/test_moto")),
    *(f"tests/helpers/connect/test_{name}.py" for name in ("session", "killed")),
    *(f"tests/helpers/{name}" for name in ("deploy/test_endpoint.py", "generate/test_client.py")),
    *("tests/helpers/subscribe", "tests/helpers/playground"),
    *(f"tests/helpers/tune/test_{name}.py" for name in ("measures", "recommend", "browser", "plots")),
    "tests/helpers/tune/metrics",
]


@dataclass(frozen=True)
class Ran:
    """How an environment fared; `why` is empty if it is fine."""

    place: Place
    boto3: str = ""
    notebooks: str = ""
    tests: str = ""
    minutes: float = 0.0
    why: str = ""


def main(arguments: list[str]) -> int:
    """Try the places whose name holds one of the words, all without any."""
    wanted = [each for each in arguments if each != TESTED]
    places = [each for each in PLACES if not wanted or any(word in each.name for word in wanted)]
    if not places:
        print(f"No environment is called so; there are {', '.join(each.name for each in PLACES)}.")
        return 2
    if TESTED in arguments:
        places = [each for each in places if each.name != HERE]
    pythons = {place: find_python(place.python) for place in places}
    shared: dict[str, list[Place]] = {}
    for place in (each for each in places if pythons[each]):
        shared.setdefault(place.after or place.name, []).append(place)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(lambda those: in_turn(those, pythons), shared.values()))
    return closing([ran for each in done for ran in each], [each for each in places if not pythons[each]])


def in_turn(places: list[Place], pythons: Mapping[Place, str | None]) -> list[Ran]:
    """Try places that share a virtual environment, and say of each at once how it went."""
    done = []
    for place in places:
        done.append(tried(place, str(pythons[place])))
        print(row(done[-1]), flush=True)
    return done


def closing(table: list[Ran], left_out: Iterable[Place]) -> int:
    """Print the whole table, what was left out and what failed; the exit code."""
    print("\n| environment | Python | boto3 | notebooks | tests | minutes |\n|---|---|---|---|---|---|")
    print("\n".join(row(each) for each in table))
    for place in left_out:
        print(f"LEFT OUT: {place.name}, as this machine has no Python {place.python}")
    for each in table:
        if each.why and each.place.from_outside:
            print(f"WARNING: TODAY'S NEWEST VERSIONS FAIL, see {log_of(each.place)}: {each.why}")
        elif each.why:
            print(f"FAILED: {each.place.name}, see {log_of(each.place)}: {each.why}")
    return int(any(each.why and not each.place.from_outside for each in table))


def row(ran: Ran) -> str:
    """A line of the table."""
    return (
        f"| {ran.place.name} | {ran.place.python} | {ran.boto3} | {ran.notebooks} | {ran.tests} "
        f"| {ran.minutes:.1f} |"
    )


def tried(place: Place, python: str) -> Ran:
    """Set the environment up and run everything in it."""
    began = time.monotonic()
    shutil.rmtree(folder_of(place), ignore_errors=True)
    folder_of(place).mkdir(parents=True)
    try:
        inside = set_up(place, python)
    except subprocess.CalledProcessError as error:
        return Ran(place, minutes=minutes_since(began), why=f"the set-up failed: {last_line(error.stdout)}")
    boto3 = subprocess.run(
        [inside, "-c", "import boto3; print(boto3.__version__)"], capture_output=True, text=True, check=True
    )
    notebooks, why_not = pytest(place, inside, NOTEBOOKS)
    tests, why_neither = pytest(place, inside, TESTS)
    why = "; ".join(filter(None, (why_not, why_neither)))
    return Ran(place, boto3.stdout.strip(), notebooks, tests, minutes_since(began), why)


def set_up(place: Place, python: str) -> Path:
    """The place's virtual environment; its Python. Raises CalledProcessError with what uv said."""
    inside = FOLDER / named(place.after or place.name) / "venv" / "bin" / "python"
    steps = [] if inside.exists() else [["venv", "--seed", "--python", python, str(inside.parents[1])]]
    for arguments in place.install(folder_of(place)):
        where = ["--python", str(inside)]
        steps.append(["pip", *arguments, *where])
    for step in steps:
        logged(place, [str(uv()), *step], check=True)
    return inside


def pytest(place: Place, inside: Path, files: list[str]) -> tuple[str, str]:
    """pytest's summary, and the first failure or nothing."""
    done = logged(place, [str(inside), "-m", "pytest", "-p", "no:cacheprovider", *files])
    summary = re.search(r"\d+ (?:passed|failed)[^\n]* in [\d.:]+s?", done.stdout or "")
    failures = re.findall(r"^(?:FAILED|ERROR) .*", done.stdout, re.M)
    told = re.sub(r" in .*", "", summary[0]) if summary else "none"
    return told, (failures or [last_line(done.stdout)])[0] if done.returncode else ""


def logged(place: Place, command: list[str], *, check: bool = False) -> "subprocess.CompletedProcess[str]":
    """Run a command of the place at the project's root; what it says goes to the place's log as well."""
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment()
    )
    with log_of(place).open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(command)}\n{done.stdout}\n")
    if check:
        done.check_returncode()
    return done


def environment() -> dict[str, str]:
    """Ours without the virtual environment that this runs in: its kernel is not the one to be tried."""
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    return {**kept, "PYTEST_ADDOPTS": "-rfEs"}


def find_python(version: str) -> str | None:
    """An interpreter of that version: on the PATH, or of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python{version}"), *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))]
    for python in filter(None, [sys.executable, *found]):
        asked = subprocess.run(
            [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
        )
        if asked.returncode == 0 and asked.stdout.strip() == version:
            return python
    return None


def uv() -> Path:
    """The uv that the environment of the tests has."""
    return Path(sys.executable).with_name("uv")


def folder_of(place: Place) -> Path:
    """Where the environment is made."""
    return FOLDER / named(place.name)


def named(place: str) -> str:
    """A place's name as a folder's."""
    return re.sub(r"[^a-z0-9.]+", "-", place.lower())


def log_of(place: Place) -> Path:
    """What its set-up and its tests said."""
    return folder_of(place) / "log.txt"


def minutes_since(began: float) -> float:
    """The time that has passed."""
    return (time.monotonic() - began) / 60


def last_line(text: str | None) -> str:
    """The last line that says something."""
    return next(
        (line.strip() for line in reversed((text or "").splitlines()) if line.strip()), "nothing said"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
