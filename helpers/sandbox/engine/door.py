"""The door to llama.cpp's own HTTP listener, which cannot be turned off: made for this process alone.

A few half requests at that listener keep its threads busy, and the next invocation waiting. So it listens on
a Unix socket in a folder of the user's own, and on Linux its file is removed as soon as this process holds
it: then there is nothing that another program could open. macOS has no way to hold a socket's file; there
only this user's programs can knock. On Windows it remains a port on loopback.
"""

import http.client
import os
import shutil
import socket
import sys
import tempfile
import weakref
from pathlib import Path
from urllib.parse import urlsplit

from ..loopback import allow

_SECONDS = 30.0
_SCHEME = "unix://"
_FILE = "engine.sock"
_LONGEST_PATH = 100  # bytes; macOS takes 103, Linux 107
_SHORT = "/tmp"  # a new folder of our own in it


class DoorError(RuntimeError):
    """llama.cpp's listener did not answer."""


class Door:
    """Asks llama.cpp's listener: have it listen at `host`, then say with `open` where it does."""

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self._address = ""
        if os.name == "posix":
            folder = _folder()
            self.host = str(folder / _FILE)
            self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    def open(self, address: str) -> None:
        """Use the listener at `address`, as xllamacpp names it: unix:///path or http://127.0.0.1:port."""
        self._address = address.removeprefix(_SCHEME)
        if address.startswith(_SCHEME):
            self._address = self._held(allow(self._address))

    def ask(self, path: str, key: str, body: bytes | None) -> tuple[int, bytes]:
        """Status and body of the answer to a GET, or to a POST of JSON. Raises DoorError."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection = self._connection()
        try:
            connection.request("POST" if body else "GET", path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise DoorError(str(error)) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._address.startswith("/"):
            return _UnixConnection(self._address)
        place = urlsplit(self._address)
        return http.client.HTTPConnection(place.hostname or "127.0.0.1", place.port, timeout=_SECONDS)

    def _held(self, path: str) -> str:
        """The path that leads to the socket from now on: this process's alone if the system has such."""
        if sys.platform != "linux":
            return path
        file = os.open(path, os.O_PATH | os.O_CLOEXEC)
        weakref.finalize(self, os.close, file)
        held = allow(f"/proc/self/fd/{file}")
        try:
            _UnixConnection(held).connect()
        except OSError:  # no /proc, or one that does not lead to sockets
            return path
        self._remove()
        return held


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the path."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _folder() -> Path:
    """A new folder that only this user can enter (0700), under a path that a socket's may be as long as."""
    folder = Path(tempfile.mkdtemp(prefix="sandbox-"))
    if len(os.fsencode(folder / _FILE)) <= _LONGEST_PATH:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="sandbox-", dir=_SHORT))
