"""One answer on its way to a reader: a thread reads the endpoint's stream, the event loop hands it on."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import TutorialError

if TYPE_CHECKING:
    from ...generate.stream import Stream
    from ...generate.types import Response

    Item = str | Exception | Response | None


@dataclass(frozen=True)
class Timeouts:
    """Seconds of silence, before the first piece or between two; of a whole answer; of a reader's silence."""

    silence: float = 30.0
    whole: float = 120.0
    unread: float = 10.0


class TimedOut(TutorialError):
    """The answer was given up, and the endpoint told to stop, as it took too long."""


class Generation:
    """A stream that `open` begins in a thread of its own; `ended` is called in the loop once it is over.

    `stop` ends the items at once and closes the endpoint's connection, or does so once it is open. More than
    once is no error: whoever made this calls it in the end, whatever happened.
    """

    def __init__(self, open: Callable[[], "Stream"], ended: Callable[[], object], timeouts: Timeouts) -> None:
        self._open, self._ended, self._timeouts = open, ended, timeouts
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[Item] = asyncio.Queue()
        self._stream: Stream | None = None
        self._stopped = False
        threading.Thread(target=self._run, name="generation", daemon=True).start()

    def stop(self) -> None:
        """End the generation; called in the event loop."""
        self._stopped = True
        self._items.put_nowait(None)
        if self._stream is not None:
            self._stream.stop()

    async def items(self) -> AsyncIterator["str | Response"]:
        """Yield the pieces of text, then the whole answer, which is missing if it was stopped.

        Raises TimedOut, or what the stream raised.
        """
        until = self._loop.time() + self._timeouts.whole
        while (item := await self._next(until)) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    async def _next(self, until: float) -> "Item":
        silent = self._loop.time() + self._timeouts.silence
        try:
            async with asyncio.timeout_at(min(silent, until)):
                return await self._items.get()
        except TimeoutError as error:
            self.stop()
            if silent < until:
                what = f"the model wrote nothing for {self._timeouts.silence:g} s"
            else:
                what = f"the text was not complete after {self._timeouts.whole:g} s"
            raise TimedOut(f"Given up, as {what}. Try again, or ask for less.") from error

    def _run(self) -> None:
        try:
            self._read(stream := self._begin())
            self._hand(stream.response)
        except Exception as error:  # whatever it is, the reader is told
            self._hand(error)
        finally:
            self._hand(None)
            self._call(self._ended)

    def _begin(self) -> "Stream":
        self._stream = stream = self._open()
        if self._stopped:  # while the request was on its way
            stream.stop()
        return stream

    def _read(self, stream: "Stream") -> None:
        for piece in stream:
            self._hand(piece)

    def _hand(self, item: "Item") -> None:
        self._call(self._items.put_nowait, item)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop has ended, and nobody listens
            self._loop.call_soon_threadsafe(function, *arguments)
