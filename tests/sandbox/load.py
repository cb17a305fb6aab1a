"""Users who ask an endpoint again and again, and a container that takes a fixed time a token."""

import asyncio
import math
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.types import Message

from helpers import catalog
from helpers.sandbox.aws.service import Context
from helpers.sandbox.services.runtime.instances import Instances
from helpers.sandbox.services.runtime.invoke import Runtime
from helpers.sandbox.services.sagemaker import Variant

HERE = Context("us-east-1", "123456789012")
TOKENS, SECONDS_A_TOKEN = 50, 0.02
SERVICE = TOKENS * SECONDS_A_TOKEN  # seconds that a request takes where nobody waits


def variant(instances: int = 1, strategy: str = "") -> Variant:
    """A variant of the endpoint `e`."""
    spec = {"RoutingConfig": {"RoutingStrategy": strategy}} if strategy else {}
    medium = catalog.model("cohere-medium")
    return Variant(
        "AllTraffic", medium, "m", "ml.g5.xlarge", "e", instances=instances, fleet="first", spec=spec
    )


class Endpoint:
    """The endpoint `e`, whose variant a test may change."""

    def __init__(self, serving: Variant) -> None:
        self.serving = serving

    def route(self, endpoint_name: str, context: Context, target_variant: str | None = None) -> Variant:
        return self.serving

    def scale(self, instances: int) -> None:
        self.serving = replace(self.serving, instances=instances)


class FixedPace:
    """A container that writes a token each `seconds`; it notes how many texts it writes at once."""

    def __init__(self, seconds: float = SECONDS_A_TOKEN, tokens: int = TOKENS) -> None:
        self.seconds, self.tokens = seconds, tokens
        self.now = self.most = self.written = 0

    async def invoke(
        self, model: catalog.Model, body: bytes, content_type: str
    ) -> AsyncGenerator[bytes, None]:
        return self._write()

    async def _write(self) -> AsyncGenerator[bytes, None]:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            for _ in range(self.tokens):
                await asyncio.sleep(self.seconds)
                self.written += 1
                yield b"token"
        finally:
            self.now -= 1


class User:
    """A client of HTTP that notes when it asked, and when parts came; `gone` is set when it leaves."""

    def __init__(self, body: bytes = b"{}") -> None:
        self.body = body
        self.gone = asyncio.Event()
        self.asked = asyncio.get_running_loop().time()
        self.came: list[float] = []

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message.get("body"):
            self.came.append(asyncio.get_running_loop().time())

    async def ask(self, runtime: Runtime, *, stream: bool = True) -> None:
        scope: dict[str, Any] = {"type": "http", "method": "POST", "headers": [], "path": "/"}
        request = Request(scope, self.receive)
        request._body = self.body  # as if it had been read
        response = await runtime.invoke(request, "e", HERE, stream)
        await response(scope, self.receive, self.send)


@dataclass(frozen=True)
class Figures:
    """Requests a second, and seconds to the first token and to the end."""

    throughput: float
    first: list[float]
    whole: list[float]

    def __str__(self) -> str:
        return (
            f"{self.throughput:6.2f}/s   first token p50 {percentile(self.first, 50):6.2f}  "
            f"p95 {percentile(self.first, 95):6.2f}   whole p50 {percentile(self.whole, 50):6.2f}  "
            f"p95 {percentile(self.whole, 95):6.2f} s"
        )


def percentile(values: list[float], percent: int) -> float:
    """The smallest value that `percent` % of them do not exceed."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def simulated(
    serving: Variant, *, slots: int = 2, container: FixedPace | None = None, seed: int = 7
) -> Runtime:
    """The runtime around a container of fixed pace."""
    instances = Instances(slots, random.Random(seed))
    return Runtime(Endpoint(serving), container or FixedPace(), instances=instances)


async def saturate(runtime: Runtime, users: int, seconds: float = 60 * SERVICE) -> Figures:
    """Figures of that many users, each of whom asks again as soon as the answer is there."""
    loop = asyncio.get_running_loop()
    end, done = loop.time() + seconds, []

    async def one() -> None:
        while loop.time() < end:
            user = User()
            await user.ask(runtime)
            done.append((user, loop.time()))

    await asyncio.gather(*(one() for _ in range(users)))
    counted = [(user, ended) for user, ended in done if ended <= end]
    first = [user.came[0] - user.asked for user, _ in counted]
    return Figures(len(counted) / seconds, first, [ended - user.asked for user, ended in counted])
