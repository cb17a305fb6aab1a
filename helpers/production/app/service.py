"""The web service: a page, POST /generate, GET /health; limits and time-outs before the endpoint's own."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

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


def address(request: Request) -> str:
    """Return the user that limits count: the address that the request comes from.

    A cookie would be no limit, as who deletes it is somebody else. Behind a proxy, or with a sign-in, all
    come from one address or bring a name: give the service another function.
    """
    return request.client.host if request.client else ""


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
        local: bool = True,
    ) -> None:
        self._make_client, self._setting, self._timeouts = make_client, dict(setting), timeouts
        self._user, self._local = user, local
        self.usage = Usage(limits)
        self._client: Client | None = None
        self._making = threading.Lock()

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
        generation = Generation(lambda: self._open(prompt), lambda: self.usage.end(user), self._timeouts)
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
            if self._client is None:
                self._client = self._make_client().without_retries()  # readers try again themselves
            return self._client
