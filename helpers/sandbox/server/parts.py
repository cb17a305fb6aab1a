"""What the gateway passes requests on to; `app` joins them."""

from collections.abc import Mapping
from typing import Any, NoReturn, Protocol

from starlette.requests import Request
from starlette.responses import Response

from ..aws.service import Context, HttpReply


class Runtime(Protocol):
    """What answers InvokeEndpoint; `services.runtime.invoke.Runtime` is one."""

    async def invoke(self, request: Request, endpoint_name: str, context: Context, stream: bool) -> Response:
        """Return the endpoint's answer; `stream` chooses InvokeEndpointWithResponseStream."""
        ...

    def refuse_async(self, endpoint_name: str, context: Context) -> NoReturn:
        """Raise AwsError for InvokeEndpointAsync, which no endpoint here takes."""
        ...


class Control(Protocol):
    """What answers requests signed for the sandbox itself; `faults.handler.FaultControl` is one."""

    def handle(self, body: bytes) -> HttpReply:
        """Return the answer. Raises AwsError."""
        ...


class Authorizer(Protocol):
    """What knows the callers' permissions; `services.authorization.authorizer.Authorizer` is one."""

    def check(self, service: str, operation: str, params: Mapping[str, Any], context: Context) -> None:
        """Raise AwsError AccessDeniedException if the caller may not do that."""
        ...
