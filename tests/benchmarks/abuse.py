"""What abuse costs the sandbox: memory, log, and a small request's wait; run it with `make bench`.

A small request is STS and ListEndpoints. An invocation of one token is timed beside it and has no limit: the
attacks with streams ask for the same engine, and it waits for its turn as on AWS.
All attacks in one run, each on 127.0.0.1, bounded, and over by itself. About three minutes; Linux only.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the tests are no installed package

from helpers.connect.session import connect
from helpers.sandbox import process
from tests.sandbox import deployed
from tests.sandbox.abuse import ENDPOINT, Attacker, Watch, memory_mb, other_doors

REGION = "us-east-1"
LIMITS = {"peak": 400.0, "after": 50.0, "log": 20.0, "slowest": 2.0}  # MB, MB, MB, seconds


def attacks(attacker: Attacker, address: process.Address, scale: float) -> dict[str, Callable[[], None]]:
    """The attacks by name; `scale` 1 is the full size."""

    def few(count: int) -> int:
        return max(2, int(count * scale))

    doors = other_doors(address)
    return {
        "6 prompts of 6 MB, half of them left": lambda: attacker.prompts(few(6), int(6_200_000 * scale)),
        "20 unfinished bodies of 60 MB": lambda: attacker.unfinished(few(20), int(60e6 * scale), 20 * scale),
        "1,500 requests with paths of 60 KB": lambda: attacker.long_paths(few(1500), 60_000),
        "10,000 idle connections": lambda: attacker.idle(few(10_000), 10 * scale),
        f"30 half requests at each of {len(doors)} other doors": lambda: attacker.half_requests_at(
            doors, 30, 5 * scale
        ),
        "500 streams, left at random": lambda: attacker.streams(few(500)),
    }


def run(address: process.Address, scale: float, calm_seconds: float) -> dict[str, float]:
    """The figures that LIMITS names; prints them for each attack. Needs the endpoint."""
    session = connect("sandbox", REGION)
    small = b'{"prompt": "Hi", "max_tokens": 1}'

    def ask() -> None:
        session.client("sts").get_caller_identity()
        session.client("sagemaker").list_endpoints()

    def invoke() -> None:
        session.client("sagemaker-runtime").invoke_endpoint(EndpointName=ENDPOINT, Body=small)

    invoke()
    ask()
    watch = Watch(address, {"request": ask, "invocation": invoke}, before=memory_mb(address.pid))
    slowest = {"request": 0.0, "invocation": 0.0}
    print(f"at the start                                 {watch.before:7.0f} MB")
    for name, attack in attacks(Attacker(address), address, scale).items():
        with watch.watching():
            attack()
        invoke()  # the engine answers too, and still does
        slowest = {kind: max(seconds, watch.slowest[kind]) for kind, seconds in slowest.items()}
        print(
            f"{name:44} {watch.peak - watch.before:+7.0f} MB at most so far, a small request "
            f"{watch.slowest['request']:5.2f} s, an invocation {watch.slowest['invocation']:5.2f} s"
        )
    time.sleep(calm_seconds)
    if watch.failed:
        print(f"{len(watch.failed)} small requests failed, the first: {watch.failed[0]}")
    return {
        "peak": watch.peak - watch.before,
        "after": memory_mb(address.pid) - watch.before,
        "log": sum(each.stat().st_size for each in process.state_directory().glob("sandbox.log*")) / 1e6,
        "slowest": slowest["request"],
        "invocation": slowest["invocation"],
        "failed": float(len(watch.failed)),
    }


def main() -> int:
    """Print the figures; 1 if one is over its limit."""
    if sys.platform != "linux":
        print("Linux only: memory is read from /proc.")
        return 0
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(SANDBOX_HOME=home, SANDBOX_ENDPOINT_SECONDS="0.2", SANDBOX_SUBSCRIPTION_SECONDS="0")
        address = process.start(on_progress=print)
        try:
            with deployed.deployed(ENDPOINT, region=REGION):
                figures = run(address, scale=1, calm_seconds=60)
        finally:
            process.stop()
    words = {"peak": "MB at most over the start", "after": "MB over the start a minute later"}
    words |= {"log": "MB of log", "slowest": "s, the slowest small request"}
    for name, limit in LIMITS.items():
        print(f"{figures[name]:8.2f} {words[name]:36} (limit {limit:g})")
    print(f"{figures['invocation']:8.2f} {'s, the slowest invocation of one token':36} (no limit)")
    return int(figures["failed"] > 0 or any(figures[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main())
