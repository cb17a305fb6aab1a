"""InvokeEndpoint and InvokeEndpointWithResponseStream: from the request to the container and back.

Implements SageMaker's protocol and does not look into what the container answers.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, aclosing
from typing import Any, NoReturn, Protocol

from starlette.requests import Request
from starlette.responses import Response

from helpers.sandbox.aws.service import AwsError, Context
from helpers.sandbox.faults import Faults
from helpers.sandbox.inference import JSON, Answer, Inference, Parts
from helpers.sandbox.server.body import ClientDisconnected

from ..cloudwatch.records import Invocation, Watch, ignore
from ..sagemaker import Variant
from .checks import check_members, check_routing, check_size
from .instances import Instances, Place
from .stream import EventStream, unless_gone

logger = logging.getLogger(__name__)
# AWS, "Model Hosting FAQs": 60 seconds for regular responses and 8 minutes for streaming responses
INVOCATION_SECONDS, STREAM_SECONDS = 60.0, 480.0
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency "
    "metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)


class Routes(Protocol):
    """What finds an endpoint's variants; `sagemaker.SageMaker` is one."""

    def route(self, endpoint_name: str, context: Context, target_variant: str | None = None) -> Variant:
        """Return the variant that answers. Raises AwsError."""
        ...


def as_they_come(parts: Parts) -> Parts:
    """Return a stream's parts unchanged."""
    return parts


class Runtime:
    """The service that answers invocations; streamed parts pass through `reshape`, where faults act."""

    def __init__(
        self,
        sagemaker: Routes,
        container: Inference,
        *,
        invocation_seconds: float = INVOCATION_SECONDS,
        stream_seconds: float = STREAM_SECONDS,
        reshape: Callable[[Parts], Parts] = as_they_come,
        faults: Faults | None = None,
        observe: Callable[[Invocation], None] = ignore,
        instances: Instances | None = None,
    ) -> None:
        self._sagemaker = sagemaker
        self._container = container
        self._seconds, self._stream_seconds = invocation_seconds, stream_seconds
        self._reshape = reshape
        self._faults = faults or Faults()
        self._observe = observe
        self._instances = instances or Instances()

    def refuse_async(self, endpoint_name: str, context: Context) -> NoReturn:
        """Raise AwsError ValidationError for InvokeEndpointAsync; wording (not established).

        AWS makes no asynchronous endpoint of a Marketplace package (sagemaker-python-sdk#3969).
        """
        self._sagemaker.route(endpoint_name, context)
        raise AwsError(
            "ValidationError", f"Endpoint {endpoint_name} does not support asynchronous inference."
        )

    async def invoke(self, request: Request, endpoint_name: str, context: Context, stream: bool) -> Response:
        """Answer an invocation; `stream` chooses InvokeEndpointWithResponseStream.

        Raises AwsError (ValidationError, ModelError 424) for failures before an answer begins. When the
        client leaves, ends the computation and raises ClientDisconnected.
        """
        if self._faults.throttles("InvokeEndpointWithResponseStream" if stream else "InvokeEndpoint"):
            raise AwsError("ThrottlingException", "Rate exceeded")  # wording (not established)
        check_members(request, endpoint_name, stream)
        body = await request.body()
        check_size(body)
        target = request.headers.get("x-amzn-sagemaker-target-variant")
        variant = self._sagemaker.route(endpoint_name, context, target)
        check_routing(request, endpoint_name)
        watch = Watch(self._observe, variant, context.region, body, stream)
        # whether a stream's first part has a limit of 60 s (not established): here 8 minutes for all
        seconds = self._stream_seconds if stream else self._seconds
        deadline = asyncio.get_running_loop().time() + seconds
        with ExitStack() as held:
            place = self._instances.route(context.region, variant)
            held.callback(place.leave)
            content_type = request.headers.get("content-type", "")
            work = self._container_answer(place, variant, body, content_type, deadline, whole=not stream)
            answer = await _received(work, request, variant, context, watch)
            headers = {"x-amzn-RequestId": str(uuid.uuid4())}
            headers["x-Amzn-Invoked-Production-Variant"] = variant.name
            content_type = answer.content_type if isinstance(answer, Answer) else JSON
            if isinstance(answer, Answer) and not stream:
                watch.answered(len(answer.body))
                return Response(answer.body, 200, {**headers, "Content-Type": content_type})
            headers["X-Amzn-SageMaker-Content-Type"] = content_type
            parts = _single(answer.body) if isinstance(answer, Answer) else answer
            return EventStream(self._reshape(parts), deadline, headers, watch, held.pop_all())

    async def _container_answer(
        self, place: Place, variant: Variant, body: bytes, content_type: str, deadline: float, *, whole: bool
    ) -> Answer | Parts:
        async with asyncio.timeout_at(deadline):
            await place.slot.wait()
            answer = await self._container.invoke(variant.model, body, content_type)
            if whole and not isinstance(answer, Answer):
                # InvokeEndpoint got a stream: return all parts at once.
                async with aclosing(answer) as parts:
                    return Answer(200, b"".join([part async for part in parts]))
        return answer


async def _received(
    work: Coroutine[Any, Any, Answer | Parts],
    request: Request,
    variant: Variant,
    context: Context,
    watch: Watch,
) -> Answer | Parts:
    """Return the container's good answer. Raises ModelError for a bad one or none, and ClientDisconnected."""
    try:
        answer = await unless_gone(request.receive, work)
    except TimeoutError as error:
        watch.failed(0, _TIMED_OUT)
        raise model_error(variant, context, 0, _TIMED_OUT) from error
    except ClientDisconnected:
        watch.disconnected()
        raise
    if isinstance(answer, Answer) and answer.status >= 400:
        message = answer.body.decode(errors="replace")
        watch.failed(answer.status, message)
        raise model_error(variant, context, answer.status, message)
    return answer


def model_error(variant: Variant, context: Context, status: int, message: str) -> AwsError:
    """Return SageMaker's ModelError for a container's HTTP status (0: no answer) and message."""
    side = "client" if 400 <= status < 500 else "server"
    group, region = f"/aws/sagemaker/Endpoints/{variant.endpoint_name}", context.region
    text = f'Received {side} error ({status}) from primary with message "{message}"'
    logs = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group={group}"
    extra = {
        "OriginalStatusCode": status,
        "OriginalMessage": message,
        "LogStreamArn": f"arn:aws:logs:{region}:{context.account}:log-group:{group}",
    }
    if side == "client":  # from a public test file; botocore's model lacks this member
        extra["ErrorCode"] = "CLIENT_ERROR_FROM_MODEL"
    text += f". See {logs} in account {context.account} for more information."
    return AwsError("ModelError", text, 424, extra)


async def _single(part: bytes) -> Parts:
    yield part
