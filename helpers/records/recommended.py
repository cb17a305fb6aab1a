"""The recommendation of a run as a file beside its setting, for whoever has no table, such as a batch."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from . import payload

FILE = "recommendation.json"


@dataclass(frozen=True)
class Recommended:
    """A recommendation in words, an answer of the model `writer` at its setting, and the endpoint's price.

    `verdict`, `reason`, `doubt` and `advice` are those of `tune.recommend.Recommendation`. The price is in
    USD an hour for all instances, each part None where no source gave it, or where nothing is paid.
    """

    verdict: str
    reason: str
    doubt: str
    advice: str
    prompt: str
    text: str
    writer: str
    instance_usd_per_hour: float | None = None
    software_usd_per_hour: float | None = None

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Recommended":
        """Read back the fields of one; raise payload.WrongShape for anything else."""
        prices = ("instance_usd_per_hour", "software_usd_per_hour")
        words = [field.name for field in fields(cls) if field.name not in prices]
        if unknown := set(record) - {*words, *prices}:
            raise payload.WrongShape(f"a recommendation has no {', '.join(sorted(unknown))}")
        told: dict[str, Any] = {name: payload.text(record, name) for name in words}
        told |= {name: payload.number_or_none(record, name) for name in prices}
        return cls(**told)
