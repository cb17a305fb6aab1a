"""A streamed answer: event-stream frames, with a deadline, that end when the client leaves."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import ExitStack, aclosing
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from helpers.sandbox.aws import eventstream
from helpers.sandbox.inference import Parts
from helpers.sandbox.server.body import ClientDisconnected

from ..cloudwatch.records import Watch

logger = logging.getLogger(__name__)


T = TypeVar("T")


# repost.aws QUAnNu2T7pR8qVJpBVtwNSUw
_STREAM_TIMED_OUT = "Your model primary did not complete sending the inference response in the allotted time."


class EventStream(Response):
    """A response of event-stream frames; when the client leaves, the computation ends.

    `held` is closed at the end: it holds the request's slot.
    """

    def __init__(
        self, parts: Parts, deadline: float, headers: dict[str, str], watch: Watch, held: ExitStack
    ) -> None:
        super().__init__(None, 200, {**headers, "Content-Type": eventstream.CONTENT_TYPE})
        del self.headers["content-length"]
        self._parts = parts
        self._deadline = deadline
        self._watch = watch
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        with self._held:
            try:
                await unless_gone(receive, self._send(send))
            except ClientDisconnected:
                self._watch.disconnected()
                logger.info("the client left a stream; its generation was ended")
            except eventstream.StreamCut:  # the answer stays incomplete, so the server closes the connection
                self._watch.disconnected()  # it was cut on the way, which SageMaker sees no other way

    async def _send(self, send: Send) -> None:
        async with aclosing(self._parts) as parts:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for data in self._frames(parts):
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        self._watch.answered()

    async def _frames(self, parts: Parts) -> Parts:
        try:
            while (part := await self._next(parts)) is not None:
                self._watch.part(len(part))
                yield eventstream.payload_part(part)
        except eventstream.StreamCut:
            raise
        except eventstream.StreamException as ending:
            self._watch.failed(500, f"{ending.name}: {ending.members['Message']}")
            yield eventstream.exception(ending.name, ending.members)
        except TimeoutError:
            self._watch.failed(0, _STREAM_TIMED_OUT)
            members = {"Message": _STREAM_TIMED_OUT, "ErrorCode": "ModelInvocationTimeExceeded"}
            yield eventstream.exception("ModelStreamError", members)
        except Exception:
            logger.exception("a stream failed inside the sandbox")
            self._watch.failed(500, "the sandbox failed")
            # wording (not established)
            members = {"Message": "The request processing has failed because of an internal error."}
            yield eventstream.exception("InternalStreamFailure", members)

    async def _next(self, parts: Parts) -> bytes | None:
        async with asyncio.timeout_at(self._deadline):
            return await anext(parts, None)


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`; if the client leaves first, cancel it and raise ClientDisconnected."""
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnected
        return task.result()
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
