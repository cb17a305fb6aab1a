"""What the client adds to bare boto3, and how soon Stop reaches the endpoint; run it with `make bench`.

Both sides take turns on one endpoint of one sandbox, with the same boto3 client; figures are medians.
"""

import json
import os
import re
import statistics
import tempfile
import time
from datetime import datetime
from typing import Any

from helpers.connect.session import connect
from helpers.deploy.deployment import deploy
from helpers.generate.client import Client
from helpers.sandbox import process
from helpers.subscribe import marketplace

ROUNDS = 25
PROMPT = "Write a LinkedIn post about starting a career in tech:"
SETTINGS: dict[str, Any] = {"max_tokens": 50, "temperature": 0}
LEFT = re.compile(r"^(\S+ \S+) .*the client left a stream", re.M)


def quiet(_: str) -> None:
    """Tell nobody."""


def bare_generate(client: Client) -> float:
    """Seconds of one call with boto3 and json alone."""
    runtime, body = client.session.client("sagemaker-runtime"), {"prompt": PROMPT, **SETTINGS}
    started = time.perf_counter()
    answer = runtime.invoke_endpoint(
        EndpointName=client.endpoint_name, ContentType="application/json", Body=json.dumps(body)
    )
    json.loads(answer["Body"].read())
    return time.perf_counter() - started


def generate(client: Client) -> float:
    """Seconds of one call with the client."""
    started = time.perf_counter()
    client.generate(PROMPT, **SETTINGS)
    return time.perf_counter() - started


def bare_first_token(client: Client) -> float:
    """Seconds to the first part of a stream with boto3 alone."""
    runtime, body = client.session.client("sagemaker-runtime"), {"prompt": PROMPT, "stream": True, **SETTINGS}
    started = time.perf_counter()
    answer = runtime.invoke_endpoint_with_response_stream(
        EndpointName=client.endpoint_name, ContentType="application/json", Body=json.dumps(body)
    )
    parts = iter(answer["Body"])
    next(parts)
    seconds = time.perf_counter() - started
    for _ in parts:
        pass
    return seconds


def first_token(client: Client) -> float:
    """Seconds to the first piece of text with the client."""
    started = time.perf_counter()
    with client.stream(PROMPT, **SETTINGS) as stream:
        pieces = iter(stream)
        next(pieces)
        seconds = time.perf_counter() - started
        for _ in pieces:
            pass
    return seconds


def seconds_to_stop(client: Client) -> float:
    """From stop() to the moment the sandbox says that it has ended the generation (its log, in ms)."""
    before = len(LEFT.findall(process.log_file().read_text(encoding="utf-8")))
    stream = client.stream(PROMPT, max_tokens=400, temperature=1)
    pieces = iter(stream)
    for _ in range(10):
        next(pieces)
    stopped = time.time()
    stream.stop()
    for _ in range(200):
        found = LEFT.findall(process.log_file().read_text(encoding="utf-8"))
        if len(found) > before:
            return datetime.strptime(found[-1], "%Y-%m-%d %H:%M:%S,%f").timestamp() - stopped
        time.sleep(0.05)
    raise SystemExit("The sandbox did not notice within ten seconds.")


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["SANDBOX_HOME"] = home
        session = connect("sandbox")
        marketplace.subscribe(session, "cohere-medium", tell=quiet)
        deploy(session, "cohere-medium", "bench", delete_after_hours=None, tell=quiet)
        client = Client(session, "bench")
        generate(client)
        whole = [(bare_generate(client), generate(client)) for _ in range(ROUNDS)]
        first = [(bare_first_token(client), first_token(client)) for _ in range(ROUNDS)]
        stops = [seconds_to_stop(client) for _ in range(ROUNDS)]
        process.stop()
    ratio = statistics.median(ours for _, ours in whole) / statistics.median(bare for bare, _ in whole)
    later = statistics.median(ours for _, ours in first) - statistics.median(bare for bare, _ in first)
    print(f"generate, against bare boto3         {ratio:7.3f}      (limit 1.02)")
    print(f"first token, after bare boto3's      {1000 * later:7.1f} ms   (limit 5)")
    stop = sorted(1000 * each for each in stops)
    most = f"most {stop[-1]:.0f}"
    print(f"Stop to the end of the generation    {statistics.median(stop):7.1f} ms   (limit 100; {most})")


if __name__ == "__main__":
    main()
