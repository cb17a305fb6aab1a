"""A run's file: one line of JSON an answer, written before it is counted, shared by nobody, resumable."""

import json
import os
import threading
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from .errors import BadInput

FORMAT = 1


class RunFile:
    """An append-only file of JSON lines, the first of which says what the run is.

    Entering locks the file, recovers from a half-written last line and reads `records`; a file of another
    run, or one that is being written to, raises BadInput and stays as it is.
    """

    def __init__(self, path: str | Path, header: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self.header = {"format": FORMAT, **header}
        self.records: list[dict[str, Any]] = []
        self._lock = FileLock(f"{self.path}.lock")
        self._file: FileIO | None = None
        self._size = 0  # of the whole lines: a write that failed half way is cut off before the next
        self._writing = threading.Lock()

    def __enter__(self) -> "RunFile":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise BadInput(
                f"Another run is writing to {self.path}. Wait for it to end, or give this one another file."
            ) from error
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._writing:
            if self._file is not None:
                self._file.close()
        self._lock.release()

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one line, from any thread; it is on the disk when this returns."""
        if self._file is None:
            raise RuntimeError("append() belongs inside `with RunFile(...)`")
        line = _line(record)
        with self._writing:
            self._file.truncate(self._size)
            unwritten = memoryview(line)
            while unwritten:
                unwritten = unwritten[self._file.write(unwritten) :]
            os.fsync(self._file.fileno())
            self._size += len(line)

    def _open(self) -> None:
        data = self.path.read_bytes() if self.path.exists() else b""
        if _line(self.header).startswith(data):  # nothing there, or not even the whole first line
            data = b""
        else:
            data = _whole_lines(data)
            header, self.records = _parse(data, self.path)
            if header != self.header:
                raise BadInput(
                    f"{self.path} holds a run of other settings than this one's; it was left as it is. "
                    "Give this run a new file name, or plan the same settings again to resume."
                )
        self._file, self._size = self.path.open("ab", buffering=0), len(data)
        self._file.truncate(self._size)
        if not data:
            self.append(self.header)


def read(path: str | Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A run's header and its records so far, without locking; raises BadInput if the file is no run's."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise BadInput(f"There is no run in {path}: the file does not exist.") from error
    return _parse(_whole_lines(data), Path(path))


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record).encode("ascii") + b"\n"


def _whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def _parse(data: bytes, path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    records = []
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise BadInput(f"Line {number} of {path} is not JSON; the file was left as it is.") from error
        records.append(record)
    if not records or not isinstance(records[0], dict) or records[0].get("format") != FORMAT:
        raise BadInput(f"{path} is not the file of a sweep; it was left as it is.")
    return records[0], records[1:]
