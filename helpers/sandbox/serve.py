"""The server process: listens on one loopback port until it is idle for too long or receives SIGTERM."""

import asyncio
import logging
import os
import re
import secrets
import signal
import socket
import string
from functools import partial
from pathlib import Path

import uvicorn

from .address import Address, forget, is_published, publish
from .app import wire
from .engine.weights import fetch
from .loopback import only_loopback
from .server import log
from .server.connections import ACCEPTED_AT_ONCE, Connections, TimedH11, connection_limit, enlarge_backlog
from .server.gateway import Sandbox
from .settings import ACCOUNT, ROLE_ARN, Settings

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 75  # how long a client's connection may be idle
PUBLISHED_CHECK_SECONDS = 15.0  # how often to check that the address is still published
GRACE_SECONDS = 1  # for requests that are running when the sandbox ends
_SHORTEST_SLEEP = 0.1
_KEY_ALPHABET = string.ascii_uppercase + "234567"
_QUANTISATION = re.compile(r"[.-](I?Q\d\w*|BF16|F16|F32)$", re.IGNORECASE)


def loopback_socket() -> socket.socket:
    """Bind a socket to a free port of 127.0.0.1."""
    # Without IPPROTO_TCP asyncio leaves Nagle's algorithm on, which adds 40 ms to each request.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    return listener


def serve() -> None:
    """Run the sandbox in this process until it has been idle for too long or receives SIGTERM."""
    log.to_stderr()
    settings = Settings.from_environment()
    model = settings.model or fetch(logger.info)
    only_loopback()
    with loopback_socket() as listener:
        address = new_address(listener.getsockname()[1], model)
        server = Server(wire(address, settings, model), address, settings.idle_seconds)
        # uvicorn handles SIGTERM and raises it again after its shutdown, when there is nothing left to do.
        signal.signal(signal.SIGTERM, lambda *_: None)
        server.run(sockets=[listener])
    logging.shutdown()
    os._exit(0)  # Python would wait for the engine's threads; there is nothing left to save


def new_address(port: int, model: Path) -> Address:
    """Return this process's address, with a newly drawn pair of access keys."""
    return Address(
        url=f"http://127.0.0.1:{port}",
        # 20 capital letters and digits, as AWS's keys have, recognisable as the sandbox's
        access_key_id="AKIASANDBOX" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(9)),
        secret_access_key=secrets.token_urlsafe(30),
        pid=os.getpid(),
        account=ACCOUNT,
        role_arn=ROLE_ARN,
        model_name=_QUANTISATION.sub("", model.stem),
    )


class Server(uvicorn.Server):
    """A uvicorn server that publishes its address once it listens and stops when it is idle."""

    def __init__(self, app: Sandbox, address: Address, idle_seconds: float) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=partial(TimedH11, Connections(connection_limit())),  # type: ignore[arg-type]  # any callable will do
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=ACCEPTED_AT_ONCE,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._app = app
        self._address = address
        self._idle_seconds = idle_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen and publish the address; only then start loading moto, which requests can wait for."""
        await super().startup(sockets)
        for listener in sockets or []:
            enlarge_backlog(listener)
        publish(self._address)
        self._app.load()
        self._watch = asyncio.create_task(self._end_when_idle())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Withdraw the address, so that no new client comes, and stop serving."""
        forget(self._address)
        self._watch.cancel()
        await super().shutdown(sockets)

    async def _end_when_idle(self) -> None:
        while (left := self._idle_seconds - self._app.activity.idle_seconds) > 0:
            await asyncio.sleep(min(max(left, _SHORTEST_SLEEP), PUBLISHED_CHECK_SECONDS))
            if not is_published(self._address):
                logger.info("another sandbox is in this one's place: the sandbox ends")
                break
        else:
            logger.info("no request for %g s: the sandbox ends", self._idle_seconds)
        self.should_exit = True
