"""Faults of the model's container: an error, a timeout, a late first token."""

import asyncio
import json
from contextlib import aclosing

from helpers.catalog import Model

from ..inference import Answer, Inference, Parts
from .switch import Faults


class FaultyContainer:
    """A container that fails if a fault strikes, and otherwise passes the invocation on."""

    def __init__(self, container: Inference, faults: Faults) -> None:
        self._container = container
        self._faults = faults

    async def invoke(self, model: Model, body: bytes, content_type: str) -> Answer | Parts:
        """Answer as Inference does. Raises TimeoutError for the fault `timeout`."""
        if setting := self._faults.struck("timeout"):
            await asyncio.sleep(float(setting.parameters["seconds"]))
            raise TimeoutError
        if setting := self._faults.struck("model-error"):
            message = json.dumps({"message": setting.parameters["message"]}).encode()
            return Answer(int(setting.parameters["status"]), message)
        slow = self._faults.struck("slow-first-token")
        answer = await self._container.invoke(model, body, content_type)
        if slow is None:
            return answer
        wait = float(slow.parameters["seconds"])
        if not isinstance(answer, Answer):
            return _late(answer, wait)
        await asyncio.sleep(wait)
        return answer


async def _late(parts: Parts, wait: float) -> Parts:
    async with aclosing(parts):
        await asyncio.sleep(wait)
        async for part in parts:
            yield part
