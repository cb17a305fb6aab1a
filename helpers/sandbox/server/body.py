"""Reading of request bodies, with limits on memory and time, and hashing for the signature."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from starlette.types import Message, Receive

from ..aws.service import AwsError

BODY_SECONDS = 60.0
PARTIAL_BYTES = 128 * 1024 * 1024  # all partial bodies together; twice _S3_BYTES of gateway.py
LINGER_SECONDS = 1.0
LINGER_BYTES = 1024 * 1024
# wording for services other than S3 (not established); boto3 retries a 503
_SLOW_DOWN = "Reduce your request rate: too much of other requests is on its way."
_TIMED_OUT = (
    "Your socket connection to the server was not read from or written to within the timeout period. "
    "Idle connections will be closed."
)


@dataclass(frozen=True)
class Body:
    """The first bytes of a request's body, and the size and SHA-256 (hex) of the whole body."""

    data: bytes
    size: int
    sha256: str

    def check_whole(self) -> None:
        """Raise AwsError (413) if `data` is not the whole body."""
        if self.size > len(self.data):
            # wording (not established)
            message = f"The request is too large: {self.size} bytes; the limit is {len(self.data)}."
            raise AwsError("RequestEntityTooLarge", message, 413)

    def replay(self, receive: Receive) -> Receive:
        """Return an ASGI `receive` that delivers `data` first and then passes on the client's disconnect."""
        replayed = False

        async def again() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": self.data, "more_body": False}

        return again


class Bodies:
    """The bodies being read, which share a memory budget: when it is exceeded, the largest is abandoned.

    Abandoning the newest instead would let a few stalled uploads block all other clients.
    """

    def __init__(self, budget: int = PARTIAL_BYTES) -> None:
        self._budget = budget
        self._total = 0
        self._partial: set[_PartialBody] = set()

    async def read(self, receive: Receive, limit: int) -> Body:
        """Read a body to its end and store its first `limit` bytes.

        The rest is read and discarded: a client that is still sending would not see an answer. Raises
        AwsError RequestTimeout after 60 s, AwsError SlowDown (503) if the body was abandoned, and
        ClientDisconnected.
        """
        partial = _PartialBody(limit)
        self._partial.add(partial)
        try:
            async with partial.timeout:
                async for chunk in _chunks(receive):
                    self._total += partial.take(chunk)
                    self._enforce_budget()
        except TimeoutError as error:
            if not partial.abandoned:
                raise AwsError("RequestTimeout", _TIMED_OUT) from error
        finally:
            self._total -= len(partial.data)
            self._partial.discard(partial)
        if partial.abandoned:
            raise AwsError("SlowDown", _SLOW_DOWN, 503)
        return partial.finished()

    def _enforce_budget(self) -> None:
        while self._total > self._budget:
            largest = max(self._partial, key=lambda each: len(each.data))
            self._total -= len(largest.data)
            largest.abandon()


class _PartialBody:
    """A body that is still being read; `timeout` ends the reading."""

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self.timeout = asyncio.timeout(BODY_SECONDS)
        self.abandoned = False
        self._limit, self._size, self._digest = limit, 0, hashlib.sha256()

    def take(self, chunk: bytes) -> int:
        """Hash a chunk and store what the limit allows; return how many bytes were stored."""
        self._size += len(chunk)
        self._digest.update(chunk)
        more = chunk[: max(0, self._limit - len(self.data))] if not self.abandoned else b""
        self.data += more
        return len(more)

    def abandon(self) -> None:
        """Free what is stored and end the reading."""
        self.abandoned = True
        self.data.clear()
        if not self.timeout.expired():
            self.timeout.reschedule(asyncio.get_running_loop().time())

    def finished(self) -> Body:
        """Return the complete body."""
        return Body(bytes(self.data), self._size, self._digest.hexdigest())


class ClientDisconnected(Exception):
    """The client left before its request was answered."""


async def drain(receive: Receive) -> None:
    """Read and discard what a refused client has sent: closing with unread bytes would lose the answer.

    Ends after 1 MB or 1 s, as the client is a stranger. Raises ClientDisconnected.
    """
    left = LINGER_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            async for chunk in _chunks(receive):
                left -= len(chunk)
                if left < 0:
                    return


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        more = message.get("more_body", False)
        yield message.get("body", b"")
