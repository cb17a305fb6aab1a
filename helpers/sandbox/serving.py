"""The server process: one socket on loopback, from start to idle end or SIGTERM."""

import asyncio
import logging
import os
import re
import secrets
import signal
import socket
import string
import sys
from pathlib import Path

import uvicorn
from h11 import IDLE
from uvicorn.protocols.http.h11_impl import H11Protocol

from . import process
from .loopback import only_loopback
from .server import Sandbox
from .settings import ACCOUNT, ROLE_ARN, Settings
from .weights import fetch
from .wiring import wire

logger = logging.getLogger(__name__)

HEAD_SECONDS = 30.0  # from the first byte of a request to the end of its head
KEEP_ALIVE_SECONDS = 75  # a client's idle connection
PUBLISHED_CHECK_SECONDS = 15.0  # a sandbox that nobody can find any more ends after at most that
GRACE_SECONDS = 1  # what runs when the sandbox is told to end
_SHORTEST_SLEEP = 0.1
_KEY_ALPHABET = string.ascii_uppercase + "234567"
_QUANTISATION = re.compile(r"[.-](I?Q\d\w*|BF16|F16|F32)$", re.IGNORECASE)


def serve() -> None:
    """Run the sandbox in this process until it is idle for too long or told to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    settings = Settings.from_environment()
    model = settings.model or fetch(logger.info)
    only_loopback()
    # asyncio turns Nagle's algorithm off for sockets that say TCP, and only those: 40 ms a request otherwise.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        address = new_address(listener.getsockname()[1], model)
        server = Server(wire(address, settings, model), address, settings.idle_seconds)
        # uvicorn handles the signal and, when all is done, raises it again: its work is done then.
        signal.signal(signal.SIGTERM, lambda *_: None)
        server.run(sockets=[listener])
    logging.shutdown()
    os._exit(0)  # Python would wait for the threads that compute a next token, and nothing is left to save


def new_address(port: int, model: Path) -> process.Address:
    """This process's address with keys that nobody knows yet."""
    return process.Address(
        url=f"http://127.0.0.1:{port}",
        # 20 capital letters and digits, as AWS's are; recognisable as the sandbox's
        access_key_id="AKIASANDBOX" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(9)),
        secret_access_key=secrets.token_urlsafe(30),
        pid=os.getpid(),
        account=ACCOUNT,
        role_arn=ROLE_ARN,
        model_name=_QUANTISATION.sub("", model.stem),
    )


class Server(uvicorn.Server):
    """uvicorn, which publishes the sandbox's address once it listens and ends when it is idle."""

    def __init__(self, app: Sandbox, address: process.Address, idle_seconds: float) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=PatientH11,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._app = app
        self._address = address
        self._idle_seconds = idle_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, tell where, and only then load what requests can wait for."""
        await super().startup(sockets)
        process.publish(self._address)
        self._app.load()
        self._watch = asyncio.create_task(self._end_when_useless())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Withdraw the address, so that nobody comes any more, and end."""
        process.forget(self._address)
        self._watch.cancel()
        await super().shutdown(sockets)

    async def _end_when_useless(self) -> None:
        while (left := self._idle_seconds - self._app.activity.idle_seconds) > 0:
            await asyncio.sleep(min(max(left, _SHORTEST_SLEEP), PUBLISHED_CHECK_SECONDS))
            if not process.is_published(self._address):
                logger.info("another sandbox is in this one's place: the sandbox ends")
                break
        else:
            logger.info("no request for %g s: the sandbox ends", self._idle_seconds)
        self.should_exit = True


class PatientH11(H11Protocol):
    """uvicorn's HTTP, which also closes a connection whose request head does not become complete."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection owes a request."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """After some data, a request is complete up to its body, or still owed."""
        super().data_received(data)
        if self.conn.their_state is IDLE:
            self._await_head()
        else:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """After an answer, the next request may have begun already."""
        super().on_response_complete()
        if self.conn.their_state is IDLE and self.conn.trailing_data[0]:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is owed any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
