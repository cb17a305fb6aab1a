"""The outcome of a run: how it ended, what its folder holds, and what it cost."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..records import payload, recommended
from ..records.recommended import Recommended
from ..records.usage import usage
from .secrets import without_secrets

NUMBERS = ("seconds", "endpoint_seconds", "instance_usd", "software_usd")


@dataclass(frozen=True)
class Outcome:
    """A run's result. `status` is done, failed, timeout, or "not run"; `seconds` is 0 where it was not run.

    `output` and `page` are the notebook that ran and its HTML; `setting` is what 04_tune saved to
    setting.json. `tokens` are those that the model wrote, as far as its API tells; `endpoint_seconds` is the
    time in which the run had requests under way, and the two prices in USD are for that time: 0 in the
    sandbox, None where not known.
    """

    name: str
    notebook: str
    status: str
    runtime: str = ""
    seconds: float = 0.0
    output: str = ""
    page: str = ""
    setting: str = ""
    tokens: int | None = None
    endpoint_seconds: float | None = None
    instance_usd: float | None = None
    software_usd: float | None = None
    error: str = ""
    recommended: Recommended | None = None

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Outcome":
        """Read back a line of state.jsonl; raise payload.WrongShape for any other record."""
        names = [field.name for field in fields(cls)]
        if set(record) - set(names):
            raise payload.WrongShape(f"an outcome has {', '.join(names)}, and nothing else")
        for name in ("name", "notebook", "status"):
            payload.text(record, name)
        words = set(names) - {*NUMBERS, "tokens", "recommended"}
        told: dict[str, Any] = {name: payload.text_or_none(record, name) or "" for name in words}
        told |= {name: payload.number_or_none(record, name) for name in NUMBERS}
        told["seconds"] = told["seconds"] or 0.0
        kept = payload.part(record, "recommended")
        return cls(
            **told,
            tokens=payload.count_or_none(record, "tokens"),
            recommended=Recommended.from_record(kept) if kept else None,
        )

    def with_folder(self, work: Path) -> "Outcome":
        """Return it with what the run left in its folder, of which nothing is lost if the run failed."""
        used, found = usage(work), _recommended(work)
        instance, software = (
            (found.instance_usd_per_hour, found.software_usd_per_hour) if found else (None, None)
        )
        return replace(
            self,
            setting=_setting(work),
            tokens=used.tokens,
            endpoint_seconds=round(used.seconds, 1),
            instance_usd=self._usd(instance, used.seconds),
            software_usd=self._usd(software, used.seconds),
            recommended=found,
        )

    def _usd(self, usd_per_hour: float | None, seconds: float) -> float | None:
        if self.runtime == "sandbox":
            return 0.0
        return None if usd_per_hour is None else round(usd_per_hour * seconds / 3600, 6)


def _setting(work: Path) -> str:
    """Return what the run saved to its setting.json; whatever is in it, no outcome is lost for it."""
    found = []
    for path in sorted(work.glob("**/setting.json")):
        with suppress(OSError, ValueError, RecursionError):
            found.append(json.dumps(json.loads(path.read_text(encoding="utf-8"))))
    return without_secrets("; ".join(found))


def _recommended(work: Path) -> Recommended | None:
    """Return the run's recommendation, the last by path; None where none can be read."""
    found = None
    for path in sorted(work.glob(f"**/{recommended.FILE}")):
        with suppress(OSError, ValueError, RecursionError):
            text = without_secrets(path.read_text(encoding="utf-8"))
            found = Recommended.from_record(payload.parse(text.encode()))
    return found
