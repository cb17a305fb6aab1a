"""The folder `data/` and the JSON documents in it, each read once."""

import json
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "data"


@cache
def document(name: str) -> dict[str, Any]:
    """Read `data/<name>.json`."""
    read: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return read
