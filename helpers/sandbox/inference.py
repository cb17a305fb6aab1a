"""An invocation as the services and the container know it of each other: all that passes between them."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from ..catalog import Model

JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """A whole answer of the container's."""

    status: int
    body: bytes
    content_type: str = JSON


Parts = AsyncGenerator[bytes, None]


class Inference(Protocol):
    """What answers inside an endpoint; `container.Container` is one."""

    async def invoke(self, model: Model, body: bytes, content_type: str) -> Answer | Parts:
        """A whole answer, or a stream's parts."""
        ...
