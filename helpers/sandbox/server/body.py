"""Reading requests' bodies: with limits on memory and on time, and their hash for the signature."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from starlette.types import Message, Receive

from ..aws.service import AwsError

BODY_SECONDS = 60.0
UNFINISHED_BYTES = 128 * 1024 * 1024  # of all connections; two of the largest bodies that are kept
LINGER_SECONDS = 1.0
LINGER_BYTES = 1024 * 1024
# wording not established for most services; boto3 tries a 503 again
_BUSY = "Reduce your request rate: too much of other requests is on its way."
_SILENT = (
    "Your socket connection to the server was not read from or written to within the timeout period. "
    "Idle connections will be closed."
)


@dataclass(frozen=True)
class Body:
    """A request's body: at most the first `keep` bytes of it, and the size and SHA-256 (hex) of all of it."""

    data: bytes
    size: int
    sha256: str

    def replay(self, receive: Receive) -> Receive:
        """A `receive` that tells the kept bytes first, and then what the client does (it may disconnect)."""
        told = False

        async def again() -> Message:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": self.data, "more_body": False}

        return again


class Bodies:
    """The bodies that are on their way, which share a budget: beyond it, the largest is given up.

    The largest, not the newest: a few that stand still would keep everybody else out.
    """

    def __init__(self, budget: int = UNFINISHED_BYTES) -> None:
        self._budget = budget
        self._held = 0
        self._unfinished: set[_Unfinished] = set()

    async def read(self, receive: Receive, keep: int) -> Body:
        """Read a body to its end and keep the first `keep` bytes.

        The rest is read too, and thrown away: a client that is still sending would not see an answer. Raises
        AwsError RequestTimeout when the client falls silent, SlowDown (503) when the body is given up, and
        ClientDisconnected when the client leaves.
        """
        one = _Unfinished(keep)
        self._unfinished.add(one)
        try:
            async with one.timeout:
                async for chunk in _chunks(receive):
                    self._held += one.take(chunk)
                    self._stay_inside()
        except TimeoutError as error:
            if not one.given_up:
                raise AwsError("RequestTimeout", _SILENT) from error
        finally:
            self._held -= len(one.kept)
            self._unfinished.discard(one)
        if one.given_up:
            raise AwsError("SlowDown", _BUSY, 503)
        return one.finished()

    def _stay_inside(self) -> None:
        while self._held > self._budget:
            largest = max(self._unfinished, key=lambda each: len(each.kept))
            self._held -= len(largest.kept)
            largest.give_up()


class _Unfinished:
    """One body as far as it has come; `timeout` ends the reading."""

    def __init__(self, keep: int) -> None:
        self.kept = bytearray()
        self.timeout = asyncio.timeout(BODY_SECONDS)
        self.given_up = False
        self._keep, self._size, self._digest = keep, 0, hashlib.sha256()

    def take(self, chunk: bytes) -> int:
        """Add a chunk; returns by how many bytes more is held."""
        self._size += len(chunk)
        self._digest.update(chunk)
        more = chunk[: max(0, self._keep - len(self.kept))] if not self.given_up else b""
        self.kept += more
        return len(more)

    def give_up(self) -> None:
        """Hold nothing any more, and end the reading."""
        self.given_up = True
        self.kept.clear()
        if not self.timeout.expired():
            self.timeout.reschedule(asyncio.get_running_loop().time())

    def finished(self) -> Body:
        """All of it."""
        return Body(bytes(self.kept), self._size, self._digest.hexdigest())


class ClientDisconnected(Exception):
    """The client left before its request was complete: there is nobody to answer."""


async def drain(receive: Receive) -> None:
    """Throw away what a refused client has just sent: closing on unread bytes would take the answer away.

    Only a little, for a moment: nobody's body is read who is not known. Raises ClientDisconnected.
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
