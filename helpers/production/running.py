"""The endpoint that runs: whether it may be changed, and its variants as they are now."""

from collections.abc import Callable
from typing import Any

from ..clean_up.leftovers import has_tag
from ..connect.aws_errors import explained
from ..connect.session import Session
from ..deploy.endpoint import CHANGING, Endpoint, describe, usable, wait
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
    if has_tag(session, endpoint.arn) is False:
        raise NotOurs(
            f"{endpoint_name!r} lacks this tutorial's tag: somebody else has made it. Nothing changed."
        )
    return usable(endpoint)


def variants(session: Session, endpoint_name: str) -> list[dict[str, Any]]:
    """Return the production variants as DescribeEndpoint lists them now."""
    with explained(f"look at the endpoint {endpoint_name!r}"):
        found = session.client("sagemaker").describe_endpoint(EndpointName=endpoint_name)
    return list(found.get("ProductionVariants", []))
