"""The running sandbox's address, and the user's private folder that holds it beside the log.

Imports only light modules, as `helpers.connect.session` imports this one, through `process`, on every
connect.
"""

import json
import os
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import BinaryIO

APP_NAME = "cohere-on-sagemaker"
_URL = re.compile(r"http://127\.0\.0\.1:([1-9]\d{0,4})")
_OTHERS_MAY_WRITE = 0o022


class SandboxError(RuntimeError):
    """The sandbox could not be started or stopped; the message says why."""


@dataclass(frozen=True)
class Address:
    """The running sandbox's URL and process, and the keys (new at each start) that sign requests to it."""

    url: str
    access_key_id: str
    secret_access_key: str
    pid: int
    account: str
    role_arn: str
    model_name: str

    @property
    def port(self) -> int | None:
        """The port on 127.0.0.1; None if the URL is anything else, which no sandbox publishes."""
        match = _URL.fullmatch(self.url)
        return int(match[1]) if match else None


def published() -> Address | None:
    """Return the published address; None if there is none, or the file holds no valid one."""
    try:
        address = Address(**json.loads(state_file().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    right = all(type(getattr(address, each.name)) is each.type for each in fields(Address))
    return address if right and address.port and address.pid > 0 else None


def publish(address: Address) -> None:
    """Write the address where other processes look for it; only this user can read it."""
    draft = state_directory() / f"sandbox.json.{address.pid}"
    with private(draft) as file:
        file.write(json.dumps(asdict(address)).encode())
    draft.replace(state_file())


def is_published(address: Address) -> bool:
    """Tell whether this is the published address."""
    return published() == address


def forget(address: Address) -> None:
    """Withdraw the address, unless another sandbox has published its own since."""
    if is_published(address):
        state_file().unlink(missing_ok=True)


def state_directory() -> Path:
    """Return the folder for the sandbox's address and log: SANDBOX_HOME, or the user's state directory.

    Creates it with mode 0700 if it is missing. Raises SandboxError if other users could write to it.
    """
    if home := os.environ.get("SANDBOX_HOME"):
        directory = Path(home)
    else:
        from platformdirs import user_state_path

        directory = user_state_path(APP_NAME, appauthor=False)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":  # on Windows a user's folders are the user's by their access lists
        _check_ours(directory)
    return directory


def _check_ours(directory: Path) -> None:
    """Raise SandboxError if another user could put the address of a program of theirs there."""
    status = directory.stat()
    if status.st_uid != os.geteuid():
        raise SandboxError(
            f"{directory} belongs to another user, who could put another program in the sandbox's place. "
            "Point SANDBOX_HOME at a folder of your own, or at one that does not exist yet."
        )
    if status.st_mode & _OTHERS_MAY_WRITE:
        raise SandboxError(
            f"Others can write to {directory}, and could put another program in the sandbox's place. "
            f"Say `chmod go-w {directory}`, or point SANDBOX_HOME at a folder that does not exist yet."
        )


def state_file() -> Path:
    """Return the path of the file that holds the running sandbox's Address (mode 0600)."""
    return state_directory() / "sandbox.json"


def log_file() -> Path:
    """Return the path of the log of the sandbox that was started last."""
    return state_directory() / "sandbox.log"


def private(path: Path) -> BinaryIO:
    """Open a new file for appending that only the user can read; replaces an existing one."""
    path.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "ab")
