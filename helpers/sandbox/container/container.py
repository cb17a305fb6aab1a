"""What runs "inside" an endpoint: Cohere's wire protocol over the engine. Knows nothing of AWS.

Which body the SageMaker container sends for an error is not established: Cohere's documented shape is used.
"""

import json
from typing import Any

from helpers import catalog

from ..engine.engine import Engine, EngineError
from ..inference import JSON, Answer, Parts
from . import chat, generate
from .errors import PRACTICE, Refusal
from .fields import Fields


class Container:
    """Answers invocations of any text-writing model with the one that the sandbox has."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def invoke(self, model: catalog.Model, body: bytes, content_type: str = JSON) -> Answer | Parts:
        """Answer one invocation; with "stream": true in the body, an iterator of one JSON line each.

        Closing the iterator, or cancelling the call, ends the computation. A request that is refused is
        answered with {"message": ...} and status 400 (415 for a type that the packages do not support),
        before a stream begins. A request that does not say its type is read as JSON, as boto3 allows.
        """
        try:
            _check_type(content_type)
            return await self._answer(model, body)
        except Refusal as refusal:
            return _message(refusal.status, refusal.message)
        except EngineError as error:
            return _message(500, str(error))

    async def _answer(self, model: catalog.Model, body: bytes) -> Answer | Parts:
        if not model.generates:
            raise Refusal(
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
        raise Refusal(f"invalid request: the content type is {named}; it must be {JSON}.", 415)


def _json(value: dict[str, Any]) -> Answer:
    return Answer(200, json.dumps(value).encode())


def _message(status: int, message: str) -> Answer:
    return Answer(status, json.dumps({"message": message}).encode())
