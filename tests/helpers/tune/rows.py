"""Rows of a sweep's table, for tests that need no model."""

from typing import Any

import pandas as pd


def row(text: str = "a b c d", **changed: Any) -> dict[str, Any]:
    """A row whose text ended by itself."""
    fields = {"prompt_id": "p", "prompt": "Write:", "temperature": 1.0, "k": 0, "p": 0.75}
    fields |= {"max_tokens": 10, "repetition": 1, "text": text, "tokens": len(text.split())}
    fields |= {"finish_reason": "COMPLETE", "likelihood": -1.0, "measured": True, "latency_seconds": 1.0}
    return fields | changed


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    """The rows as `sweep.run` returns them."""
    return pd.DataFrame(list(rows))
