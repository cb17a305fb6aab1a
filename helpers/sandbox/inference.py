"""The interface between SageMaker's runtime and the model's container."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from ..catalog import Model

JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """A container's answer that is not streamed."""

    status: int
    body: bytes
    content_type: str = JSON


Parts = AsyncGenerator[bytes, None]


class Inference(Protocol):
    """What answers an endpoint's invocations; `container.Container` is one."""

    async def invoke(self, model: Model, body: bytes, content_type: str) -> Answer | Parts:
        """Return the whole answer, or an iterator over the parts of a stream."""
        ...
