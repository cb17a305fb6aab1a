"""The container of an endpoint: Cohere's wire protocol over the engine. It knows nothing of AWS.

A SageMaker container's error body (not established): here the one that Cohere documents.
"""

import json
from typing import Any

from helpers import catalog

from ..engine.engine import Engine, EngineError
from ..inference import JSON, Answer, Parts
from . import chat, generate
from .errors import PRACTICE, ContainerError
from .fields import Fields


class Container:
    """A container that answers invocations of any text-writing model with the practice model."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def invoke(self, model: catalog.Model, body: bytes, content_type: str = JSON) -> Answer | Parts:
        """Answer one invocation; if the body has "stream": true, return an iterator of JSON lines.

        Closing the iterator, or cancelling the call, ends the computation. A bad request gets {"message":
        ...} and status 400 (415 for an unsupported content type) before a stream begins. Without a content
        type the body is read as JSON, as boto3 allows.
        """
        try:
            _check_type(content_type)
            return await self._answer(model, body)
        except ContainerError as error:
            return _message(error.status, error.message)
        except EngineError as error:
            return _message(500, str(error))

    async def _answer(self, model: catalog.Model, body: bytes) -> Answer | Parts:
        if not model.generates:
            raise ContainerError(
                f"invalid request: {model.name} serves {model.api} requests; {PRACTICE} only writes text, "
                "and numbers made up for it would teach nothing."
            )
        fields = Fields.parse(body, model.limits)
        streams = fields.flag("stream")
        if model.api == "generate":
            job = await generate.prepare(self.engine, model, fields)
            if streams:
                return generate.stream(self.engine, job)
            return _json(await generate.answer(self.engine, job))
        prepared = await chat.prepare(self.engine, fields)
        if streams:
            return chat.stream(self.engine, prepared)
        return _json(await chat.answer(self.engine, prepared))


def _check_type(content_type: str) -> None:
    named = content_type.partition(";")[0].strip().lower()
    if named not in ("", JSON):
        raise ContainerError(f"invalid request: the content type is {named}; it must be {JSON}.", 415)


def _json(value: dict[str, Any]) -> Answer:
    return Answer(200, json.dumps(value).encode())


def _message(status: int, message: str) -> Answer:
    return Answer(status, json.dumps({"message": message}).encode())
