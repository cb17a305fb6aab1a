"""The sandbox's one port, which authenticates each request and dispatches it to a service."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from ..address import Address
from ..aws.service import AwsError, Context, HttpReply, Service, check_region, check_type, unknown_operation
from ..faults.client import CONTROL_SERVICE
from .activity import Activity
from .background import BackgroundLoader, Work
from .body import Bodies, Body, ClientDisconnected, drain
from .calls import call
from .errors import denied, error_response
from .health import HEALTH_PATH, health_answer
from .keys import Keys
from .parts import Authorizer, Control, Runtime
from .paths import check_path, invocation_of
from .signature import Claim, Signable, claim

logger = logging.getLogger(__name__)

# botocore: BodyBlob of InvokeEndpoint; one byte more, so that the runtime sees that a body is too large.
_INVOCATION_BYTES = 6291456 + 1
_S3_BYTES = 64 * 1024 * 1024
_OTHER_BYTES = 6 * 1024 * 1024  # more than AWS allows; parsed JSON takes 20 times as much memory


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
        controls: Mapping[str, Control],
        keys: Keys,
        authorizer: Authorizer | None,
        settle: Callable[[], None],
    ) -> None:
        self.activity = Activity()
        self._runtime = runtime
        self._others = others
        self._controls = controls
        self._address = address
        self._bodies = Bodies()
        self._keys = keys
        self._authorizer = authorizer
        self._settle = settle
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
            return JSONResponse(health_answer(self._address, signable.query)), receive
        invocation = invocation_of(signable.method, signable.path)
        claimed = await self._claim(signable, receive)
        body = await self._bodies.read(receive, _body_limit(claimed, invocation))
        signable = replace(signable, body_sha256=body.sha256)
        signed = claimed.verify(signable)
        receive = body.replay(receive)
        self._settle()
        context = Context(signed.region, self._address.account, claimed.key.caller)
        if invocation and signed.service == "sagemaker":
            return await self._invoke(Request(scope, receive), signable, context, *invocation), receive
        if signed.service == CONTROL_SERVICE:
            return self._control(signable, claimed, body), receive
        return await self._dispatch(scope, signable, signed.service, context, body), receive

    async def _claim(self, signable: Signable, receive: Receive) -> Claim:
        """Return who signed the request, before any of its body is stored."""
        try:
            return claim(signable, self._keys.find)
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

    async def _invoke(
        self, request: Request, signable: Signable, context: Context, name: str, operation: str
    ) -> Response:
        try:
            self._check(signable, "sagemaker", operation, {"EndpointName": name}, context)
            if operation == "InvokeEndpointAsync":
                self._runtime.refuse_async(name, context)
            stream = operation == "InvokeEndpointWithResponseStream"
            return await self._runtime.invoke(request, name, context, stream)
        except AwsError as error:
            logger.info("%s invocation of %s: %s", context.region, name, error)
            return _response(_RuntimeModel().error_reply(error))

    def _control(self, signable: Signable, claimed: Claim, body: Body) -> Response:
        """Answer what is about the sandbox itself, to its own key only."""
        control = self._controls.get(signable.path)
        if control is None or claimed.key.caller.is_temporary:
            raise AwsError("NotFound", f"The sandbox has nothing at {signable.path} for these keys.", 404)
        body.check_whole()
        return _response(control.handle(body.data))

    async def _dispatch(
        self, scope: AsgiScope, signable: Signable, signing_name: str, context: Context, body: Body
    ) -> ASGIApp:
        body.check_whole()
        target = signable.header("x-amz-target")
        services = self._services.get(signing_name, [])
        for service in services:
            if operation := service.operation_of(signable.method, signable.path, target, body.data):
                return _response(self._call(service, operation, signable, body, context))
        if services and not services[0].by_moto:
            unknown_operation(target.rpartition(".")[2] or f"{signable.method} {signable.path}")
        logger.info("%s %s %s", signing_name, signable.method, signable.path)
        check_path(scope["path"])
        _fix_length(scope, body)
        scope["sandbox.caller"] = context.caller
        others = await self._others.get()
        if called := call(signing_name, signable, body.data):
            self._check(signable, signing_name, *called, context)
        return others

    def _call(
        self, service: Service, operation: str, signable: Signable, body: Body, context: Context
    ) -> HttpReply:
        logger.info("%s %s %s", context.region, service.service_name, operation)
        try:
            check_region(service, context.region)
            check_type(service, signable.header("content-type"))
            self._check(signable, service.model.signing_name, operation, service.params(body.data), context)
            return service.handle(operation, body.data, context)
        except AwsError as error:
            logger.info("  %s", error)
            return service.error_reply(error)

    def _check(
        self, signable: Signable, service: str, operation: str, params: Mapping[str, Any], context: Context
    ) -> None:
        if self._authorizer is None:
            return
        try:
            self._authorizer.check(service, operation, params, context)
        except AwsError as error:
            raise denied(error, signable) from None


def build_app(
    address: Address,
    services: Sequence[Service],
    runtime: Runtime,
    others: Callable[[], ASGIApp],
    *,
    controls: Mapping[str, Control] | None = None,
    keys: Keys | None = None,
    authorizer: Authorizer | None = None,
    settle: Callable[[], None] = lambda: None,
    work: Sequence[Work] = (),
) -> Sandbox:
    """Return the application; `others` loads moto once the server listens, then `work` runs on and on.

    `controls` answer the sandbox's own paths; without an `authorizer` nobody's permissions are checked.
    `settle` lets everything happen that is due: it is called before each request, which may change on what it
    depends.
    """
    loader, keys = BackgroundLoader("moto", others, work), keys or Keys(address)
    return Sandbox(address, services, runtime, loader, controls or {}, keys, authorizer, settle)


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


def _body_limit(claimed: Claim, invocation: tuple[str, str] | None) -> int:
    if claimed.scope.service == "s3":
        return _S3_BYTES
    return _INVOCATION_BYTES if invocation else _OTHER_BYTES


def _response(reply: HttpReply) -> Response:
    return Response(reply.body, reply.status, reply.headers)
