"""Which environments there are, and how each is set up."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements.txt"
TOOLS = ROOT / "tests" / "requirements.txt"
LOCK = ROOT / "tests" / "requirements.lock"
STUDIO = Path(__file__).with_name("studio-4.4.1.txt")

Install = Callable[[Path], list[list[str]]]


@dataclass(frozen=True)
class Place:
    """An environment: its name, its Python, and the arguments of `uv pip` that fill it.

    `install` gets a folder for files of its own. `after` names the place whose virtual environment it takes
    over, to change a few versions in it. Where `from_outside`, a failure is told loudly and fails nothing:
    what came out today is nobody's change here.
    """

    name: str
    python: str
    install: Install
    after: str = ""
    from_outside: bool = False


def _lock(folder: Path) -> list[list[str]]:
    return [["install", "--require-hashes", "-r", str(LOCK)], ["install", "--no-deps", "-e", "."]]


def _other_boto3(version: str) -> Install:
    return lambda folder: [*_lock(folder), ["install", f"boto3=={version}", f"botocore=={version}"]]


def _lowest(folder: Path) -> list[list[str]]:
    """The lowest versions that requirements.txt allows; boto3's of botocore too, which it would not be."""
    boto3 = re.search(r"^boto3>=([\d.]+)", REQUIREMENTS.read_text(encoding="utf-8"), re.M)
    assert boto3
    botocore, lowest = folder / "botocore.txt", folder / "lowest.txt"
    botocore.write_text(f"botocore=={boto3[1]}\n", encoding="utf-8")
    resolve = ["compile", str(REQUIREMENTS), "--resolution", "lowest-direct", "-c", str(botocore)]
    options = ["--no-emit-package", "cohere-on-sagemaker", "--no-annotate", "-o", str(lowest)]
    return [[*resolve, *options], ["install", "-r", str(TOOLS), "-c", str(lowest)]]


def _studio(folder: Path) -> list[list[str]]:
    """The image's versions as they are, although conda put some together that PyPI's packages rule out."""
    return [["install", "-r", str(TOOLS), "--overrides", str(STUDIO)]]


def _newest(folder: Path) -> list[list[str]]:
    return [["install", "--upgrade", "--refresh", "-r", str(TOOLS)]]


PLACES = (
    Place("lock, Python 3.11", "3.11", _lock),
    Place("lock, Python 3.12", "3.12", _lock),
    Place("lock, Python 3.13", "3.13", _lock),
    Place("lowest", "3.11", _lowest),
    Place("Studio 4.4.1", "3.12", _studio),
    Place("boto3 1.44.7", "3.12", _other_boto3("1.44.7"), after="lock, Python 3.12"),
    Place("boto3 1.44.0", "3.13", _other_boto3("1.44.0"), after="lock, Python 3.13"),
    Place("newest", "3.13", _newest, from_outside=True),
)
