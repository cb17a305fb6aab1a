"""The plan of a sweep: every combination from the fewest requests, checked before any is sent."""

import hashlib
import json
import operator
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from ..catalog.settings import DRAWN_BY, SETTINGS, SWEPT
from ..errors import BadInput

if TYPE_CHECKING:
    from ..generate.client import Client

Key = tuple[str | float, ...]
KEY_NAMES = ("prompt_id", *DRAWN_BY, "repetition", "max_tokens")


@dataclass(frozen=True)
class Request:
    """One request to the endpoint, and the limits (`max_tokens`) that its answer is for.

    `drawn` are the values of DRAWN_BY, the settings that need a new answer for each value, in its order.
    """

    prompt_id: str
    prompt: str
    drawn: tuple[float, ...]
    repetition: int
    max_tokens: int
    limits: tuple[int, ...]

    @property
    def key(self) -> Key:
        """The values that identify the request within its plan."""
        return (self.prompt_id, *self.drawn, self.repetition, self.max_tokens)

    @property
    def drawn_by(self) -> dict[str, Any]:
        """The values of `drawn` by their names."""
        return dict(zip(DRAWN_BY, self.drawn, strict=True))

    def at(self, limit: int) -> "Request":
        """Return the same request for one limit only."""
        return replace(self, max_tokens=limit, limits=(limit,))


@dataclass(frozen=True)
class Plan:
    """What a sweep asks for. `drawn`: the values to try of each setting of DRAWN_BY, in its order.

    `cuts`: the shorter limits are cut from the answer at the largest.
    """

    model_id: str
    prompts: tuple[tuple[str, str], ...]
    drawn: tuple[tuple[float, ...], ...]
    max_tokens: tuple[int, ...]
    repetitions: int
    seed: int | None
    cuts: bool

    @cached_property
    def requests(self) -> tuple[Request, ...]:
        """The fewest requests that give every combination."""
        groups = [self.max_tokens] if self.cuts else [(limit,) for limit in self.max_tokens]
        everything = product(self.prompts, product(*self.drawn), range(1, self.repetitions + 1), groups)
        return tuple(
            Request(*prompt, drawn, repetition, max(limits), limits)
            for prompt, drawn, repetition, limits in everything
        )

    @property
    def combinations(self) -> int:
        """How many rows the table gets, repetitions included."""
        return sum(len(request.limits) for request in self.requests)

    @property
    def max_tokens_total(self) -> int:
        """The most tokens that the requests can generate together."""
        return sum(request.max_tokens for request in self.requests)

    @property
    def fingerprint(self) -> str:
        """A hash of the plan that does not depend on the endpoint's name."""
        return hashlib.sha256(json.dumps(self._record, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def header(self) -> dict[str, Any]:
        """The first record of the run's journal."""
        header: dict[str, Any] = {"fingerprint": self.fingerprint, "plan": self._record}
        as_read: dict[str, Any] = json.loads(json.dumps(header))
        return as_read

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> "Plan":
        """Return the plan of a run's journal, from its first record."""
        fields: dict[str, Any] = {
            n: tuple(v) if isinstance(v, list) else v for n, v in header["plan"].items()
        }
        fields["prompts"] = tuple((name, text) for name, text in fields["prompts"])
        fields["drawn"] = tuple(fields.pop(name) for name in DRAWN_BY)
        return cls(**fields)

    def describe(self, *, usd_per_hour: float | None = None, tokens_per_second: float | None = None) -> str:
        """Say how many requests and at most how many tokens; with a pace (`sweep.pace`), time and price."""
        lines = [
            f"{self.combinations} combinations from {len(self.requests)} requests.",
            f"At most {self.max_tokens_total:,} tokens; one request a combination: {self._naive_tokens:,}.",
        ]
        if not self.cuts and len(self.max_tokens) > 1:
            lines.insert(1, "This API does not list tokens, so each limit is asked for separately.")
        if tokens_per_second is None:
            return "\n".join(lines)
        minutes = self.max_tokens_total / tokens_per_second / 60
        lines.append(f"At most {max(1, round(minutes))} min at {tokens_per_second:.0f} tokens a second.")
        if usd_per_hour is not None:
            lines.append(
                f"At most ${minutes / 60 * usd_per_hour:,.2f} for that time at ${usd_per_hour:,.2f} an hour "
                "(the endpoint bills until it is deleted, busy or not)."
            )
        return "\n".join(lines)

    @property
    def _record(self) -> dict[str, Any]:
        fields = asdict(self)
        drawn = fields.pop("drawn")
        return {**fields, **dict(zip(DRAWN_BY, drawn, strict=True))}

    @property
    def _naive_tokens(self) -> int:
        return sum(sum(request.limits) for request in self.requests)


def plan(
    client: "Client",
    prompts: str | Iterable[str] | Mapping[str, str],
    *,
    repetitions: int = 1,
    seed: int | None = None,
    **settings: float | Iterable[float] | None,
) -> Plan:
    """Plan every combination of the settings `temperature`, `max_tokens`, `k` and `p`.

    Each is one value, several, or None (the model's default). `seed` makes a run repeatable where the API has
    seeds (repetition n takes seed + n - 1). Raises BadInput for any value out of the model's range; nothing
    is sent.
    """
    if unknown := sorted(set(settings) - set(SWEPT)):
        raise BadInput(f"A sweep varies {', '.join(SWEPT)}, and no {', '.join(unknown)}.")
    if seed is not None and not client.supports("seed"):
        raise BadInput(f"{client.model.name} takes no seed; leave it out.")
    values = {name: _values(client, name, settings.get(name)) for name in SWEPT}
    return Plan(
        model_id=client.model.id,
        prompts=_prompts(prompts),
        drawn=tuple(values[name] for name in DRAWN_BY),
        max_tokens=tuple(sorted(values["max_tokens"])),
        repetitions=_repetitions(repetitions),
        seed=seed,
        cuts=client.supports("likelihoods"),
    )


def _values(client: "Client", name: str, given: Any) -> tuple[Any, ...]:
    setting, limit = SETTINGS[name], client.limits[name]
    if given is None:
        given = limit.default
    values = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    if not values:
        raise BadInput(f"{name} has no value to try.")
    plain = [value.item() if hasattr(value, "item") else value for value in values]  # numpy's numbers
    return tuple(dict.fromkeys(setting.read(value, limit) for value in plain))


def _repetitions(value: int) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        count = 0
    if count < 1 or isinstance(value, bool):
        raise BadInput(f"repetitions is {value!r}; it takes a whole number from 1.")
    return count


def _prompts(given: str | Iterable[str] | Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    if isinstance(given, str):
        given = [given]
    named = (
        dict(given)
        if isinstance(given, Mapping)
        else {f"prompt {n}": text for n, text in enumerate(given, 1)}
    )
    for name, text in named.items():
        if not isinstance(text, str) or not text.strip():
            raise BadInput(f"Prompt {name!r} is empty.")
    if not named:
        raise BadInput("There is no prompt to sweep over.")
    return tuple(named.items())
