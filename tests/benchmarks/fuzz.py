"""Sends 10,000 requests, good and spoiled, to the sandbox's application; run it with `make bench`.

Every request must be answered within its time and never with a 500, and the sandbox must answer good requests
all the while. `fuzz.py COUNT SEED` sends others.
"""

import asyncio
import random
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the tests are no installed package

from helpers.sandbox.engine import weights
from helpers.sandbox.engine.engine import Engine
from helpers.sandbox.loopback import only_loopback
from helpers.sandbox.server import body
from helpers.sandbox.services import moto
from helpers.sandbox.services.iam import Roles
from tests.sandbox import fuzzing
from tests.sandbox.fuzz_values import Known
from tests.sandbox.in_process import Call, Heard, InProcess

EVERY = 100  # requests, after which good ones must be answered


@dataclass
class Figures:
    """What came of the requests; an operation's name in small letters, as X-Amz-Target and path differ."""

    statuses: Counter[str] = field(default_factory=Counter)
    well: defaultdict[str, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))
    failures: int = 0
    slowest: tuple[float, str] = (0.0, "")

    def note(self, call: Call, heard: Heard, seconds: float) -> None:
        """Count one request."""
        self.statuses[f"{call.service} {heard.status}"] += 1
        self.well[call.operation.lower()][heard.status == 200] += 1
        self.slowest = max(self.slowest, (seconds, f"{call.operation}, {len(call.body)} bytes"))
        if heard.status >= 500:
            self.failures += 1
            print("FAILED", call.service, call.operation, call.body[:300], heard)

    def show(self) -> None:
        """Print everything."""
        print(f"  answered with 500 or worse: {self.failures}")
        print(f"  slowest answer {self.slowest[0]:.2f} s ({self.slowest[1]})")
        for kind, number in sorted(self.statuses.items()):
            print(f"  {kind:30} {number:6}")
        print("operations of the control plane and the Marketplace: answered well, and refused")
        for _, name in fuzzing.OPERATIONS:
            print(f"  {name:40} {self.well[name.lower()][True]:6} {self.well[name.lower()][False]:6}")


async def run(inside: InProcess, count: int, seed: int) -> Figures:
    """Send so many requests; what answers tell is used in later ones."""
    chance, known, figures = random.Random(seed), Known(), Figures()
    for number in range(count):
        if number % EVERY == 0:
            await inside.deploy_again()
        call = fuzzing.any_call(chance, known)
        started = time.perf_counter()
        heard = await inside.send(call)
        figures.note(call, heard, time.perf_counter() - started)
        await inside.clear()
        if heard.status == 200:
            known.learn(heard.json())
    await inside.deploy_again()
    return figures


def main() -> int:
    """Print the figures; 1 if anything failed."""
    given = [int(word) for word in sys.argv[1:]]
    count, seed = (*given, *(10_000, 7)[len(given) :])
    path = weights.fetch(print)
    only_loopback()
    body.BODY_SECONDS = 0.02  # half a request, and silence
    engine = Engine(path)

    async def whole() -> Figures:
        return await run(InProcess(engine, moto.load(Roles())), count, seed)

    started = time.perf_counter()
    figures = asyncio.run(whole())
    engine.close()
    print(f"{count} requests (seed {seed}) in {time.perf_counter() - started:.0f} s")
    figures.show()
    return 1 if figures.failures else 0


if __name__ == "__main__":
    sys.exit(main())
