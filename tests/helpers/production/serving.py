"""The service on a port of its own in this process, before streams that the test writes."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from types import SimpleNamespace
from typing import Any

import uvicorn

from helpers.generate.types import Generation, Response
from helpers.production.app.service import Service
from helpers.sandbox.serve import loopback_socket

JSON = {"Content-Type": "application/json"}
SECONDS = 30  # that a busy machine may take


class Endpoint:
    """Counts its streams; `open` is what a service's client calls, and whom `client` stands for."""

    def __init__(self, *pieces: str, endless: bool = False, error: Exception | None = None) -> None:
        self.pieces, self.endless, self.error = pieces, endless, error
        self.streams: list[FakeStream] = []
        self.opening = threading.Event()  # a request is on its way once this is set ...
        self.may_open = threading.Event()  # ... and answered once this is
        self.may_open.set()

    @property
    def computing(self) -> int:
        """How many generations run."""
        return sum(not each.ended.is_set() for each in self.streams)

    def client(self) -> Any:
        stream = self._stream
        session = SimpleNamespace(writer="nobody")
        return SimpleNamespace(stream=stream, session=session, without_retries=self.client)

    def _stream(self, prompt: str, **setting: Any) -> "FakeStream":
        self.opening.set()
        assert self.may_open.wait(SECONDS)
        self.streams.append(stream := FakeStream(self))
        return stream


class FakeStream:
    """Yields like `generate.stream.Stream`; an endless one goes on until it is stopped."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._stop = threading.Event()
        self.stopped = False
        self.ended = threading.Event()
        self.response: Response | None = None

    def stop(self) -> None:
        self.stopped = True
        self._stop.set()

    def __iter__(self) -> Iterator[str]:
        try:
            yield from self._endpoint.pieces
            while self._endpoint.endless and not self._stop.wait(0.005):
                yield " on"
            if self._endpoint.error:
                raise self._endpoint.error
            if not self._stop.is_set():
                self.response = Response((Generation("", "COMPLETE"),), latency_seconds=1.0)
        finally:
            self.ended.set()


@contextmanager
def serving(service: Service) -> Iterator[int]:
    """Serve it; the port."""
    with loopback_socket() as listener:
        listener.listen(512)
        config = uvicorn.Config(
            service.application(), log_config=None, lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(SECONDS)


async def in_process(service: Service, receive: Any, send: Any) -> None:
    """The service's answer to one generation, whose messages after the body are `receive`'s."""
    body = [{"type": "http.request", "body": b'{"prompt": "Write:"}', "more_body": False}]
    scope = {
        **{"type": "http", "method": "POST", "path": "/generate", "raw_path": b"/generate"},
        **{"query_string": b"", "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)},
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
    }

    async def received() -> Any:
        return body.pop() if body else await receive()

    await service.application()(scope, received, send)


def all_ended() -> None:
    """Wait until no thread of a generation is left."""
    for each in threading.enumerate():
        if each.name == "generation":
            each.join(SECONDS)
            assert not each.is_alive(), "a generation runs on"


def ask(port: int, prompt: str = "Write:", **headers: str) -> HTTPResponse:
    """Begin a generation; its answer, whose events are not read yet."""
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request("POST", "/generate", json.dumps({"prompt": prompt}), {**JSON, **headers})
    return connection.getresponse()


def events(answer: HTTPResponse) -> Iterator[tuple[str, dict[str, Any]]]:
    """An answer's events, read as the standard says: fields of lines, an event ends with an empty one."""
    name, data = "message", ""
    for line in answer:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        name = value if field == "event" else name
        data = value if field == "data" else data
        if not field:
            yield name, json.loads(data)


def message(answer: HTTPResponse) -> str:
    """What an answer that is no stream says."""
    return str(json.loads(answer.read())["message"])
