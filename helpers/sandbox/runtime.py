"""InvokeEndpoint and InvokeEndpointWithResponseStream: from the request to the container and back.

Knows SageMaker's wire and nothing of what the container says.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..catalog import Model
from . import eventstream
from .admission import check_members, check_routing, check_size
from .container import Answer
from .faults import Faults
from .intake import ClientDisconnected
from .observing import Invocation, Watch, nobody
from .protocol import AwsError, Context
from .sagemaker import Variant

logger = logging.getLogger(__name__)
T = TypeVar("T")
Parts = AsyncGenerator[bytes, None]
# AWS, "Model Hosting FAQs": 60 seconds for regular responses and 8 minutes for streaming responses
INVOCATION_SECONDS, STREAM_SECONDS = 60.0, 480.0
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency "
    "metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)
# repost.aws QUAnNu2T7pR8qVJpBVtwNSUw
_STREAM_TIMED_OUT = "Your model primary did not complete sending the inference response in the allotted time."


class Routes(Protocol):
    """What knows the endpoints; `sagemaker.SageMaker` is one."""

    def route(self, endpoint_name: str, context: Context, target_variant: str | None = None) -> Variant:
        """The variant that answers; raises AwsError."""
        ...


class Inference(Protocol):
    """What answers inside an endpoint; `container.Container` is one."""

    async def invoke(self, model: Model, body: bytes, content_type: str) -> Answer | Parts:
        """A whole answer, or a stream's parts."""
        ...


def as_they_come(parts: Parts) -> Parts:
    """A stream's parts without a fault."""
    return parts


class Runtime:
    """Answers invocations. Every stream of parts passes through `reshape`: the place for faults."""

    def __init__(
        self,
        sagemaker: Routes,
        container: Inference,
        *,
        invocation_seconds: float = INVOCATION_SECONDS,
        stream_seconds: float = STREAM_SECONDS,
        reshape: Callable[[Parts], Parts] = as_they_come,
        faults: Faults | None = None,
        observe: Callable[[Invocation], None] = nobody,
    ) -> None:
        self._sagemaker = sagemaker
        self._container = container
        self._seconds, self._stream_seconds = invocation_seconds, stream_seconds
        self._reshape = reshape
        self._faults = faults or Faults()
        self._observe = observe

    async def invoke(self, request: Request, endpoint_name: str, context: Context, stream: bool) -> Response:
        """Answer an invocation; `stream` says which of the two operations it is.

        Raises AwsError (ValidationError, ModelError 424) for what is wrong before an answer begins, and
        ClientDisconnected, with the computation ended, when the client leaves.
        """
        if self._faults.throttles("InvokeEndpointWithResponseStream" if stream else "InvokeEndpoint"):
            raise AwsError("ThrottlingException", "Rate exceeded")  # wording not established
        check_members(request, endpoint_name, stream)
        body = await request.body()
        check_size(body)
        target = request.headers.get("x-amzn-sagemaker-target-variant")
        variant = self._sagemaker.route(endpoint_name, context, target)
        check_routing(request, endpoint_name)
        watch = Watch(self._observe, variant, context.region, body, stream)
        # whether a stream's first part has 60 s is not established: it has 8 minutes like the rest
        seconds = self._stream_seconds if stream else self._seconds
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            content_type = request.headers.get("content-type", "")
            work = self._container_answer(variant, body, content_type, deadline, whole=not stream)
            answer = await unless_gone(request.receive, work)
        except TimeoutError as error:
            watch.failed(0, _TIMED_OUT)
            raise model_error(variant, context, 0, _TIMED_OUT) from error
        except ClientDisconnected:
            watch.left()
            raise
        headers = {"x-amzn-RequestId": str(uuid.uuid4()), "x-Amzn-Invoked-Production-Variant": variant.name}
        if isinstance(answer, Answer):
            if answer.status >= 400:
                said = answer.body.decode(errors="replace")
                watch.failed(answer.status, said)
                raise model_error(variant, context, answer.status, said)
            if not stream:
                watch.answered(len(answer.body))
                return Response(answer.body, 200, {**headers, "Content-Type": answer.content_type})
            headers["X-Amzn-SageMaker-Content-Type"] = answer.content_type
            return EventStream(self._reshape(_single(answer.body)), deadline, headers, watch)
        headers["X-Amzn-SageMaker-Content-Type"] = "application/json"
        return EventStream(self._reshape(answer), deadline, headers, watch)

    async def _container_answer(
        self, variant: Variant, body: bytes, content_type: str, deadline: float, *, whole: bool
    ) -> Answer | Parts:
        async with asyncio.timeout_at(deadline):
            answer = await self._container.invoke(variant.model, body, content_type)
            if whole and not isinstance(answer, Answer):
                # A container that streams, asked by the operation that does not: all parts at once.
                async with aclosing(answer) as parts:
                    return Answer(200, b"".join([part async for part in parts]))
        return answer


