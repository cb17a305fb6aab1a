"""A client of llama.cpp's own HTTP listener, which cannot be turned off, and its protection from others.

A few unfinished requests would keep its threads busy and delay invocations. So it listens on a Unix socket in
a folder of the user's own. On Linux the socket's file is deleted once this process has opened it, so no other
program can connect. On macOS programs of the same user can; on Windows it is a port on loopback.
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
_SHORT = "/tmp"  # nosec B108: a new folder of our own is made in it


class LlamaHttpError(RuntimeError):
    """llama.cpp's listener did not answer."""


class LlamaHttp:
    """The client: let llama.cpp listen at `host`, then call `open` with the address it reports."""

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self._address = ""
        if os.name == "posix":
            folder = _folder()
            self.host = str(folder / _FILE)
            self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    def open(self, address: str) -> None:
        """Use the listener at `address`, in xllamacpp's form: unix:///path or http://127.0.0.1:port."""
        self._address = address.removeprefix(_SCHEME)
        if address.startswith(_SCHEME):
            self._address = self._private(allow(self._address))

    def ask(self, path: str, key: str, body: bytes | None) -> tuple[int, bytes]:
        """Return status and body of a GET, or of a POST of JSON. Raises LlamaHttpError."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection = self._connection()
        try:
            connection.request("POST" if body else "GET", path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise LlamaHttpError(str(error)) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._address.startswith("/"):
            return _UnixConnection(self._address)
        place = urlsplit(self._address)
        return http.client.HTTPConnection(place.hostname or "127.0.0.1", place.port, timeout=_SECONDS)

    def _private(self, path: str) -> str:
        """Return a path to the socket that only this process can use, if the system has one."""
        if sys.platform != "linux":
            return path
        file = os.open(path, os.O_PATH | os.O_CLOEXEC)
        weakref.finalize(self, os.close, file)
        private = allow(f"/proc/self/fd/{file}")
        try:
            _UnixConnection(private).connect()
        except OSError:  # no /proc, or one that does not lead to sockets
            return path
        self._remove()
        return private


class _UnixConnection(http.client.HTTPConnection):
    """An HTTP connection over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _folder() -> Path:
    """Return a new folder (0700) with a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="sandbox-"))
    if len(os.fsencode(folder / _FILE)) <= _LONGEST_PATH:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="sandbox-", dir=_SHORT))
