"""Prompts to try, from `data/prompts.json` or a file of the reader's own."""

import json
from pathlib import Path

from ..errors import BadInput
from .data import DATA


def load_prompts(path: str | Path = DATA / "prompts.json") -> dict[str, str]:
    """Return the prompts of a file, by id; raise BadInput if it is missing or of another shape."""
    try:
        listed = json.loads(Path(path).read_text(encoding="utf-8"))["prompts"]
        return {entry["id"]: entry["prompt"] for entry in listed}
    except FileNotFoundError as error:
        raise BadInput(f"There are no prompts in {path}: the file does not exist.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f'{path} is not a file of prompts: it takes {{"prompts": [{{"id": ..., "prompt": ...}}]}}.'
        ) from error
