"""The sandbox's one port, which authenticates each request and dispatches it to a service."""

import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol
from urllib.parse import unquote, urlsplit

from botocore.credentials import Credentials
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from ..address import Address
from ..aws.service import AwsError, Context, HttpReply, Service, check_region, check_type, unknown_operation
from ..faults.client import CONTROL_SERVICE
from .activity import Activity
from .background import BackgroundLoader
from .body import Bodies, Body, ClientDisconnected, drain
from .errors import error_response
from .health import HEALTH_PATH, health_answer
from .paths import check_path
from .signature import Claim, Scope, Signable, claim

logger = logging.getLogger(__name__)

# botocore: BodyBlob of InvokeEndpoint; one byte more, so that the runtime sees that a body is too large.
_INVOCATION_BYTES = 6291456 + 1
_S3_BYTES = 64 * 1024 * 1024
_OTHER_BYTES = 6 * 1024 * 1024  # more than AWS allows; parsed JSON takes 20 times as much memory
_INVOCATION = re.compile(r"/endpoints/([^/]*)/invocations(-response-stream)?")


class Runtime(Protocol):
    """What answers InvokeEndpoint; `services.runtime.invoke.Runtime` is one."""

    async def invoke(self, request: Request, endpoint_name: str, context: Context, stream: bool) -> Response:
        """Return the endpoint's answer; `stream` chooses InvokeEndpointWithResponseStream."""
        ...


class Control(Protocol):
    """What answers requests signed for the sandbox itself; `faults.handler.FaultControl` is one."""

    def handle(self, path: str, body: bytes) -> HttpReply:
        """Return the answer. Raises AwsError."""
        ...


class _RuntimeModel(Service):
    """The service model that the runtime's errors are written by; `Runtime` has the operations."""

    service_name = "sagemaker-runtime"


class Sandbox:
    """The ASGI application, which checks Host and signature and dispatches by the signed service."""

    def __init__(
        self,
        address: Address,
        services: Sequence[Service],
        runtime: Runtime,
        others: BackgroundLoader[ASGIApp],
        control: Control | None = None,
    ) -> None:
        self.activity = Activity()
        self._runtime = runtime
        self._others = others
        self._control = control
        self._address = address
        self._bodies = Bodies()
        self._credentials = Credentials(address.access_key_id, address.secret_access_key)
        port = urlsplit(address.url).port
        self._hosts = [[f"127.0.0.1:{port}"], [f"localhost:{port}"]]
        self._services: dict[str, list[Service]] = {}
        for service in services:
            self._services.setdefault(service.model.signing_name, []).append(service)

    def load(self) -> None:
        """Begin to load moto in the background."""
        self._others.start()

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        with self.activity.request():
            signable = _signable(scope, "")
            try:
                answer, receive = await self._answer(scope, receive)
                await answer(scope, receive, send_noted)
            except ClientDisconnected:
                return
            except Exception as error:
                if started:
                    raise
                aws_error = _as_aws_error(error, signable)
                await _response(error_response(aws_error, signable.family))(scope, receive, send)

    async def _answer(self, scope: AsgiScope, receive: Receive) -> tuple[ASGIApp, Receive]:
        signable = _signable(scope, "")
        self._check_host(signable)
        if signable.path == HEALTH_PATH:
            return _json(health_answer(self._address, signable.query)), receive
        invocation = _INVOCATION.fullmatch(signable.path) if signable.method == "POST" else None
        claimed = await self._claim(signable, receive)
        body = await self._bodies.read(receive, _body_limit(claimed, invocation))
        signable = replace(signable, body_sha256=body.sha256)
        signed = claimed.verify(signable)
        receive = body.replay(receive)
        if invocation and signed.service == "sagemaker":
            return await self._invoke(Request(scope, receive), signed, invocation), receive
        return await self._dispatch(scope, signable, signed, body), receive

    async def _claim(self, signable: Signable, receive: Receive) -> Claim:
        """Return who signed the request, before any of its body is stored."""
        try:
            return claim(signable, self._credentials)
        except AwsError:
            await drain(receive)
            raise

    def _check_host(self, signable: Signable) -> None:
        """Raise AwsError for a foreign Host: a web page whose name resolves to 127.0.0.1 sends that name."""
        if not signable.path.startswith("/"):
            raise AwsError("MalformedHttpRequestException", "The request's target is not a path.")
        if [value for name, value in signable.headers if name == "host"] not in self._hosts:
            message = f"The sandbox answers to {' and '.join(host for (host,) in self._hosts)} only."
            raise AwsError("AccessDeniedException", message, 403)

    async def _invoke(self, request: Request, signed: Scope, invocation: re.Match[str]) -> Response:
        name, stream = unquote(invocation[1]), invocation[2] is not None
        try:
            return await self._runtime.invoke(request, name, self._context(signed), stream)
        except AwsError as error:
            logger.info("%s invocation of %s: %s", signed.region, name, error)
            return _response(_RuntimeModel().error_reply(error))

    async def _dispatch(self, scope: AsgiScope, signable: Signable, signed: Scope, body: Body) -> ASGIApp:
        if body.size > len(body.data):
            # wording (not established)
            message = f"The request is too large: {body.size} bytes; the limit is {len(body.data)}."
            raise AwsError("RequestEntityTooLarge", message, 413)
        if signed.service == CONTROL_SERVICE and self._control:
            return _response(self._control.handle(signable.path, body.data))
        if signed.service not in self._services:
            logger.info("%s %s %s", signed.service, signable.method, signable.path)
            check_path(scope["path"])
            _fix_length(scope, body)
            return await self._others.get()
        target = signable.header("x-amz-target")
        for service in self._services[signed.service]:
            if operation := service.operation_of(signable.method, signable.path, target):
                return _response(self._call(service, operation, signable, body, signed))
        unknown_operation(target.rpartition(".")[2] or f"{signable.method} {signable.path}")

    def _call(
        self, service: Service, operation: str, signable: Signable, body: Body, signed: Scope
    ) -> HttpReply:
        logger.info("%s %s %s", signed.region, service.service_name, operation)
        try:
            check_region(service, signed.region)
            check_type(signable.header("content-type"))
            return service.handle(operation, body.data, self._context(signed))
        except AwsError as error:
            logger.info("  %s", error)
            return service.error_reply(error)

    def _context(self, signed: Scope) -> Context:
        return Context(signed.region, self._address.account)


