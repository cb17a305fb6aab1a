"""The labelled texts of texts.json, which says how each set was made."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

TOPICS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("texts.json").read_text(encoding="utf-8")
)["topics"]
HALVES = ("development", "held out")


def topics(half: str) -> list[str]:
    """The topics of a half: thresholds were chosen on "development" alone."""
    return [name for name, topic in TOPICS.items() if topic["half"] == half]


def answers(topic: str, *kinds: str) -> pd.DataFrame:
    """Texts as rows of a sweep, behind the model's own answer at temperature 0; what was not told is NaN."""
    made = TOPICS[topic]
    listed = [("greedy", {**made["greedy"], "temperature": 0.0})]
    listed += [(kind, {"text": e} if isinstance(e, str) else e) for kind in kinds for e in made[kind]]
    unknown = {"temperature": 1.0, "p": 0.75, "finish_reason": "MAX_TOKENS", "likelihood": float("nan")}
    rows = [
        {**unknown, "tokens": 80, "kind": kind, **each, "repetition": n}
        for n, (kind, each) in enumerate(listed)
    ]
    return pd.DataFrame(rows).assign(prompt_id=topic, prompt=made["prompt"], k=0, max_tokens=80)
