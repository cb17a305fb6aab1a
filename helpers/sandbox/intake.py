"""Reading a request's body: with a limit on memory and on time, and its hash for the signature."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.types import Message, Receive

from .protocol import AwsError

BODY_SECONDS = 60.0


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


async def read_body(receive: Receive, keep: int) -> Body:
    """Read a body to its end and keep the first `keep` bytes.

    The rest is read too, and thrown away: a client that is still sending would not see an answer. Raises
    AwsError RequestTimeout when the client falls silent, ClientDisconnected when it leaves.
    """
    kept, size, digest = bytearray(), 0, hashlib.sha256()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in _chunks(receive):
                size += len(chunk)
                digest.update(chunk)
                kept += chunk[: max(0, keep - len(kept))]
    except TimeoutError as error:
        message = (
            "Your socket connection to the server was not read from or written to within the timeout period. "
            "Idle connections will be closed."
        )
        raise AwsError("RequestTimeout", message) from error
    return Body(bytes(kept), size, digest.hexdigest())


class ClientDisconnected(Exception):
    """The client left before its request was complete: there is nobody to answer."""


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        more = message.get("more_body", False)
        yield message.get("body", b"")