def build_app(
    address: Address,
    services: Sequence[Service],
    runtime: Runtime,
    others: Callable[[], ASGIApp],
    control: Control | None = None,
) -> Sandbox:
    """Return the application; `others` loads moto in the background once the server listens."""
    return Sandbox(address, services, runtime, BackgroundLoader("moto", others), control)


def _signable(scope: AsgiScope, body_sha256: str) -> Signable:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    path, query = scope["raw_path"].decode("ascii"), scope["query_string"].decode("ascii")
    return Signable(scope["method"], path, query, headers, body_sha256)


def _as_aws_error(error: Exception, signable: Signable) -> AwsError:
    """Return the error to answer with where no service has answered."""
    if isinstance(error, AwsError):
        logger.info("refused %s %s: %s", signable.method, signable.path, error)
        return error
    logger.error("the sandbox failed at %s %s", signable.method, signable.path, exc_info=error)
    return AwsError("InternalFailure", f"The sandbox failed: {type(error).__name__}: {error}", 500)


def _fix_length(scope: AsgiScope, body: Body) -> None:
    """Set Content-Length, which WSGI applications need, also for a body that came in chunks."""
    chunked = (b"content-length", b"transfer-encoding")
    headers = [pair for pair in scope["headers"] if pair[0] not in chunked]
    scope["headers"] = [*headers, (b"content-length", str(body.size).encode())]


def _body_limit(claimed: Claim, invocation: re.Match[str] | None) -> int:
    if claimed.scope.service == "s3":
        return _S3_BYTES
    return _INVOCATION_BYTES if invocation else _OTHER_BYTES


def _json(value: dict[str, str | int]) -> Response:
    return _response(HttpReply(200, json.dumps(value).encode(), {"Content-Type": "application/json"}))


def _response(reply: HttpReply) -> Response:
    return Response(reply.body, reply.status, reply.headers)
