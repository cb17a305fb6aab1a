"""Connections to the sandbox's port: how many there may be, and how long one may owe a request."""

import asyncio
import logging
import socket
from typing import Any

from h11 import IDLE, SEND_BODY
from uvicorn.protocols.http.h11_impl import H11Protocol

logger = logging.getLogger(__name__)

HEAD_SECONDS = 30.0  # from the first byte of a request to the end of its head
MOST = 1000  # connections at once; a notebook's sweep has some tens
_WANTED_FILES = 4096  # open files: MOST, those that are just being accepted, and moto's
_RESERVED_FILES = 128
_TOLD_SECONDS = 60.0
ACCEPTED_AT_ONCE = 100  # asyncio accepts that many before it looks at one of them
WAITING = 4096  # for the kernel to keep meanwhile; it takes less where it allows less


def room() -> int:
    """How many connections there may be: MOST, or fewer where the system allows few open files."""
    files = _raise_file_limit()
    return max(ACCEPTED_AT_ONCE, min(MOST, files - _RESERVED_FILES - ACCEPTED_AT_ONCE))


def _raise_file_limit() -> int:
    """Allow this process the open files that it may need; returns how many it may have."""
    try:
        import resource
    except ImportError:  # Windows has no such limit for sockets
        return _WANTED_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft == unlimited or soft >= _WANTED_FILES:
        return _WANTED_FILES
    wanted = _WANTED_FILES if hard == unlimited else min(_WANTED_FILES, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        logger.info("only %d open files are allowed: %s", soft, error)
        return soft
    return wanted


def keep_waiting(listener: socket.socket) -> None:
    """Let the kernel keep connections that asyncio has no time for yet: they would be slow to try again."""
    listener.listen(WAITING)


class Connections:
    """All connections to the port; of more than `most`, the one that has owed a request for longest goes.

    First those without a request, then those whose request's body is not complete. Others are being
    answered, and stay: then the newest goes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: set[PatientH11] = set()
        self._idle: dict[PatientH11, None] = {}  # dicts, for their order
        self._sending: dict[PatientH11, None] = {}
        self._told = -_TOLD_SECONDS

    def enter(self, newest: "PatientH11") -> None:
        """A connection has been made."""
        self._all.add(newest)
        if len(self._all) > self._most:
            oldest = next(iter(self._idle), None) or next(iter(self._sending), None) or newest
            self.leave(oldest)
            self._tell(newest.loop.time())
            oldest.transport.abort()

    def note(self, one: "PatientH11") -> None:
        """Something has happened on a connection."""
        self._idle.pop(one, None)
        self._sending.pop(one, None)
        if one in self._all and one.conn.their_state in (IDLE, SEND_BODY):
            (self._idle if one.conn.their_state is IDLE else self._sending)[one] = None

    def leave(self, one: "PatientH11") -> None:
        """A connection is lost, or about to be."""
        self._all.discard(one)
        self.note(one)

    def _tell(self, now: float) -> None:
        if now - self._told >= _TOLD_SECONDS:
            self._told = now
            logger.warning("over %d connections: the oldest that owe a request are closed", self._most)


class PatientH11(H11Protocol):
    """uvicorn's HTTP, which also closes a connection whose request head does not become complete."""

    _deadline: asyncio.TimerHandle | None = None

    def __init__(self, connections: Connections, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._others = connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection owes a request."""
        super().connection_made(transport)
        self._await_head()
        self._others.enter(self)
        self._others.note(self)

    def data_received(self, data: bytes) -> None:
        """After some data, a request is complete up to its body, or still owed."""
        super().data_received(data)
        if self.conn.their_state is IDLE:
            self._await_head()
        else:
            self._stop_waiting()
        self._others.note(self)

    def on_response_complete(self) -> None:
        """After an answer, the next request may have begun already."""
        super().on_response_complete()
        if self.conn.their_state is IDLE and self.conn.trailing_data[0]:
            self._await_head()
        self._others.note(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is owed any more."""
        self._stop_waiting()
        self._others.leave(self)
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
