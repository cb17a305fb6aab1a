"""What the sandbox adds to its engine, and how much it holds; run it with `make bench`.

The bare engine is measured inside the sandbox's own process, in turns with requests that take the whole path
(boto3, signature, protocol), on the same 100 tokens. Figures are medians. With arguments (one,
eight, control, memory) it measures these only.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROUNDS = 15
STREAMS = 8
PROMPT = "Write a LinkedIn post about starting a career in tech:"
BODY = {"prompt": PROMPT, "max_tokens": 100, "temperature": 0}
SMALL = {"prompt": "Hi", "max_tokens": 1}
NAME = "bench"
SERVER = Path(__file__).with_name("_bare_engine.py")
Bare = Callable[[int], tuple[float, float]]


@contextmanager
def sandbox() -> Iterator[tuple[Any, Bare]]:
    """The sandbox's address, and what measures the bare engine in it: seconds to first token, and in all."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {
            "SANDBOX_HOME": home,
            "SANDBOX_ENDPOINT_SECONDS": "0",
            "SANDBOX_SUBSCRIPTION_SECONDS": "0",
        }
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([sys.executable, SERVER], text=True, bufsize=1, **pipes) as server:  # type: ignore[call-overload]
            from helpers.sandbox import process

            deadline = time.monotonic() + 60
            while (address := process.find()) is None and time.monotonic() < deadline:
                time.sleep(0.1)
            assert address is not None, "the sandbox did not start"

            def bare(streams: int) -> tuple[float, float]:
                print(json.dumps({**BODY, "streams": streams}), file=server.stdin)
                first, whole, tokens = json.loads(server.stdout.readline())
                assert tokens == streams * BODY["max_tokens"], "the text ended before its 100th token"
                return first, whole

            try:
                yield address, bare
            finally:
                server.kill()


def one_by_one(runtime: Any, bare: Bare) -> None:
    """The whole path against the bare engine, one request at a time, in turns."""
    call(runtime), bare(1), stream(runtime)
    paths, streams, bares = [], [], []
    for _ in range(ROUNDS):
        bares.append(bare(1))
        paths.append(call(runtime))
        streams.append(stream(runtime))
    whole = statistics.median(seconds for _, seconds in bares)
    path, streamed = statistics.median(paths), statistics.median(seconds for _, seconds in streams)
    first = statistics.median(seconds for seconds, _ in streams) - statistics.median(f for f, _ in bares)
    print(f"100 tokens, bare engine         {whole:7.3f} s")
    print(f"  by invoke_endpoint            {path:7.3f} s    {path / whole:.3f} of it (limit 1.05)")
    print(f"  by a stream                   {streamed:7.3f} s    {streamed / whole:.3f} of it")
    print(f"  first token later by          {1000 * first:7.1f} ms   (limit 10)")


def eight_at_once(runtime: Any, bare: Bare) -> None:
    """Eight streams at once against eight in the bare engine, in turns."""
    paths, bares = [], []
    with ThreadPoolExecutor(STREAMS) as threads:
        for _ in range(5):
            bares.append(bare(STREAMS)[1])
            started = time.perf_counter()
            list(threads.map(stream, [runtime] * STREAMS))
            paths.append(time.perf_counter() - started)
    whole, path = statistics.median(bares), statistics.median(paths)
    print(f"8 x 100 tokens, bare engine     {whole:7.3f} s    {STREAMS * 100 / whole:.0f} tokens/s")
    print(f"  by 8 streams                  {path:7.3f} s    {path / whole:.3f} of it (limit 1.05)")


def control_plane(sagemaker: Any) -> None:
    """Calls a second of one client, one after the other."""
    count, started = 0, time.perf_counter()
    while time.perf_counter() < started + 3:
        sagemaker.describe_endpoint(EndpointName=NAME)
        count += 1
    print(f"DescribeEndpoint                {count / 3:7.0f} a second (at least 100)")


def memory(pid: int, runtime: Any, cycle: Callable[[], None]) -> None:
    """The resident memory of the sandbox, in MB, after much use."""
    if not Path("/proc/self/status").exists():
        print("memory: measured on Linux only")
        return
    for _ in range(100):
        call(runtime, **SMALL)
    before = resident(pid)
    for _ in range(1000):
        call(runtime, **SMALL)
    used = resident(pid)
    for _ in range(100):
        cycle()
    print(f"memory after 100 invocations    {before:7.1f} MB")
    print(f"  1,000 more                    {used:7.1f} MB")
    print(f"  100 deployed and deleted      {resident(pid):7.1f} MB")


def resident(pid: int) -> float:
    """Megabytes that the process holds."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def call(runtime: Any, **more: Any) -> float:
    """Seconds for one invocation."""
    started = time.perf_counter()
    body = json.dumps({**BODY, **more})
    runtime.invoke_endpoint(EndpointName=NAME, ContentType="application/json", Body=body)["Body"].read()
    return time.perf_counter() - started


def stream(runtime: Any) -> tuple[float, float]:
    """Seconds to a stream's first token and to its end."""
    started, first = time.perf_counter(), 0.0
    body = json.dumps({**BODY, "stream": True})
    for _ in runtime.invoke_endpoint_with_response_stream(EndpointName=NAME, Body=body)["Body"]:
        first = first or time.perf_counter() - started
    return first, time.perf_counter() - started


def main() -> None:
    """Print the figures."""
    with sandbox() as (address, bare):
        from helpers.clean_up.delete import delete
        from helpers.connect.session import connect
        from helpers.deploy import create
        from helpers.deploy.deployment import deploy
        from helpers.subscribe import marketplace

        def silent(_: str) -> None:
            pass

        def cycle() -> None:
            create.prepare(session, model, model.package_arn("us-east-1"), "cycle", "ml.p3.2xlarge")
            create.start(session, "cycle")
            delete(session, "cycle", tell=silent, sleep=lambda seconds: None)

        session = connect("sandbox")
        session.client("logs").describe_log_groups()  # waits for moto, which loads meanwhile
        marketplace.subscribe(session, "cohere-medium", tell=silent)
        model = deploy(session, "cohere-medium", NAME, delete_after_hours=None, tell=silent).model
        runtime = session.client("sagemaker-runtime")
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        parts: dict[str, Callable[[], None]] = {
            "one": lambda: one_by_one(runtime, bare),
            "eight": lambda: eight_at_once(runtime, bare),
            "control": lambda: control_plane(session.client("sagemaker")),
            "memory": lambda: memory(address.pid, runtime, cycle),
        }
        for part in sys.argv[1:] or parts:
            parts[part]()
        print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
