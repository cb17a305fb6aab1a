"""Limits on the port's connections: their number, and the time that a request's head may take."""

import asyncio
import logging
import socket
from typing import Any

from h11 import IDLE, SEND_BODY
from uvicorn.protocols.http.h11_impl import H11Protocol

logger = logging.getLogger(__name__)

HEAD_SECONDS = 30.0  # from the first byte of a request to the end of its head
MAX_CONNECTIONS = 1000  # at once; a notebook's sweep opens some tens
_NEEDED_FILES = 4096  # for MAX_CONNECTIONS, those being accepted, and moto's files
_RESERVED_FILES = 128
_WARNING_SECONDS = 60.0
ACCEPTED_AT_ONCE = 100  # asyncio accepts that many before it handles one
BACKLOG = 4096  # connections that the kernel queues meanwhile, at most; its own limit may be lower


def connection_limit() -> int:
    """Return how many connections are allowed: MAX_CONNECTIONS, or fewer if few open files are."""
    files = _raise_file_limit()
    return max(ACCEPTED_AT_ONCE, min(MAX_CONNECTIONS, files - _RESERVED_FILES - ACCEPTED_AT_ONCE))


def _raise_file_limit() -> int:
    """Raise this process's limit of open files to _NEEDED_FILES if possible; return the limit."""
    try:
        import resource
    except ImportError:  # Windows has no such limit for sockets
        return _NEEDED_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft == unlimited or soft >= _NEEDED_FILES:
        return _NEEDED_FILES
    needed = _NEEDED_FILES if hard == unlimited else min(_NEEDED_FILES, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    except (OSError, ValueError) as error:
        logger.info("only %d open files are allowed: %s", soft, error)
        return soft
    return needed


def enlarge_backlog(listener: socket.socket) -> None:
    """Let the kernel queue up to BACKLOG connections that asyncio has not accepted yet."""
    listener.listen(BACKLOG)


class Connections:
    """All connections to the port. When there are more than `most`, one is closed.

    The one that has been idle for longest goes first, then the one that has been sending a body for longest.
    If all others are being answered, the newest goes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: set[TimedH11] = set()
        self._idle: dict[TimedH11, None] = {}  # dicts, as they keep the order
        self._sending: dict[TimedH11, None] = {}
        self._warned_at = -_WARNING_SECONDS

    def add(self, newest: "TimedH11") -> None:
        """Add a new connection, and close one if there are too many."""
        self._all.add(newest)
        if len(self._all) > self._most:
            oldest = next(iter(self._idle), None) or next(iter(self._sending), None) or newest
            self.remove(oldest)
            self._warn(newest.loop.time())
            oldest.transport.abort()

    def update(self, one: "TimedH11") -> None:
        """Note a connection's state after an event on it."""
        self._idle.pop(one, None)
        self._sending.pop(one, None)
        if one in self._all and one.conn.their_state in (IDLE, SEND_BODY):
            (self._idle if one.conn.their_state is IDLE else self._sending)[one] = None

    def remove(self, one: "TimedH11") -> None:
        """Remove a connection that is closed or about to be."""
        self._all.discard(one)
        self.update(one)

    def _warn(self, now: float) -> None:
        if now - self._warned_at >= _WARNING_SECONDS:
            self._warned_at = now
            logger.warning("over %d connections: the oldest that owe a request are closed", self._most)


class TimedH11(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, with a limit of HEAD_SECONDS for receiving a request's head."""

    _deadline: asyncio.TimerHandle | None = None

    def __init__(self, connections: Connections, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections = connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer for the first request's head."""
        super().connection_made(transport)
        self._start_timer()
        self._connections.add(self)
        self._connections.update(self)

    def data_received(self, data: bytes) -> None:
        """Stop the timer if the request's head is complete, else start it."""
        super().data_received(data)
        if self.conn.their_state is IDLE:
            self._start_timer()
        else:
            self._stop_timer()
        self._connections.update(self)

    def on_response_complete(self) -> None:
        """Start the timer if the next request's head has begun to arrive."""
        super().on_response_complete()
        if self.conn.their_state is IDLE and self.conn.trailing_data[0]:
            self._start_timer()
        self._connections.update(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._stop_timer()
        self._connections.remove(self)
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
