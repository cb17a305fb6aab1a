"""The files of a choice: the setting, which another notebook can use, and why it was chosen."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..catalog import SETTINGS
from ..deploy import costs, endpoint
from ..errors import BadInput
from ..records.recommended import Recommended
from .metrics.quality import faults, graded

if TYPE_CHECKING:
    import pandas as pd

    from ..generate.client import Client
    from .grades import Grades
    from .recommend import Recommendation

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


def save_recommendation(
    path: str | Path,
    recommendation: "Recommendation",
    df: "pd.DataFrame",
    client: "Client",
    grades: "Grades | None" = None,
) -> Path:
    """Write a recommendation's words, an answer of the table at its setting, and the endpoint's price now.

    The answer is the first that is good, by the gate or a reader's `grades`, if one is. On AWS the price is
    asked for; a part that no source gives is left out. In the sandbox nothing is paid.
    """
    at = (df["temperature"] == recommendation.temperature) & (df["max_tokens"] == recommendation.max_tokens)
    good = graded(faults(df), grades.of(df) if grades else None)[at]
    answer = df.loc[at].iloc[int(good.to_numpy().argmax())]
    kept = Recommended(
        verdict=recommendation.verdict,
        reason=recommendation.reason,
        doubt=" ".join(filter(None, [recommendation.graded, recommendation.doubt])),
        advice=recommendation.advice,
        prompt=str(answer["prompt"]),
        text=str(answer["text"]),
        writer=client.session.writer,
        **_usd_per_hour(client),
    )
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    _replace(Path(path), json.dumps(asdict(kept), indent=1) + "\n")
    return Path(path)


def _usd_per_hour(client: "Client") -> dict[str, float | None]:
    if not client.session.spends_money:
        return {}
    most = endpoint.describe(client.session, client.endpoint_name).capacity
    price = costs.price_at(client.session, client.model, most)
    parts = {"instance_usd_per_hour": price.instance_usd, "software_usd_per_hour": price.software_usd}
    count = price.instances
    return {name: None if usd is None or count is None else usd * count for name, usd in parts.items()}


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
