"""The client that sets faults in a running sandbox, by signed requests."""

import json
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from ..address import Address, SandboxError
from .table import BadFault, Setting, checked, find

CONTROL_PATH = "/_sandbox/faults"
CONTROL_SERVICE = "sandbox"  # the service name in the signature's scope
_SECONDS = 10.0


def show(address: Address) -> list[Setting]:
    """Return the faults that are set. Raises SandboxError if the sandbox does not answer."""
    return _settings(address, {"do": "show"})


def set(address: Address, name: str, **parameters: Any) -> list[Setting]:
    """Set a fault from now on; return all that are set then. Raises BadFault or SandboxError."""
    checked(name, parameters)
    return _settings(address, {"do": "set", "name": name, "parameters": parameters})


def clear(address: Address, name: str | None = None) -> list[Setting]:
    """Clear all faults, or those of one name; return what is still set. Raises BadFault or SandboxError."""
    if name is not None:
        find(name)
    return _settings(address, {"do": "clear", "name": name})


def _settings(address: Address, request: dict[str, Any]) -> list[Setting]:
    return [Setting(**each) for each in ask(address, CONTROL_PATH, request)["set"]]


def ask(address: Address, path: str, request: dict[str, Any]) -> dict[str, Any]:
    """Return the sandbox's answer to a request about itself. Raises BadFault or SandboxError."""
    body = json.dumps(request).encode()
    place = urlsplit(address.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=_SECONDS)
    try:
        connection.request("POST", path, body, _signed_headers(address, path, body))
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        raise SandboxError(f"The sandbox at {address.url} does not answer: {error}") from error
    finally:
        connection.close()
    if response.status != 200:
        message = str(answer.get("message"))
        raise BadFault(message) if answer.get("__type") == "BadFault" else SandboxError(message)
    return answer


def _signed_headers(address: Address, path: str, body: bytes) -> dict[str, str]:
    # imported here, as it is slow and the command line's help does not need it
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("POST", address.url + path, {"Content-Type": "application/json"}, body)
    keys = Credentials(address.access_key_id, address.secret_access_key)
    SigV4Auth(keys, CONTROL_SERVICE, "us-east-1").add_auth(request)
    return dict(request.headers.items())
