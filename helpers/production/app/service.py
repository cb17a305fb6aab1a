"""The web service: a page, POST /generate, GET /health; limits and time-outs before the endpoint's own."""

import asyncio
import ipaddress
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ...catalog import DATA
from ...errors import BadInput, NotConnected, TutorialError
from .events import EventStream
from .generation import Generation, Timeouts
from .headers import SecurityHeaders
from .limits import Limits, Usage
from .problems import Problem
from .prompt import read_prompt

if TYPE_CHECKING:
    from ...generate.client import Client
    from ...generate.stream import Stream

LIMITS, TIMEOUTS = Limits(), Timeouts()
LOOPBACK = ("127.0.0.1", "localhost")
RETRY_SECONDS = 2.0  # before it is tried again to reach the endpoint


def address(request: Request) -> str:
    """Return the user that limits count: the address that the request comes from.

    Of an IPv6 address the first 64 bits count, as the others are the user's to choose. A cookie would be no
    limit, as who deletes it is somebody else. Behind a proxy, or with a sign-in, all come from one address or
    bring a name: give the service another function.
    """
    host = request.client.host if request.client else ""
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return host
    return host if version == 4 else str(ipaddress.ip_network(f"{host}/64", strict=False))


class Service:
    """Everything that readers share: the client, which is made at the first request, and the limits.

    `setting` are arguments of `Client.stream`: the reader chooses none, as `max_tokens` is money. `local`:
    see `Problem.of`.
    """

    def __init__(
        self,
        make_client: Callable[[], "Client"],
        setting: Mapping[str, Any],
        *,
        limits: Limits = LIMITS,
        timeouts: Timeouts = TIMEOUTS,
        user: Callable[[Request], str] = address,
        local: bool = False,
    ) -> None:
        self._make_client, self._setting, self._timeouts = make_client, dict(setting), timeouts
        self._user, self._local = user, local
        self.usage = Usage(limits)
        self._client: Client | None = None
        self._making = threading.Lock()
        self._failure: tuple[float, Exception] | None = None

    def application(self, hosts: tuple[str, ...] = LOOPBACK) -> Starlette:
        """Return the ASGI application; it answers only requests to one of `hosts` (no DNS rebinding)."""
        return Starlette(
            routes=[
                Route("/generate", self.generate, methods=["POST"]),
                Route("/health", self.health, methods=["GET"]),
                Mount("/", StaticFiles(directory=DATA / "app", html=True)),
            ],
            middleware=[
                Middleware(SecurityHeaders),
                Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            ],
        )

    async def generate(self, request: Request) -> Response:
        """Answer {"prompt": text} with a stream of events."""
        user = self._user(request)
        try:
            prompt = await self._prompt(request)
            self.usage.begin(user)
        except TutorialError as error:
            return self._problem(error).response()
        except ClientDisconnect:
            return Response(status_code=400)  # which nobody reads
        try:
            generation = Generation(lambda: self._open(prompt), lambda: self.usage.end(user), self._timeouts)
        except RuntimeError as error:  # no thread can be started
            self.usage.end(user)
            return self._problem(error).response()
        return EventStream(generation, self._problem, self._timeouts.unread)

    async def health(self, request: Request) -> Response:
        """Answer 200 if the service has credentials; the endpoint is not asked, as that would cost."""
        try:
            client = await asyncio.to_thread(self._connected)
        except Exception as error:
            return self._problem(error).response(ready=False)
        told = {"ready": True, "writer": client.session.writer, "running": self.usage.running}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    async def _prompt(self, request: Request) -> str:
        try:
            async with asyncio.timeout(self._timeouts.unread):
                return await read_prompt(request)
        except TimeoutError as error:
            raise BadInput("The request's body did not arrive.") from error

    def _problem(self, error: Exception) -> Problem:
        return Problem.of(error, local=self._local)

    def _open(self, prompt: str) -> "Stream":
        try:
            return self._connected().stream(prompt, **self._setting)
        except NotConnected:
            self._client = None  # so that new credentials, or a new sandbox, are found
            raise

    def _connected(self) -> "Client":
        with self._making:
            if self._client is not None:
                return self._client
            if self._failure is not None and time.monotonic() < self._failure[0]:
                raise self._failure[1]
            try:
                self._client = self._make_client().without_retries()  # readers try again themselves
            except BadInput as error:
                self._fail(NotConnected(f"The service is set up wrongly: {error}"))
            except TutorialError as error:
                self._fail(error)
            return self._client

    def _fail(self, error: Exception) -> NoReturn:
        """Raise the error, and again at once for all who ask within some seconds."""
        self._failure = (time.monotonic() + RETRY_SECONDS, error)
        raise error
