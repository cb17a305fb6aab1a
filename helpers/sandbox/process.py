"""The sandbox as a process of its own: find the one that runs, start it, stop it.

Imports light modules only: `helpers.session` imports this one on every connect.
"""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from .settings import Settings

HEALTH_PATH = "/_sandbox/health"
APP_NAME = "cohere-on-sagemaker"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
_HEALTH_SECONDS = 10.0  # on a busy machine; where nothing listens, the refusal comes at once
_POLL_SECONDS = 0.02
_LOG_LINES = 15


class SandboxError(RuntimeError):
    """The sandbox could not be started or stopped; the message says why."""


@dataclass(frozen=True)
class Address:
    """Where the running sandbox is, and the keys that its requests are signed with (new at each start)."""

    url: str
    access_key_id: str
    secret_access_key: str
    pid: int
    account: str
    role_arn: str
    model_name: str


def find() -> Address | None:
    """The running sandbox, None if there is none that answers; never starts one."""
    try:
        address = Address(**json.loads(state_file().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return address if _answers(address) else None


def start(*, on_progress: Callable[[str], None] = lambda message: None) -> Address:
    """The running sandbox, started if necessary; at most one is started, however many ask at once.

    The model's weights are fetched first if this machine does not have them. Raises SandboxError.
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
    """End the running sandbox, wait until it answers no more; False if none was running."""
    address = find()
    if address is None:
        state_file().unlink(missing_ok=True)
        return False
    os.kill(address.pid, signal.SIGTERM)  # the health check has just told that this pid is the sandbox's
    deadline = time.monotonic() + STOP_SECONDS
    while _answers(address):
        if time.monotonic() > deadline:
            raise SandboxError(f"The sandbox (process {address.pid}) does not end; end it yourself.")
        time.sleep(_POLL_SECONDS)
    forget(address)
    return True


def state_directory() -> Path:
    """Where the sandbox keeps its address and its log: SANDBOX_HOME, or the user's state directory (0700)."""
    if home := os.environ.get("SANDBOX_HOME"):
        directory = Path(home)
    else:
        from platformdirs import user_state_path

        directory = user_state_path(APP_NAME, appauthor=False)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(directory.stat().st_mode) & 0o077:
        directory.chmod(0o700)
    return directory


def state_file() -> Path:
    """The file that holds the running sandbox's Address (mode 0600)."""
    return state_directory() / "sandbox.json"


def log_file() -> Path:
    """What the sandbox that was started last has to say."""
    return state_directory() / "sandbox.log"


def publish(address: Address) -> None:
    """Write the address for others to find; only the user can read it."""
    draft = state_directory() / f"sandbox.json.{address.pid}"
    with _private(draft) as file:
        file.write(json.dumps(asdict(address)).encode())
    draft.replace(state_file())


def _private(path: Path) -> BinaryIO:
    """A new file that only the user can read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def is_published(address: Address) -> bool:
    """Whether this is the address that others find."""
    try:
        found = json.loads(state_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(found == asdict(address))


def forget(address: Address) -> None:
    """Remove the address, unless another sandbox has published its own since."""
    if is_published(address):
        state_file().unlink(missing_ok=True)


def _answers(address: Address) -> bool:
    """Whether the process that published this address is there (and not another one on its old port)."""
    place = urlsplit(address.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=_HEALTH_SECONDS)
    try:
        connection.request("GET", HEALTH_PATH)
        answer = json.loads(connection.getresponse().read(1024))
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(answer, dict) and answer.get("pid") == address.pid


def _start(on_progress: Callable[[str], None]) -> Address:
    from .weights import WeightsError, fetch

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


_servers: list["subprocess.Popen[bytes]"] = []  # kept: Python warns when a running child is forgotten


@contextmanager
def _spawn(model: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The server, detached from this process's terminal and group; killed if the block fails."""
    windows_flags = ("CREATE_NEW_PROCESS_GROUP", "DETACHED_PROCESS")
    with _private(log_file()) as log:
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
    """The server's environment: nothing of the caller's AWS account, no proxy, and the model's path."""
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
    # the server works in another directory
    paths = {"SANDBOX_MODEL": str(model.resolve()), "SANDBOX_HOME": str(state_directory().resolve())}
    return {**kept, **nothing_of_aws, **paths, "PYTHONUNBUFFERED": "1"}


def _log_tail() -> str:
    try:
        lines = log_file().read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
    except OSError:
        lines = []
    return "\n".join([f"The end of its log ({log_file()}):", *lines]) if lines else "It left no log."
