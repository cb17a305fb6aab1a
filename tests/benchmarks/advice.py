"""The advice for the five prompts with the practice model, and what 10,000 rows of it take.

`advice.py [seed ...]`: for each seed (1, if there is none) a sweep, the same for all prompts, in a sandbox.
"""

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import catalog
from helpers.connect.session import connect
from helpers.deploy.deployment import deploy
from helpers.generate.client import Client
from helpers.subscribe import marketplace
from helpers.tune import sweep
from helpers.tune.measures import summary
from helpers.tune.metrics import embeddings
from helpers.tune.recommend import Recommendation, recommend

TEMPERATURES = [0, 0.2, 0.4, 0.7, 1, 1.3, 1.6, 2]
LIMITS = [20, 40, 60]
REPETITIONS = 6
ONE_ANSWER = "summary"
MOST_SECONDS = 20.0


class Seeded(Client):
    """Gives the n-th request of a setting the n-th seed, whichever thread sends it."""

    def __init__(self, *args: Any, seed: int) -> None:
        super().__init__(*args)
        self.seed, self._asked, self._lock = seed, Counter[tuple[str, float]](), threading.Lock()

    def _send(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if "temperature" not in body:  # the sweep's question whether the endpoint streams
            return super()._send(operation, body)
        setting = (body["prompt"], body["temperature"])
        with self._lock:
            self._asked[setting] += 1
            seed = 1000 * self.seed + self._asked[setting]
        return super()._send(operation, {**body, "seed": seed})


def advised(df: pd.DataFrame, want: str) -> dict[str, Recommendation]:
    """Each prompt's advice."""
    return {name: recommend(rows, want) for name, rows in df.groupby("prompt_id", sort=False)}


def tell(seed: int, df: pd.DataFrame) -> None:
    """Print the temperatures advised, and where the summary's stands among them."""
    wanted = {want: advised(df, want) for want in ("one", "some", "many")}
    print(f"seed {seed}: temperature advised (* no clear winner, ! none reaches it)")
    print(f"  {'':20}" + "".join(f"{want:>8}" for want in wanted))
    for name in df["prompt_id"].unique():
        print(f"  {name:20}" + "".join(f"{marked(advice[name]):>8}" for advice in wanted.values()))
    one = wanted["one"][ONE_ANSWER].temperature
    for want in ("some", "many"):
        creative = [each.temperature for name, each in wanted[want].items() if name != ONE_ANSWER]
        below, above = sum(one < each for each in creative), sum(one > each for each in creative)
        told = f"strictly below {below} of 4 (at least 2) and above {above} (0)"
        print(f"  summary (one) against the others ({want}): {told}")


def marked(advice: Recommendation) -> str:
    """The temperature, marked where there is doubt."""
    return f"{advice.temperature:g}{'' if advice.clear else '*' if advice.reached else '!'}"


def practised(folder: str, seeds: list[int]) -> None:
    """Sweep in a sandbox of its own, with each seed."""
    os.environ["SANDBOX_HOME"] = folder
    try:
        session = connect("sandbox")
        marketplace.subscribe(session, "cohere-medium", tell=lambda _: None)
        deploy(session, "cohere-medium", "benchmark", delete_after_hours=None, tell=lambda _: None)
        for seed in seeds:
            tell(seed, swept(Seeded(session, "benchmark", seed=seed), folder))
    finally:
        command = [sys.executable, "-m", "helpers.sandbox", "stop"]
        subprocess.run(command, capture_output=True, check=False)


def swept(client: Seeded, folder: str) -> pd.DataFrame:
    """The five prompts, the same settings for all."""
    prompts = catalog.load_prompts()
    plan = sweep.plan(client, prompts, temperature=TEMPERATURES, max_tokens=LIMITS, repetitions=REPETITIONS)
    return sweep.run(client, plan, Path(folder, f"{client.seed}.jsonl"), progress=False)


def ten_thousand() -> None:
    """Print what embeddings and scores of 10,000 different rows take."""
    draw, limits = random.Random(1), (100, 200, 300, 400, 500)
    words = " ".join(catalog.load_prompts().values()).split()
    texts = [" ".join(draw.choices(words, k=limit * 3 // 4)) for _ in range(2000) for limit in limits]
    df = pd.DataFrame({"text": texts, "prompt": "Write:", "k": 0, "p": 0.75})
    df = df.assign(finish_reason="COMPLETE", likelihood=-1.0)
    n = df.index
    df = df.assign(max_tokens=100 * (1 + n % 5), tokens=100 * (1 + n % 5), repetition=1 + n // 5 % 5)
    df = df.assign(temperature=n // 25 % 20 / 4, prompt_id=n // 500)
    embedded = timed(lambda: embeddings.embed(df["text"]))
    scored = timed(lambda: summary(df))
    advice = timed(lambda: recommend(df, "some"))
    together = embedded + scored + advice
    print(f"{len(df):,} rows of 75 to 375 words (load {os.getloadavg()[0]:.1f})")
    print(f"  embeddings {embedded:.1f} s, scores {scored:.1f} s, advice {advice:.1f} s")
    print(f"  together {together:.1f} s (at most {MOST_SECONDS:g})")


def timed(function: Any) -> float:
    """The seconds it took."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def main() -> None:
    """Print the figures; `simulated` as an argument leaves the sandbox out."""
    ten_thousand()
    if sys.argv[1:] != ["simulated"]:
        with tempfile.TemporaryDirectory() as folder:
            practised(folder, [int(each) for each in sys.argv[1:]] or [1])


if __name__ == "__main__":
    main()
