"""The file of a chosen setting, so that another notebook can use it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..catalog import SETTINGS
from ..errors import BadInput

NAMES = tuple(name for name, setting in SETTINGS.items() if setting.saved)


def save_setting(path: str | Path, setting: Mapping[str, Any]) -> Path:
    """Write a setting (arguments of `Client.generate`, but no `prompt`) and return the path."""
    kept = {name: value for name, value in setting.items() if name != "prompt"}
    _check(kept, "This setting")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    _replace(Path(path), json.dumps(kept, indent=1, allow_nan=False) + "\n")
    return Path(path)


def load_setting(path: str | Path) -> dict[str, Any]:
    """Read a setting: `client.generate(prompt, **load_setting(path))`. Raises BadInput if none is there."""
    try:
        setting = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"There is no setting in {path} yet: run 04_tune, which saves one.") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON: run 04_tune again, which writes it anew.") from error
    if not isinstance(setting, dict):
        raise BadInput(f"{path} holds no setting: run 04_tune again, which writes it anew.")
    _check(setting, str(path))
    return setting


def _replace(path: Path, text: str) -> None:
    """Write the file anew, whole or not at all: the run may be killed, or the file read, meanwhile."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _check(setting: Mapping[str, Any], what: str) -> None:
    unknown = [name for name in setting if name not in NAMES]
    if unknown:
        raise BadInput(f"{what} has {', '.join(map(repr, unknown))}; a setting has only {', '.join(NAMES)}.")
