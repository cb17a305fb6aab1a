"""The sandbox as a separate process: find the running one, start it, stop it.

Imports only light modules, as `helpers.connect.session` imports this one on every connect.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .address import Address, SandboxError, forget, log_file, private, published, state_directory, state_file
from .server.health import is_alive
from .settings import Settings

__all__ = [
    "Address",
    "SandboxError",
    "change_faults",
    "end_practice",
    "find",
    "practise_with",
    "start",
    "stop",
]

START_SECONDS = 60.0
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02
_LOG_LINES = 15
_LOG_BYTES = 1 << 16


def find() -> Address | None:
    """Return the running sandbox's address; None if no process proves to be it. Never starts one.

    Raises SandboxError if other users could write to the folder that holds the address.
    """
    address = published()
    return address if address and is_alive(address) else None


def start(*, on_progress: Callable[[str], None] = lambda message: None) -> Address:
    """Return the running sandbox's address, after starting it if necessary.

    At most one is started, however many callers ask at once. Downloads the model's weights first if this
    machine lacks them. Raises SandboxError.
    """
    if address := find():
        return address
    from filelock import FileLock

    try:
        Settings.from_environment()
    except ValueError as error:
        raise SandboxError(f"The sandbox was not started: {error}") from error
    try:
        with FileLock(state_directory() / "start.lock"):
            return find() or _start(on_progress)
    except OSError as error:
        raise SandboxError(f"The sandbox could not be started: {error}") from error


def stop() -> bool:
    """End the running sandbox and wait until it no longer answers; return False if none was running.

    Raises SandboxError if it still answers after 10 s.
    """
    address = find()
    if address is None:
        state_file().unlink(missing_ok=True)
        return False
    os.kill(address.pid, signal.SIGTERM)  # it has just proved that this pid is the sandbox's
    deadline = time.monotonic() + STOP_SECONDS
    while is_alive(address):
        if time.monotonic() > deadline:
            raise SandboxError(f"The sandbox (process {address.pid}) does not end; end it yourself.")
        time.sleep(_POLL_SECONDS)
    forget(address)
    return True


def practise_with(address: Address, *, slots: int | None = None, clock_speed: float | None = None) -> float:
    """Set the running sandbox's capacity for as long as this process lives; return its speed.

    Raises ValueError for values that can't be, and SandboxError.
    """
    from .server import practice
    from .services.runtime.client import capacity

    practice.hold(address)
    return capacity(address, slots, clock_speed).clock_speed


def change_faults(address: Address, name: str, parameters: Mapping[str, object] | None) -> None:
    """Set a fault of the running sandbox, or clear it if `parameters` is None, and all if `name` is empty.

    A fault lasts as long as this process. Raises ValueError for a fault that can't be, and SandboxError.
    """
    from . import faults
    from .server import practice

    try:
        if parameters is None:
            faults.clear(address, name or None)
        else:
            practice.hold(address)
            faults.set(address, name, **parameters)
    except faults.BadFault as error:
        raise ValueError(str(error)) from error


def end_practice(address: Address) -> None:
    """Put back what this and other processes have changed by the two functions above. Raises SandboxError."""
    from .server import practice

    practice.end(address)


def _start(on_progress: Callable[[str], None]) -> Address:
    from .engine.weights import WeightsError, fetch

    try:
        model = fetch(on_progress)
    except WeightsError as error:
        raise SandboxError(str(error)) from error
    state_file().unlink(missing_ok=True)
    on_progress("Starting the sandbox ...")
    with _spawn(model) as server:
        deadline = time.monotonic() + START_SECONDS
        while (address := find()) is None:
            if server.poll() is not None:
                raise SandboxError(f"The sandbox ended while it started. {_log_tail()}")
            if time.monotonic() > deadline:
                raise SandboxError(f"The sandbox did not start within {START_SECONDS:g} s. {_log_tail()}")
            time.sleep(_POLL_SECONDS)
    return address


_servers: list["subprocess.Popen[bytes]"] = []  # Python warns if a running child is garbage-collected


@contextmanager
def _spawn(model: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the server in a session and process group of its own; kill it if the block raises."""
    windows_flags = ("CREATE_NEW_PROCESS_GROUP", "DETACHED_PROCESS")
    with private(log_file()) as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "helpers.sandbox", "serve"],
            cwd=Path(__file__).resolve().parents[2],
            env=child_environment(os.environ, model),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            creationflags=sum(getattr(subprocess, flag, 0) for flag in windows_flags),
        )
    _servers.append(server)
    try:
        yield server
    except BaseException:
        server.kill()
        server.wait()
        raise


def child_environment(environment: Mapping[str, str], model: Path) -> dict[str, str]:
    """Return the server's environment: the caller's without AWS settings and proxies, plus its paths."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.upper().startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    nothing_of_aws = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    # glibc's own defaults keep what an attack of large bodies once needed; these cost no speed (make bench)
    memory = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1048576"}
    # absolute: the server's working directory is another
    paths = {"SANDBOX_MODEL": str(model.resolve()), "SANDBOX_HOME": str(state_directory().resolve())}
    return {**memory, **kept, **nothing_of_aws, **paths, "PYTHONUNBUFFERED": "1"}


def _log_tail() -> str:
    try:
        with log_file().open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_BYTES))
            lines = log.read().decode(errors="replace").splitlines()[-_LOG_LINES:]
    except OSError:
        lines = []
    return "\n".join([f"The end of its log ({log_file()}):", *lines]) if lines else "It left no log."
