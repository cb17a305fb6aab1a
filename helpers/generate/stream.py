"""Streams: JSON events cut from bytes in whatever parts they come, and text that is never lost."""

import codecs
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any

from botocore.eventstream import ParserError
from botocore.exceptions import ClientError

from ..errors import StreamBroken
from ..records import usage
from ..records.payload import WrongShape
from .apis import Api
from .types import Generation, Response

# What may stand between two JSON objects: white space, and the line prefixes of server-sent events.
BETWEEN = re.compile(r"(?:\s+|data:|\[DONE\]|(?:event|id|retry)?:[^\n]*\n)+")
GZIP = b"\x1f\x8b"


class EventReader:
    """A reader that cuts a stream of bytes into JSON objects.

    A part may end in the middle of an object or of a UTF-8 character, and may hold several objects;
    server-sent `data:` lines and keep-alives are taken as well.
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="strict").decode
        self._parse = json.JSONDecoder().raw_decode
        self.rest = ""

    def feed(self, part: bytes) -> Iterator[dict[str, Any]]:
        """Yield the objects that `part` completes; keep the remainder in `rest`.

        Raises, after the objects before it: UnicodeDecodeError at bytes that are no UTF-8, RecursionError at
        an object that is nested too deeply, ValueError at a number of thousands of digits.
        """
        problem = None
        try:
            self.rest += self._decode(part)
        except UnicodeDecodeError as error:
            problem = error
            self.rest += error.object[: error.start].decode()
        yield from self._objects()
        if problem is not None:
            raise problem

    def _objects(self) -> Iterator[dict[str, Any]]:
        while True:
            between = BETWEEN.match(self.rest)
            start = between.end() if between else 0
            if not self.rest.startswith("{", start):
                return
            try:
                event, end = self._parse(self.rest, start)
            except json.JSONDecodeError:
                return
            self.rest = self.rest[end:]
            yield event


class Stream:
    """An answer on its way: iterate over it for the pieces of text, in order, each once.

    `text` is what has come so far, `response` the whole answer once it has ended, and
    `time_to_first_token_seconds` counts from the request. Closing it early, or leaving its `with` block,
    closes the connection, and the endpoint stops computing. An end before the model had finished raises
    StreamBroken with the partial text; what goes wrong after its last event loses nothing, and is no error.
    """

    def __init__(
        self,
        open_body: Callable[[], Any],
        api: Api,
        what: str,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._api, self._what, self._clock = api, what, clock
        self._started = clock()
        self._ended, self._pieces = usage.begin(clock), 0
        try:
            self._body = open_body()
        except BaseException:
            self._ended(None)
            raise
        self._closed = False
        self._stopped = False
        self.text = ""
        self.response: Response | None = None
        self.time_to_first_token_seconds: float | None = None

    def __enter__(self) -> "Stream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[str]:
        reader = EventReader()
        try:
            for message in self._body:
                # other kinds, of a newer service perhaps, hold no text of the model's
                for event in reader.feed(message.get("PayloadPart", {}).get("Bytes", b"")):
                    yield from self._take(event)
        except StreamBroken:
            raise
        except Exception as error:  # whatever a stream raises, its text must not be lost
            if not self._over:
                raise self._broken(_reason(error)) from error
        finally:
            self.close()
        if not self._over:
            raise self._broken(f"the connection ended early{_unread(reader.rest)}")

    def stop(self) -> None:
        """End the stream from another thread: the iteration ends quietly, with the text so far."""
        self._stopped = True
        self.close()

    def close(self) -> None:
        """Close the connection; more than once is no error."""
        if not self._closed:
            self._closed = True
            counted = self.response and self.response.tokens
            self._ended(counted or self._pieces or None)  # a piece is a token or more
            _close(self._body)

    @property
    def _over(self) -> bool:
        """Whether nothing more is to come: the model has finished, or the reader has stopped."""
        return self._stopped or self.response is not None

    def _take(self, event: dict[str, Any]) -> Iterator[str]:
        if self._over:
            return
        problem = self._api.error(event)
        if problem is not None:
            raise self._broken(f"the model says: {problem}")
        piece = self._api.text(event)
        if piece:
            if self.time_to_first_token_seconds is None:
                self.time_to_first_token_seconds = self._clock() - self._started
            self.text += piece
            self._pieces += 1
            yield piece
        final = self._api.final(event)
        if final is not None:
            self.response = self._finish(final)

    def _finish(self, final: dict[str, Any]) -> Response:
        response = replace(self._api.response(final), latency_seconds=self._clock() - self._started)
        if not response.text:
            first = replace(response.generations[0], text=self.text)
            generations: tuple[Generation, ...] = (first, *response.generations[1:])
            response = replace(response, generations=generations)
        return response

    def _broken(self, why: str) -> StreamBroken:
        return StreamBroken(
            f"{self._what}: the stream broke after {len(self.text)} characters: {why}. The text so far is in "
            f"this error's partial_text; ask again for the rest.",
            partial_text=self.text,
            reason=why,
        )


def _reason(error: Exception) -> str:
    """Describe in words what went wrong with a stream."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Message") or error)
    if isinstance(error, UnicodeDecodeError):
        zipped = error.object[max(0, error.start - 1) : error.start + 1] == GZIP
        return "the bytes that came are compressed" if zipped else "the bytes that came are not UTF-8"
    if isinstance(error, RecursionError):
        return "an event's JSON is nested too deeply"
    if isinstance(error, ParserError):
        return f"a frame of it is damaged ({error})"
    if isinstance(error, WrongShape):
        return f"an event is not as the model's API writes it: {error}"
    return str(error) or type(error).__name__


def _unread(rest: str) -> str:
    return f", in the middle of {rest[:80]!r}" if rest.strip() else ""


def _close(body: Any) -> None:
    """Shut the socket first: closing alone would wait for a read that is under way in another thread."""
    raw = getattr(body, "_raw_stream", None)
    shutdown = getattr(raw, "shutdown", None)
    if shutdown is not None:
        with suppress(OSError, ValueError, RuntimeError):  # it has ended by itself already
            shutdown()
    body.close()
