"""The sandbox's log on standard error; if that is a file, its size is bounded."""

import logging
import os
import re
import stat
import sys
from typing import TextIO

MAX_BYTES = 8 * 1024 * 1024
TAIL_BYTES = 2 * 1024 * 1024  # what remains of a log that has grown beyond MAX_BYTES
_LINE = 1000  # characters of a message, which may quote a client
_TRACEBACK = 20_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_NEWLINE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def to_stderr() -> None:
    """Log everything to standard error from now on, Python's warnings too."""
    handler = BoundedHandler(sys.stderr)
    handler.setFormatter(PlainFormatter("%(asctime)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(True)


class PlainFormatter(logging.Formatter):
    """A formatter without control characters; a record is one line, a message at most 1,000 characters."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        """Return the line without a traceback."""
        record.message = _CONTROL.sub(_escaped, _cut(record.message, _LINE))
        return super().formatMessage(record)

    def formatException(self, ei: "logging._SysExcInfoType") -> str:  # noqa: N802  # logging's name
        """Return the traceback, escaped, as its last line may quote a client."""
        return _CONTROL_BUT_NEWLINE.sub(_escaped, _cut(super().formatException(ei), _TRACEBACK))


class BoundedHandler(logging.StreamHandler[TextIO]):
    """A stream handler that cuts a log file of more than MAX_BYTES down to its last TAIL_BYTES.

    It cuts in place instead of renaming, as Python's and llama.cpp's standard error stay in the same file.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, then cut the file if it has grown too large."""
        super().emit(record)
        try:
            self._keep_small(self.stream.fileno())
        except (OSError, ValueError):  # not a file, so nothing to cut
            return

    def _keep_small(self, file: int) -> None:
        status = os.fstat(file)
        if status.st_size <= MAX_BYTES or not stat.S_ISREG(status.st_mode):
            return
        os.lseek(file, -TAIL_BYTES, os.SEEK_END)
        end = os.read(file, TAIL_BYTES).partition(b"\n")[2]
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, b"(the log was cut here: only its end is kept)\n" + end)


def _cut(text: str, length: int) -> str:
    """Replace the middle of a text that is too long by a note."""
    if len(text) <= length:
        return text
    half = length // 2
    return f"{text[:half]} ... {len(text) - 2 * half} characters ... {text[-half:]}"


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
