"""The paths of SageMaker's runtime, and those that moto would answer although no AWS service has them."""

import re
from urllib.parse import unquote

from ..aws.service import AwsError

_INVOCATION = re.compile(r"/endpoints/([^/]*)/(invocations|invocations-response-stream|async-invocations)")
_OPERATIONS = {
    "invocations": "InvokeEndpoint",
    "invocations-response-stream": "InvokeEndpointWithResponseStream",
    "async-invocations": "InvokeEndpointAsync",
}
# moto's controls, which reset it or record to disk, and an instance's metadata
_OF_MOTO = ("/moto-api", "/favicon.ico", "/latest/meta-data/", "/latest/api/")


def invocation_of(method: str, path: str) -> tuple[str, str] | None:
    """Return the endpoint's name and the operation of an invocation; None for another request."""
    match = _INVOCATION.fullmatch(path) if method == "POST" else None
    return (unquote(match[1]), _OPERATIONS[match[2]]) if match else None


def check_path(path: str) -> None:
    """Raise AwsError (403) if a decoded path is one of moto's own, which no AWS service has."""
    if ("/" + unquote(path).lstrip("/")).startswith(_OF_MOTO):
        # wording (not established): AWS has no such paths
        raise AwsError("AccessDenied", "The sandbox does not offer this path.", 403)