class EventStream(Response):
    """A stream of parts as event-stream frames; ends the computation when the client leaves."""

    def __init__(self, parts: Parts, deadline: float, headers: dict[str, str], watch: Watch) -> None:
        super().__init__(None, 200, {**headers, "Content-Type": eventstream.CONTENT_TYPE})
        del self.headers["content-length"]
        self._parts = parts
        self._deadline = deadline
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        try:
            await unless_gone(receive, self._send(send))
        except ClientDisconnected:
            self._watch.left()
            logger.info("the client left a stream; its generation was ended")
        except eventstream.StreamCut:  # an answer that is not completed: the server closes the connection
            self._watch.failed(500, "the stream was cut, as it was set to be")

    async def _send(self, send: Send) -> None:
        async with aclosing(self._parts) as parts:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for data in self._frames(parts):
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        self._watch.answered()

    async def _frames(self, parts: Parts) -> Parts:
        try:
            while (part := await self._next(parts)) is not None:
                self._watch.part(len(part))
                yield eventstream.payload_part(part)
        except eventstream.StreamCut:
            raise
        except eventstream.StreamException as ending:
            self._watch.failed(500, f"{ending.name}: {ending.members['Message']}")
            yield eventstream.exception(ending.name, ending.members)
        except TimeoutError:
            self._watch.failed(0, _STREAM_TIMED_OUT)
            members = {"Message": _STREAM_TIMED_OUT, "ErrorCode": "ModelInvocationTimeExceeded"}
            yield eventstream.exception("ModelStreamError", members)
        except Exception:
            logger.exception("a stream failed inside the sandbox")
            self._watch.failed(500, "the sandbox failed")
            # wording not established
            members = {"Message": "The request processing has failed because of an internal error."}
            yield eventstream.exception("InternalStreamFailure", members)

    async def _next(self, parts: Parts) -> bytes | None:
        async with asyncio.timeout_at(self._deadline):
            return await anext(parts, None)


def model_error(variant: Variant, context: Context, status: int, message: str) -> AwsError:
    """How SageMaker passes on what went wrong in the container (its HTTP status; 0: it did not answer)."""
    side = "client" if 400 <= status < 500 else "server"
    group, region = f"/aws/sagemaker/Endpoints/{variant.endpoint_name}", context.region
    text = f'Received {side} error ({status}) from primary with message "{message}"'
    logs = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group={group}"
    extra = {
        "OriginalStatusCode": status,
        "OriginalMessage": message,
        "LogStreamArn": f"arn:aws:logs:{region}:{context.account}:log-group:{group}",
    }
    if side == "client":  # quoted in a public test file; botocore's model does not have it
        extra["ErrorCode"] = "CLIENT_ERROR_FROM_MODEL"
    text += f". See {logs} in account {context.account} for more information."
    return AwsError("ModelError", text, 424, extra)


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`; cancels it and raises ClientDisconnected when the client leaves before."""
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnected
        return task.result()
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _single(part: bytes) -> Parts:
    yield part
