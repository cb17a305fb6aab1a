"""The sandbox's log: its standard error, which is a file of limited size when it was started by another."""

import logging
import os
import re
import stat
import sys
from typing import TextIO

MOST_BYTES = 8 * 1024 * 1024
KEPT_BYTES = 2 * 1024 * 1024  # of the end, when the log has grown to MOST_BYTES
_LINE = 1000  # characters of a message; some of them may be a stranger's
_TRACEBACK = 20_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_NEWLINE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def to_stderr() -> None:
    """Let everything be logged to standard error from now on, warnings too."""
    handler = BoundedHandler(sys.stderr)
    handler.setFormatter(PlainFormatter("%(asctime)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(True)


class PlainFormatter(logging.Formatter):
    """One line a record, with no control character in it and no more than 1,000 characters of message."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        """The line without a traceback."""
        record.message = _CONTROL.sub(_escaped, _cut(record.message, _LINE))
        return super().formatMessage(record)

    def formatException(self, ei: "logging._SysExcInfoType") -> str:  # noqa: N802  # logging's name
        """The traceback; what it says in the end may be a stranger's words too."""
        return _CONTROL_BUT_NEWLINE.sub(_escaped, _cut(super().formatException(ei), _TRACEBACK))


class BoundedHandler(logging.StreamHandler[TextIO]):
    """Writes to a stream; of a file that has grown to MOST_BYTES only the end is kept.

    Cut in place rather than renamed: Python's own standard error, and llama.cpp's, stay in the same file.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        super().emit(record)
        try:
            self._keep_small(self.stream.fileno())
        except (OSError, ValueError):  # a stream without a file: nothing grows
            return

    def _keep_small(self, file: int) -> None:
        status = os.fstat(file)
        if status.st_size <= MOST_BYTES or not stat.S_ISREG(status.st_mode):
            return
        os.lseek(file, -KEPT_BYTES, os.SEEK_END)
        end = os.read(file, KEPT_BYTES).partition(b"\n")[2]
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, b"(the log was cut here: only its end is kept)\n" + end)


def _cut(text: str, length: int) -> str:
    """Beginning and end of a text that is too long."""
    if len(text) <= length:
        return text
    half = length // 2
    return f"{text[:half]} ... {len(text) - 2 * half} characters ... {text[-half:]}"


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
