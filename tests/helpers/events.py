"""A session's requests watched, or refused, as they are about to be sent."""

import math
from typing import Any

from botocore.exceptions import ClientError

from helpers.connect.session import Session


def deny(session: Session, service: str, *operations: str) -> None:
    """Let AWS refuse these operations to this session, for want of a permission."""
    for operation in operations:
        words = f"User is not authorized to perform: {service}:{operation}"
        refuse(session, service, operation, "AccessDeniedException", words)


def refuse(
    session: Session, service: str, operation: str, code: str, words: str, times: float = math.inf
) -> None:
    """Let AWS answer the operation with that error, so many times."""
    left = times

    def answer(**_: Any) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise ClientError({"Error": {"Code": code, "Message": words}}, operation)

    client = session.client(service)
    client.meta.events.register_first(_event(client, operation), answer)


def watch(session: Session, *services: str) -> list[str]:
    """The names of the operations that the session asks for from now on, in their order."""
    asked: list[str] = []

    def note(model: Any, **_: Any) -> None:
        asked.append(model.name)

    for service in services:
        client = session.client(service)
        client.meta.events.register_first(_event(client, "*"), note)
    return asked


def _event(client: Any, operation: str) -> str:
    return f"before-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"
