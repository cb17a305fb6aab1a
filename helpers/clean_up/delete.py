"""Deletion by name, of what costs first; the name suffices, so it also works after a failed deploy."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from ..connect import consent
from ..connect.aws_errors import explained, if_there
from ..connect.session import Session
from ..deploy.deadline import clear_deadline
from ..deploy.endpoint import check_name
from ..errors import EndpointNotReady, NotOurs, NotPermitted
from .leftovers import has_tag, leftovers
from .parts import delete_parts

__all__ = ["delete", "leftovers"]

Tell = Callable[[str], object]
Sleep = Callable[[float], object]


def delete(
    session: Session,
    endpoint_name: str,
    *,
    foreign: bool = False,
    wait_seconds: float = 2700,
    tell: Tell = print,
    sleep: Sleep = time.sleep,
) -> list[str]:
    """Delete the endpoint, then its configuration and its models; return what was deleted once it is gone.

    It needs the name only, and also deletes what a failed deploy left behind. Deleting twice is no error.

    The endpoint is deleted first, even if you may not describe it. Only an endpoint that is seen to lack this
    tutorial's tag is left alone (NotOurs), unless `foreign=True` (exactly True or False, else BadInput). A
    configuration or model is deleted if it has the tag or the endpoint's own name, and no other endpoint or
    configuration uses it; otherwise, or if that is unknown, it stays, at no cost, and `tell` is called with
    the reason.

    SageMaker does not delete an endpoint that is being created or updated, so `delete` waits for that, up to
    `wait_seconds` (then EndpointNotReady). The endpoint's deadline is removed last.
    """
    consent.yes_or_no("foreign", foreign)
    check_name(endpoint_name)
    endpoint = _look(session, endpoint_name)
    if not foreign:
        _check_ours(session, endpoint_name, endpoint)
    deleted = []
    if _delete_endpoint(session, endpoint_name, wait_seconds, tell, sleep):
        deleted.append(f"endpoint {endpoint_name}")
    deleted += delete_parts(session, endpoint_name, endpoint, tell)
    _wait_until_gone(session, endpoint_name, wait_seconds, tell, sleep)
    if clear_deadline(session, endpoint_name):
        deleted.append(f"deadline of {endpoint_name}")
    return deleted


def _look(session: Session, endpoint_name: str) -> dict[str, Any]:
    """Return the endpoint's description; {} if there is none, or if it may not be described."""
    try:
        with explained(f"look at the endpoint {endpoint_name!r}"):
            operation = session.client("sagemaker").describe_endpoint
            return if_there(operation, EndpointName=endpoint_name) or {}
    except NotPermitted:
        return {}


def _check_ours(session: Session, endpoint_name: str, endpoint: dict[str, Any]) -> None:
    if endpoint and has_tag(session, endpoint["EndpointArn"]) is False:
        raise NotOurs(
            f"{endpoint_name!r} lacks this tutorial's tag, so somebody else has made it, and nothing was "
            f"deleted. If it is to go all the same, say so again: "
            f"delete(session, {endpoint_name!r}, foreign=True)."
        )


def _delete_endpoint(session: Session, endpoint_name: str, seconds: float, tell: Tell, sleep: Sleep) -> bool:
    """Delete the endpoint, waiting while it is in progress; return whether there was one."""
    operation = session.client("sagemaker").delete_endpoint
    for waited in _pauses(sleep):
        try:
            with explained(f"delete the endpoint {endpoint_name!r}, which runs on and bills"):
                return if_there(operation, EndpointName=endpoint_name) is not None
        except NotPermitted:
            # A policy that asks for the tag allows nothing on what does not exist.
            if _is_gone(session, endpoint_name):
                return False
            raise
        except ClientError as error:
            if "in-progress" not in error.response["Error"]["Message"]:
                raise
        status = _look(session, endpoint_name).get("EndpointStatus", "changing")
        if waited == 0:
            tell(f"{endpoint_name} is {status}; it can be deleted after that. Waiting.")
        _check_time(endpoint_name, status, waited, seconds)
    return False


def _is_gone(session: Session, endpoint_name: str) -> bool:
    """Return whether SageMaker says that there is no such endpoint."""
    with suppress(NotPermitted), explained(f"look at the endpoint {endpoint_name!r}"):
        operation = session.client("sagemaker").describe_endpoint
        return if_there(operation, EndpointName=endpoint_name) is None
    return False


def _wait_until_gone(session: Session, endpoint_name: str, seconds: float, tell: Tell, sleep: Sleep) -> None:
    """Wait while the endpoint is Deleting; return at once if it may not be described."""
    for waited in _pauses(sleep):
        status = _look(session, endpoint_name).get("EndpointStatus", "")
        if status != "Deleting":
            return
        _check_time(endpoint_name, status, waited, seconds)


def _pauses(sleep: Sleep) -> Iterator[float]:
    """Yield the seconds waited so far, each time after a longer pause."""
    waited = 0.0
    while True:
        yield waited
        sleep(pause := min(10.0, 0.25 + waited / 10))
        waited += pause


def _check_time(endpoint_name: str, status: str, waited: float, seconds: float) -> None:
    if waited > seconds:
        raise EndpointNotReady(f"{endpoint_name} is still {status}; run delete again later: it bills.")
