"""Sends 10,000 requests, good and spoiled, to the sandbox's application; run it with `make bench`.

Every request must be answered within its time and never with a 500, and the sandbox must answer good requests
all the while. `fuzz.py COUNT SEED` sends others.
"""

import asyncio
import random
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the tests are no installed package

from helpers.sandbox import intake, weights
from helpers.sandbox.engine import Engine
from helpers.sandbox.loopback import only_loopback
from tests.sandbox import fuzzing
from tests.sandbox.in_process import InProcess

EVERY = 100  # requests, after which good ones must be answered


async def run(inside: InProcess, count: int, seed: int) -> tuple[Counter[str], float, int]:
    """Statuses, the slowest answer in seconds, and how many answers were 500 or worse."""
    chance, statuses, slowest, failures = random.Random(seed), Counter[str](), 0.0, 0
    for number in range(count):
        if number % EVERY == 0:
            await inside.deploy_again()
        call = fuzzing.any_call(chance)
        started = time.perf_counter()
        heard = await inside.send(call)
        await inside.clear()
        slowest = max(slowest, time.perf_counter() - started)
        statuses[f"{call.service} {heard.status}"] += 1
        if heard.status >= 500:
            failures += 1
            print("FAILED", call.service, call.headers.get("X-Amz-Target", call.path), call.body[:300], heard)
    await inside.deploy_again()
    return statuses, slowest, failures


def main() -> int:
    """Print the figures; 1 if anything failed."""
    given = [int(word) for word in sys.argv[1:]]
    count, seed = (*given, *(10_000, 7)[len(given) :])
    path = weights.fetch(print)
    only_loopback()
    intake.BODY_SECONDS = 0.02  # half a request, and silence
    engine = Engine(path)

    async def whole() -> tuple[Counter[str], float, int]:
        return await run(InProcess(engine), count, seed)

    started = time.perf_counter()
    statuses, slowest, failures = asyncio.run(whole())
    engine.close()
    print(f"{count} requests (seed {seed}) in {time.perf_counter() - started:.0f} s")
    print(f"  answered with 500 or worse: {failures}; slowest answer {slowest:.2f} s")
    for kind, number in sorted(statuses.items()):
        print(f"  {kind:30} {number:6}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
