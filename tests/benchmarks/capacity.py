"""What instances bear: users who ask again and again, two slots an instance; run it with `make bench`.

First with a container of a fixed time a token, in virtual time: exact, the same everywhere. Then with the
real model in a sandbox: its speeds are this machine's, whose sum more instances can't exceed.
With arguments (simulated, real) it does these only.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the tests are no installed package

from tests.sandbox.load import TOKENS, Figures, saturate, simulated, variant
from tests.sandbox.virtual_time import run

USERS = (1, 2, 4, 8, 16)
SLOTS, SECONDS, NAME, KIND = 2, 8.0, "capacity", "ml.g5.xlarge"
STRATEGIES = ("RANDOM", "LEAST_OUTSTANDING_REQUESTS")
BODY: dict[str, Any] = {
    "prompt": "Write a LinkedIn post about starting a career in tech:",
    "max_tokens": 30,
    "stream": True,
}


def knee(throughputs: dict[int, float]) -> int:
    """The fewest users after whom twice as many bring less than a quarter more."""
    for (users, least), (_, most) in pairwise(throughputs.items()):
        if most < 1.25 * least:
            return users
    return max(throughputs)


def simulation() -> None:
    """Users, instances and routing with a fixed time a token."""
    saturated = {}
    for instances, strategy in [(1, STRATEGIES[0]), *((2, each) for each in STRATEGIES)]:
        print(f"\n{instances} instance(s) of {SLOTS} slots, {strategy}, {TOKENS} tokens a request")
        found = {}
        for users in USERS:
            figures = run(saturate(simulated(variant(instances, strategy)), users))
            found[users] = figures.throughput
            print(f"  {users:2} users  {figures}")
        saturated[instances, strategy] = found[USERS[-1]]
        print(f"  the knee: {knee(found)} users")
    for strategy in STRATEGIES:
        twice = saturated[2, strategy] / saturated[1, STRATEGIES[0]]
        print(f"two instances, {strategy}: {twice:.2f} times one's throughput (1.8 to 2.2)")
        assert 1.8 <= twice <= 2.2


@contextmanager
def sandbox() -> Iterator[Any]:
    """A session of a sandbox of its own, where an endpoint with one instance serves."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"SANDBOX_HOME": home, "SANDBOX_ENDPOINT_SECONDS": "0.2"}
        os.environ |= {"SANDBOX_SUBSCRIPTION_SECONDS": "0", "SANDBOX_INSTANCE_SLOTS": str(SLOTS)}
        subprocess.run([sys.executable, "-m", "helpers.sandbox", "start"], check=True)
        from helpers.connect.session import connect
        from helpers.deploy.deployment import deploy
        from helpers.sandbox import faults, process
        from helpers.subscribe import marketplace

        def silent(_: str) -> None:
            pass

        try:
            address = process.find()
            assert address is not None
            faults.set(address, "quota", instance_type=KIND, limit=8)
            session = connect("sandbox")
            marketplace.subscribe(session, "cohere-medium", tell=silent)
            deploy(session, "cohere-medium", NAME, KIND, delete_after_hours=None, tell=silent)
            yield session
        finally:
            process.stop()


def ask(runtime: Any, until: float) -> tuple[list[tuple[float, float]], int]:
    """One user: seconds to the first token and to the end, answer by answer; the tokens in time."""
    done, tokens = [], 0
    while (began := time.perf_counter()) < until:
        first = 0.0
        for _ in runtime.invoke_endpoint_with_response_stream(EndpointName=NAME, Body=json.dumps(BODY))[
            "Body"
        ]:
            first = first or time.perf_counter() - began
            tokens += time.perf_counter() <= until
        done.append((first, time.perf_counter() - began))
    return done, tokens


def measured(runtime: Any, users: int) -> tuple[Figures, float]:
    """Figures of that many users with the real model, and tokens a second of them all."""
    until = time.perf_counter() + SECONDS
    with ThreadPoolExecutor(users) as threads:
        found = list(threads.map(ask, [runtime] * users, [until] * users))
    first, whole = zip(*(each for done, _ in found for each in done), strict=True)
    rate = sum(tokens for _, tokens in found) / SECONDS
    return Figures(rate / BODY["max_tokens"], list(first), list(whole)), rate


def scale(sagemaker: Any, instances: int) -> None:
    """Give the endpoint so many instances, and wait for them."""
    desired = [{"VariantName": "AllTraffic", "DesiredInstanceCount": instances}]
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=NAME, DesiredWeightsAndCapacities=desired)
    while sagemaker.describe_endpoint(EndpointName=NAME)["EndpointStatus"] != "InService":
        time.sleep(0.1)


def reality() -> None:
    """Users and instances with the real model; the machine's most is one instance with 8 slots."""
    with sandbox() as session:
        runtime, sagemaker = session.client("sagemaker-runtime"), session.client("sagemaker")
        print(f"\nreal model, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        rates = []
        for instances in (1, 2, 4):
            scale(sagemaker, instances)
            print(f"{instances} instance(s) of {SLOTS} slots, {STRATEGIES[0]}, {BODY['max_tokens']} tokens")
            found = {}
            for users in USERS:
                figures, found[users] = measured(runtime, users)
                print(f"  {users:2} users  {figures}   {found[users]:5.0f} tokens/s")
            print(f"  the knee: {knee(found)} users")
            rates += found.values()
        session.practise_with(slots=8)
        scale(sagemaker, 1)
        machine = measured(runtime, USERS[-1])[1]
        print(f"the machine (1 instance of 8 slots): {machine:.0f} tokens/s; at most {max(rates):.0f} above")


def main() -> None:
    """Print the figures."""
    parts = {"simulated": simulation, "real": reality}
    for part in sys.argv[1:] or parts:
        parts[part]()


if __name__ == "__main__":
    main()
