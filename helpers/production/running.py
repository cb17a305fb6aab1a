"""The endpoint that is to be changed: it is this tutorial's, and nothing else changes it meanwhile."""

from collections.abc import Callable

from ..clean_up.leftovers import tags
from ..connect.session import Session
from ..deploy.endpoint import CHANGING, TAG, Endpoint, describe, usable, wait
from ..errors import NotOurs


def changeable(
    session: Session, endpoint_name: str, wait_seconds: float = 2700, tell: Callable[[str], object] = print
) -> Endpoint:
    """Return the endpoint once it is InService; wait while it is being created or updated.

    Raises NotOurs for one that is seen to lack this tutorial's tag, EndpointNotFound, EndpointNotReady, or
    EndpointFailed.
    """
    endpoint = describe(session, endpoint_name)
    if endpoint.status in CHANGING:
        endpoint = wait(session, endpoint_name, wait_seconds, tell)
    found = tags(session, endpoint.arn)
    if found is not None and TAG not in found:
        raise NotOurs(
            f"{endpoint_name!r} lacks this tutorial's tag: somebody else has made it. Nothing changed."
        )
    return usable(endpoint)
