"""The answer to a reader: server-sent events (WHATWG, HTML, 9.2), and no longer than the reader stays."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from ...generate import types
from .generation import Generation
from .problems import Problem

# The last one is for nginx, which would keep the events until they are many.
HEADERS = {"Cache-Control": "no-store", "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
END: Message = {"type": "http.response.body", "body": b"", "more_body": False}

Item = str | types.Response | Problem


class EventStream(Response):
    """The events of one generation: "text" for each piece, then "end" or "error"; their data is JSON.

    What goes wrong before the first piece is an answer of its own, with its status and no events. When the
    reader leaves, or reads nothing for `unread` seconds, the generation is stopped.
    """

    def __init__(
        self, generation: Generation, problem: Callable[[Exception], Problem], unread: float
    ) -> None:
        super().__init__(None, 200, HEADERS)
        del self.headers["content-length"]
        self._generation, self._problem, self._unread = generation, problem, unread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until the generation ends or the reader leaves."""
        leaving = asyncio.create_task(self._stop_when_left(receive))
        try:
            async with aclosing(self._items()) as items:
                first = await anext(items, None)
                if isinstance(first, Problem):
                    await first.response()(scope, receive, send)
                elif first is not None:
                    await self._send_all(send, first, items)
        except TimeoutError:
            pass  # the reader does not read, and gets no end
        finally:
            self._generation.stop()
            leaving.cancel()

    async def _items(self) -> AsyncGenerator[Item, None]:
        try:
            async for item in self._generation.items():
                yield item
        except Exception as error:  # the reader is told, whatever it is
            yield self._problem(error)

    async def _send_all(self, send: Send, first: Item, others: AsyncIterator[Item]) -> None:
        await self._send(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self._send(send, _event(first))
        async for item in others:
            await self._send(send, _event(item))
        await self._send(send, END)

    async def _send(self, send: Send, message: Message) -> None:
        async with asyncio.timeout(self._unread):
            await send(message)

    async def _stop_when_left(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._generation.stop()


def _event(item: Item) -> Message:
    """Return an item as an event; JSON has no line end that could end it early."""
    name, data = _named(item)
    body = f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
    return {"type": "http.response.body", "body": body, "more_body": True}


def _named(item: Item) -> tuple[str, dict[str, Any]]:
    if isinstance(item, str):
        return "text", {"text": item}
    if isinstance(item, Problem):
        return "error", {"message": item.message}
    return "end", {"finish_reason": item.generations[0].finish_reason, "seconds": item.latency_seconds}
