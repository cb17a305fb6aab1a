"""The published nested loop against the sweep: 5 limits x 6 temperatures, one prompt; and 10,000 rows.

Both ask the same sandbox in one run, with the same seed for the same temperature, so that their texts can be
compared word for word (the sandbox's Generate takes a seed; the published API is not known to).
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import catalog
from helpers.connect.session import connect
from helpers.deploy.deployment import deploy
from helpers.errors import StreamBroken
from helpers.generate.client import Client
from helpers.generate.stream import Stream
from helpers.generate.types import Generation, Response, TokenLikelihood
from helpers.subscribe import marketplace
from helpers.tune import plots, sweep

PROMPT = "Write a LinkedIn post about starting a career in tech:"
TEMPERATURES = [0, 1, 2, 3, 4, 5]
LIMITS = [100, 200, 300, 400, 500]
SEED = 7
SECONDS_A_TOKEN = 0.005
SAME = ["temperature", "max_tokens", "text"]


class Seeded(Client):
    """Sends the same seed with every request."""

    def _send(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        return super()._send(operation, {**body, "seed": SEED})


class Steady:
    """An endpoint with a fixed time a token that serves any number of requests at once, to their limits."""

    def __init__(self, seconds_a_token: float) -> None:
        self.model = catalog.model("cohere-medium")
        self.limits = self.model.limits
        self.seconds_a_token = seconds_a_token

    def without_retries(self) -> "Steady":
        """Itself: nothing here is ever too busy."""
        return self

    def supports(self, feature: str) -> bool:
        """As Cohere Medium."""
        return feature == "likelihoods"

    def stream(self, prompt: str, **_: Any) -> Stream:
        """Refuse: with a fixed time a token, all that a stream would change is what Python does meanwhile."""
        raise StreamBroken("This endpoint does not stream.", partial_text="")

    def generate(self, prompt: str, *, max_tokens: int, temperature: float, **_: Any) -> Response:
        """A text of max_tokens tokens."""
        time.sleep(max_tokens * self.seconds_a_token)
        tokens = tuple(TokenLikelihood(f" {n * (1 + temperature):g}", -1.0) for n in range(max_tokens))
        text = "".join(each.token for each in tokens)
        return Response(
            (Generation(text, "MAX_TOKENS", -1.0, tokens),),
            latency_seconds=max_tokens * self.seconds_a_token,
            raw={"meta": {"billed_units": {"output_tokens": max_tokens}}},
        )


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """The result, and the seconds it took."""
    started = time.perf_counter()
    return function(), time.perf_counter() - started


def alike(one: str, other: str) -> int:
    """How many characters two texts share from their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def loop(client: Any) -> tuple[pd.DataFrame, int]:
    """One request after the other, as published; also how many tokens were generated."""
    rows, tokens = [], 0
    for limit, temperature in product(LIMITS, TEMPERATURES):
        answer = client.generate(PROMPT, max_tokens=limit, temperature=temperature)
        rows.append((float(temperature), limit, answer.text))
        tokens += answer.raw["meta"]["billed_units"]["output_tokens"]
    return pd.DataFrame(rows, columns=SAME), tokens


def compare(name: str, client: Any, folder: str, wanted: float) -> None:
    """Print both ways' seconds and tokens."""
    plan = sweep.plan(client, PROMPT, temperature=TEMPERATURES, max_tokens=LIMITS)
    client.generate(PROMPT, max_tokens=5, temperature=0)  # connects
    load = os.getloadavg()[0]
    table, swept = timed(lambda: sweep.run(client, plan, Path(folder, f"{name}.jsonl"), progress=False))
    (one_by_one, loop_tokens), looped = timed(lambda: loop(client))
    tokens = int(table[table["measured"]]["tokens"].sum())
    both = one_by_one.merge(table[SAME], on=SAME[:2], suffixes=("", "_swept"))
    same = int((both["text"] == both["text_swept"]).sum())
    unlike = [
        f"{row.temperature:g}/{row.max_tokens} at character {alike(row.text, row.text_swept)}"
        for row in both.itertuples()
        if row.text != row.text_swept
    ]
    print(f"{name}: 30 combinations (load before it {load:.1f}, after it {os.getloadavg()[0]:.1f})")
    print(f"  loop   {len(one_by_one):3} requests {loop_tokens:6} tokens {looped:7.1f} s")
    print(f"  sweep  {len(plan.requests):3} requests {tokens:6} tokens {swept:7.1f} s")
    print(f"  faster {looped / swept:.1f} times (at least {wanted:g})")
    print(f"  tokens {tokens / loop_tokens:.1%} (at most 36 %)")
    print(f"  rows   {len(both)} of 30 in both, {same} of them with the same text")
    if unlike:
        print(f"         unlike (temperature/max_tokens): {', '.join(unlike)}")


def ten_thousand(folder: str) -> None:
    """Print what 10,000 rows take, apart from the model."""
    client, file = Steady(0.0), Path(folder, "rows.jsonl")
    prompts = {f"prompt {n}": f"{PROMPT} {n}" for n in range(20)}
    temperatures = [n / 4 for n in range(20)]
    settings: dict[str, Any] = {"temperature": temperatures, "max_tokens": LIMITS, "repetitions": 5}
    plan, planned = timed(lambda: sweep.plan(client, prompts, **settings))  # type: ignore[arg-type]
    rows = plan.combinations
    table, saved = timed(lambda: sweep.run(client, plan, file, progress=False))  # type: ignore[arg-type]
    loaded = timed(lambda: sweep.load(file))[1]
    print(f"{rows:,} rows from {len(plan.requests):,} answers of 500 tokens, {file.stat().st_size >> 20} MB")
    print(f"  plan {planned:.2f} s, ask nobody and save {saved:.1f} s, load {loaded:.1f} s")
    figures = {"length": plots.length, "temperature": plots.temperature, "grid": plots.grid}
    drawn = {name: timed(lambda draw=draw: draw(table).png())[1] for name, draw in figures.items()}
    print("  plot " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in drawn.items()))


def practised(folder: str) -> None:
    """Compare on a sandbox of its own."""
    os.environ["SANDBOX_HOME"] = folder
    try:
        session = connect("sandbox")
        marketplace.subscribe(session, "cohere-medium", tell=lambda _: None)
        deploy(session, "cohere-medium", "benchmark", delete_after_hours=None, tell=lambda _: None)
        compare("sandbox", Seeded(session, "benchmark"), folder, 3.3)
    finally:
        command = [sys.executable, "-m", "helpers.sandbox", "stop"]
        subprocess.run(command, capture_output=True, check=False)


def main() -> None:
    """Print the figures; `simulated` as an argument leaves the sandbox out."""
    with tempfile.TemporaryDirectory() as folder:
        if sys.argv[1:] != ["simulated"]:
            practised(folder)
        compare(f"fixed {1000 * SECONDS_A_TOKEN:g} ms a token", Steady(SECONDS_A_TOKEN), folder, 15)
        ten_thousand(folder)


if __name__ == "__main__":
    main()
