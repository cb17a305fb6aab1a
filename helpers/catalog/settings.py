"""The settings of a generation, in one table: the client, playground, sweeps, files and sandbox all read it.

To add one, add its row, and write what gives it meaning: an argument of `generate.client.Client.generate`, a
field of `generate.types.Request`, and the sandbox's `container.generation` and `engine.engine`.
"""

from dataclasses import dataclass
from typing import Literal

from ..errors import BadInput

GENERATE_API, CHAT_APIS = ("generate",), ("chat-v1", "chat-v2")
GENERATING_APIS = (*GENERATE_API, *CHAT_APIS)
# From Cohere's OpenAPI for chat; for generate none is published (not established).
MAX_STOP_SEQUENCES = 5


@dataclass(frozen=True)
class Limit:
    """A parameter's range, both ends included, and what the API takes when it is left out."""

    low: float
    high: float
    default: float

    def check(self, name: str, value: float) -> None:
        """Raise BadInput unless `value` is a number within the range."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (is_number and self.low <= value <= self.high):
            raise BadInput(f"{name} is {value!r}; this model takes {self.low:g} to {self.high:g}.")


@dataclass(frozen=True)
class Setting:
    """One setting of a generation: what it takes, which APIs have it, and where it is offered.

    `limit` is the range where all models share it; None where `data/models.json` gives each model's own, or
    where there is none. `step` is a slider's. `control` says whether the playground shows it at once, folded
    away, or not; `swept`, whether a sweep takes several values of it; `saved`, whether the file of a chosen
    setting may hold it.
    """

    name: str
    kind: Literal["number", "whole number", "texts"]
    limit: Limit | None = None
    step: float = 1
    apis: tuple[str, ...] = GENERATING_APIS
    control: Literal["shown", "folded", "none"] = "none"
    swept: bool = False
    saved: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether it takes whole numbers only."""
        return self.kind == "whole number"

    @property
    def is_number(self) -> bool:
        """Whether it takes a number, whole or not."""
        return self.kind != "texts"

    def read(self, value: float, limit: Limit, name: str = "") -> float:
        """Return `value` as an int or float, as the setting takes it; raise BadInput if it does not fit.

        `name` stands in for the setting's own in the error.
        """
        limit.check(name or self.name, value)
        if self.is_whole and value != int(value):
            raise BadInput(f"{name or self.name} is {value!r}; it takes a whole number.")
        return int(value) if self.is_whole else float(value)


# In the order in which they are shown. Ranges: Cohere's OpenAPI for /v1/generate and /v1/chat, as of
# 2026-11-22; of frequency_penalty only chat's is published, and taken for generate as well (not established).
SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("temperature", "number", step=0.05, control="shown", swept=True),
        Setting("max_tokens", "whole number", control="shown", swept=True),
        Setting("k", "whole number", Limit(0, 500, 0), control="folded", swept=True),
        Setting("p", "number", Limit(0.01, 0.99, 0.75), step=0.01, control="shown", swept=True),
        Setting("frequency_penalty", "number", Limit(0.0, 1.0, 0.0), step=0.05),
        Setting("presence_penalty", "number", Limit(0.0, 1.0, 0.0), step=0.05),
        Setting("stop_sequences", "texts", control="folded"),
        Setting("num_generations", "whole number", Limit(1, 5, 1), apis=GENERATE_API, saved=False),
        Setting("seed", "whole number", apis=CHAT_APIS, saved=False),
    )
}
# What a sweep varies; max_tokens only cuts a text off, the others need a new answer for each value.
SWEPT = tuple(name for name, setting in SETTINGS.items() if setting.swept)
DRAWN_BY = tuple(name for name in SWEPT if name != "max_tokens")


def shared_limits(api: str) -> dict[str, Limit]:
    """Return the ranges that all models of an API share, by setting."""
    return {
        name: setting.limit for name, setting in SETTINGS.items() if setting.limit and api in setting.apis
    }


# For a package that the catalogue lacks. Temperature: Cohere's OpenAPI. max_tokens: what Command, Command R
# and Command A (8k) take by Cohere's table of models, of 2026-08-20; the package itself may take less.
_MAX_TOKENS = {"generate": Limit(1, 4096, 20), "chat-v1": Limit(1, 4096, 400), "chat-v2": Limit(1, 8192, 400)}


def package_limits(api: str) -> dict[str, Limit]:
    """Return the ranges to assume for a package of that API of which nothing else is known, by setting."""
    temperature = Limit(0, 1, 0.3) if api in CHAT_APIS else Limit(0, 5, 1.0)
    return shared_limits(api) | {"max_tokens": _MAX_TOKENS[api], "temperature": temperature}
