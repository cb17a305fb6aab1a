"""A run's file: JSON lines on disk, written one by one, locked against others, and resumable."""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from ..errors import BadInput
from .payload import WrongShape, parse

FORMAT = 1
Check = Callable[[dict[str, Any]], object]


class Journal:
    """An append-only file of JSON lines, the first of which says what the run is.

    Entering locks the file, drops a half-written last line and reads `records`. A file of another run, one
    that is being written to for longer than `patience` (seconds), or one with a line for which `check` raises
    WrongShape, raises BadInput and is not changed, so that no answer in it is lost.
    """

    def __init__(
        self,
        path: str | Path,
        header: Mapping[str, Any],
        check: Check = lambda record: None,
        patience: float = 0,
    ) -> None:
        self.path, self._check, self._patience = Path(path), check, patience
        self.header = {"format": FORMAT, **header}
        self.records: list[dict[str, Any]] = []
        self._lock: FileLock | None = None
        self._file: FileIO | None = None
        self._size = 0  # bytes of whole lines; a partial write is cut off before the next one
        self._writing = threading.Lock()

    def __enter__(self) -> "Journal":
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with _uninterrupted():
                self._lock = FileLock(f"{self.path}.lock")
                self._lock.acquire(timeout=self._patience)
            self._open()
        except BaseException as error:
            self._unlock()  # whatever came, an interrupt just after the lock was taken too
            if isinstance(error, Timeout):
                raise BadInput(
                    f"Another run is writing to {self.path}. "
                    "Wait for it to end, or give this one another file."
                ) from error
            if isinstance(error, OSError):
                raise _unusable(self.path, error) from error
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._writing:
                if self._file is not None:
                    self._file.close()
        finally:
            self._unlock()

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one line, from any thread; it is on the disk when this returns."""
        if self._file is None:
            raise RuntimeError("append() belongs inside `with Journal(...)`")
        line = _line(record)
        with self._writing:
            self._file.truncate(self._size)
            unwritten = memoryview(line)
            while unwritten:
                unwritten = unwritten[self._file.write(unwritten) :]
            os.fsync(self._file.fileno())
            self._size += len(line)

    def _unlock(self) -> None:
        try:
            self._release()
        except BaseException:  # an interrupt may have come before it had begun
            self._release()
            raise

    def _release(self) -> None:
        with _uninterrupted():
            lock, self._lock = self._lock, None
            if lock is not None:
                lock.release(force=True)  # nothing where it is another's
            del lock  # its __del__ is not to be interrupted either

    def _open(self) -> None:
        found = self.path.read_bytes() if self.path.exists() else b""
        if _line(self.header).startswith(found):  # empty, or part of the first line
            data = b""
        else:
            data = _whole_lines(found)
            header, self.records = _parse(data, self.path, self._check)
            if header != self.header:
                raise BadInput(
                    f"{self.path} holds a run of other settings than this one's; it was left as it is. "
                    "Give this run a new file name, or plan the same settings again to resume."
                )
        self._file, self._size = self.path.open("ab", buffering=0), len(data)
        self._file.truncate(min(len(found), len(data)))
        self._file.write(data[len(found) :])  # a line end that an editor removed
        if not data:
            self.append(self.header)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put an interrupt off until the block has ended.

    One inside filelock 4 can leave its own lock taken for ever, and every other thread that makes a FileLock
    or starts a process would wait for it.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    came: list[int] = []  # without the frame, which would keep all that is on the stack
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            handler(came[0], None)


def read(path: str | Path, check: Check = lambda record: None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a run's header and its records so far, without locking.

    `check` raises WrongShape for an invalid record. Raises BadInput if the file is not a run's.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise BadInput(f"There is no run in {path}: the file does not exist.") from error
    except OSError as error:
        raise _unusable(Path(path), error) from error
    return _parse(_whole_lines(data), Path(path), check)


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record).encode("ascii") + b"\n"


def _whole_lines(data: bytes) -> bytes:
    """Return the data without a half-written last line; a complete one gets its missing line end."""
    end = data.rfind(b"\n") + 1
    try:
        parse(data[end:])
    except WrongShape:
        return data[:end]
    return data + b"\n"


def _parse(data: bytes, path: Path, check: Check) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    records: list[dict[str, Any]] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            record = parse(line)
            if records:
                check(record)
        except WrongShape as error:
            if not records:
                raise _no_run(path) from error
            raise BadInput(
                f"Line {number} of {path} is not of this run: {error}. The file was left as it is: take that "
                "line out, and what the other lines hold is kept."
            ) from error
        records.append(record)
    if not records or records[0].get("format") != FORMAT:
        raise _no_run(path)
    return records[0], records[1:]


def _no_run(path: Path) -> BadInput:
    return BadInput(f"{path} is not the file of a run; it was left as it is. Give this run another path.")


def _unusable(path: Path, error: OSError) -> BadInput:
    where, why = error.filename or path, error.strerror or error
    return BadInput(f"{where} can't be used for a run ({why}). Give this run another path.")
