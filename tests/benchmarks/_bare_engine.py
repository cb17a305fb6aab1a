"""A sandbox that also runs its bare engine when it is asked on standard input; `sandbox.py` starts it."""

import asyncio
import json
import socket
import sys
import threading
import time
from contextlib import aclosing

from helpers.sandbox import app, process, serve
from helpers.sandbox.engine import weights
from helpers.sandbox.engine.engine import Engine, Sampling, Token
from helpers.sandbox.settings import Settings

PROMPT_SAMPLING = Sampling(temperature=0, k=0, p=0.75, seed=1)


class Server(serve.Server):
    """The sandbox's server, which notes the loop that it runs in."""

    loop: asyncio.AbstractEventLoop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)


async def write(engine: Engine, prompt: list[int], max_tokens: int) -> tuple[float, int]:
    """When the first token came, and how many came."""
    first, count = 0.0, 0
    async with aclosing(engine.generate(prompt, PROMPT_SAMPLING, max_tokens=max_tokens)) as tokens:
        async for token in tokens:
            first = first or time.perf_counter()
            count += isinstance(token, Token)
    return first, count


async def measure(
    engine: Engine, prompt: list[int], max_tokens: int, streams: int
) -> tuple[float, float, int]:
    """Seconds to the first token, seconds in all, and tokens."""
    started = time.perf_counter()
    done = await asyncio.gather(*(write(engine, prompt, max_tokens) for _ in range(streams)))
    return done[0][0] - started, time.perf_counter() - started, sum(count for _, count in done)


def obey(server: Server, engine: Engine) -> None:
    """Measure what each line of standard input asks for."""
    for line in sys.stdin:
        asked = json.loads(line)
        own = [token for token, _ in engine.tokenize(asked["prompt"])]
        prompt, _ = engine.conversation([("user", own)])
        work = measure(engine, prompt, asked["max_tokens"], asked["streams"])
        print(json.dumps(asyncio.run_coroutine_threadsafe(work, server.loop).result()), flush=True)


def main() -> None:
    """Be a sandbox."""
    path = weights.fetch(lambda message: None)
    engine = Engine(path)
    with serve.loopback_socket() as listener:
        address = serve.new_address(listener.getsockname()[1], path)
        server = Server(app.join(address, Settings.from_environment(), engine), address, 3600)
        threading.Thread(target=obey, args=(server, engine), daemon=True).start()
        server.run(sockets=[listener])
    process.forget(address)


if __name__ == "__main__":
    main()
