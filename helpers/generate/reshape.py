"""The next token's probabilities after temperature, k and p, and where they can't be known.

The order is the sandbox's: the k likeliest, of these the likeliest that make up p (with the one that reaches
it), then temperature. Cohere documents that p acts after k, and that temperature 0 takes the likeliest token
(docs.cohere.com, advanced-generation-hyperparameters and temperature); where temperature comes in, and
whether the token that reaches p is kept, is not established.

Every probability is given as bounds that hold whatever the unseen tokens are. They differ by the API's
rounding alone where it is certain which tokens can be drawn, and that all of these were seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from math import exp, inf, log

from .next_token import FLOAT, Sampling, Seen, most_above, surely_above

NEARLY = 0.9  # bars are shown where at least this share of all draws is accounted for


@dataclass(frozen=True)
class Reshaped:
    """A token's probability at a setting: `low` to `high`; `kept`: k and p leave it (None: not known)."""

    low: float
    high: float
    kept: bool | None

    @property
    def probability(self) -> float:
        """The middle of the bounds."""
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class Reshaping:
    """The seen tokens at a setting, in their order.

    `is_known`: all tokens that can be drawn are known, so the bounds differ by the API's rounding alone.
    """

    tokens: tuple[Reshaped, ...]
    is_known: bool

    @property
    def is_nearly_known(self) -> bool:
        """Whether at least nine in ten draws are accounted for, so that the bounds are at most 0.1 apart."""
        return sum(each.low for each in self.tokens) >= NEARLY


def reshape(seen: Sequence[Seen], setting: Sampling) -> Reshaping:
    """Return the probabilities of `seen` (largest `low` first) after temperature, k and p are applied."""
    if not seen:
        return Reshaping((), False)
    known = _known(tuple(seen))
    return known.greedy() if setting.temperature == 0 else known.drawn(setting)


@dataclass(frozen=True)
class _Known:
    """What is certain of the seen tokens and of the unseen ones, whatever the setting."""

    seen: tuple[Seen, ...]

    @cached_property
    def unseen_above(self) -> list[int]:
        """For each token how many unseen ones can be likelier at most."""
        return most_above(self.seen)

    @cached_property
    def surely_above(self) -> list[int]:
        """For each token how many seen ones are surely likelier: the first ones, as these are sorted."""
        return surely_above(self.seen)

    @cached_property
    def maybe_above(self) -> list[list[int]]:
        """For each token the seen ones that may be likelier, or as likely."""
        return [
            [n for n, other in enumerate(self.seen) if n != own and other.high >= each.low]
            for own, each in enumerate(self.seen)
        ]

    @cached_property
    def mass(self) -> list[float]:
        """The least that the first 0, 1, 2 ... tokens have together."""
        return [0.0, *accumulate(each.low for each in self.seen)]

    @cached_property
    def unseen(self) -> float:
        """The most that all unseen tokens have together."""
        return max(0.0, 1 - self.mass[-1])

    @cached_property
    def largest_unseen(self) -> float:
        """The most that a single unseen token can have."""
        certain = [each.high for each, most in zip(self.seen, self.unseen_above, strict=True) if not most]
        return min([self.unseen, *certain])

    def greedy(self) -> Reshaping:
        """Return the bounds at temperature 0: the likeliest token has 1, if it is certain which that is."""
        if not self.maybe_above[0] and not self.unseen_above[0]:
            rest = (Reshaped(0.0, 0.0, False) for _ in self.seen[1:])
            return Reshaping((Reshaped(1.0, 1.0, True), *rest), True)
        return Reshaping(
            tuple(
                Reshaped(0.0, 0.0, False) if above else Reshaped(0.0, 1.0, None)
                for above in self.surely_above
            ),
            False,
        )

    def drawn(self, setting: Sampling) -> Reshaping:
        """Return the bounds at any other temperature."""
        unseen_in_k = self._unseen_in(setting.k)
        low, high = (setting.p * mass for mass in self._mass_of(setting.k, unseen_in_k))
        kept = [
            True if self._was_drawn(n, setting) else self._is_kept(n, setting.k, low - FLOAT, high + FLOAT)
            for n in range(len(self.seen))
        ]
        unseen = min(unseen_in_k, self._unseen_before(high + FLOAT))
        rest = self._unseen_weight(setting.temperature, unseen, kept, high)
        return Reshaping(self._bounds(setting.temperature, kept, rest), not unseen and None not in kept)

    def _unseen_in(self, k: int) -> float:
        """Return how many unseen tokens can be among the k likeliest at most."""
        if not k:
            return inf
        certain = sum(1 for most in self.unseen_above if not most)
        return max(0, min(k - certain, max(*self.unseen_above[:k], k - len(self.seen))))

    def _mass_of(self, k: int, unseen: float) -> tuple[float, float]:
        """Return the least and the most that the k likeliest tokens have together."""
        if not k:
            return 1.0, 1.0
        most = sum(sorted((each.high for each in self.seen), reverse=True)[:k])
        most += min(self.unseen, unseen * self.largest_unseen)
        return self.mass[min(k, len(self.seen))], min(1.0, most)

    def _was_drawn(self, n: int, setting: Sampling) -> bool:
        """Return whether a token was drawn at a `p` no larger than this one, and this setting has no k."""
        return not setting.k and self.seen[n].reach <= setting.p

    def _is_kept(self, n: int, k: int, low: float, high: float) -> bool | None:
        """Return whether the mass before a token is under the mass to reach, between low and high."""
        first, maybe, unseen = self.surely_above[n], self.maybe_above[n], self.unseen_above[n]
        if (k and first >= k) or self.mass[first] >= high:
            return False
        before = sum(self.seen[each].high for each in maybe) + (self.unseen if unseen else 0.0)
        is_first = not maybe and not unseen
        sure = (not k or len(maybe) + unseen + 1 <= k) and (is_first or before < low)
        return True if sure else None

    def _unseen_before(self, reached: float) -> float:
        """Return how many unseen tokens can come before the mass to reach, `reached`, is made up."""
        for n, mass in enumerate(self.mass):
            if mass >= reached:
                return max(self.unseen_above[:n], default=0)
        return inf

    def _unseen_weight(
        self, temperature: float, count: float, kept: Sequence[bool | None], reached: float
    ) -> float:
        """Return the most that unseen tokens weigh in a draw, where the likeliest seen one weighs 1."""
        if not count or not self.unseen:
            return 0.0
        sure = [each for each, is_kept in zip(self.seen, kept, strict=True) if is_kept]
        mass = self.unseen
        if sure:  # all that is kept but its last token is less than the mass to reach
            over = min(each.high for each in sure)
            mass = min(mass, max(0.0, reached + FLOAT - sum(each.low for each in sure) + over))
        unit, largest = self.seen[0].high, min(self.largest_unseen, mass)
        if not largest:
            return 0.0
        mass = min(mass, count * largest)
        if temperature <= 1:  # the fewer tokens share it, the more it weighs
            return mass / unit * _power(largest / unit, 1 / temperature - 1)
        if count == inf:
            return inf
        return count * _power(min(mass / count, largest) / unit, 1 / temperature)

    def _bounds(self, temperature: float, kept: Sequence[bool | None], rest: float) -> tuple[Reshaped, ...]:
        unit, exponent = self.seen[0].high, 1 / temperature
        lows = [_power(each.low / unit, exponent) for each in self.seen]
        highs = [_power(each.high / unit, exponent) for each in self.seen]
        maybe = rest + sum(high for high, is_kept in zip(highs, kept, strict=True) if is_kept is not False)
        ends = [
            (
                _share(low, maybe - high, 0.0) if is_kept else 0.0,
                _share(high, self._others(n, lows, kept), 1.0),
            )
            for n, (low, high, is_kept) in enumerate(zip(lows, highs, kept, strict=True))
        ]
        all_low = sum(low for low, _ in ends)
        return tuple(
            Reshaped(0.0, 0.0, False)
            if is_kept is False
            else Reshaped(low, max(low, min(high, 1 - all_low + low)), is_kept)
            for (low, high), is_kept in zip(ends, kept, strict=True)
        )

    def _others(self, n: int, weights: Sequence[float], kept: Sequence[bool | None]) -> float:
        """Return the least the others weigh if this token is kept: all likelier ones are kept as well."""
        surely = sum(weight for m, weight in enumerate(weights) if kept[m] and m != n)
        return max(surely, sum(weights[: self.surely_above[n]]))


@lru_cache(maxsize=8)
def _known(seen: tuple[Seen, ...]) -> _Known:
    """Return what all settings share, kept for when a slider moves."""
    return _Known(seen)


def _power(base: float, exponent: float) -> float:
    """Return the power; infinity where a float can't hold it."""
    if base <= 0:
        return 0.0 if exponent else 1.0
    size = exponent * log(base)
    return exp(size) if size < 700 else inf


def _share(own: float, others: float, otherwise: float) -> float:
    if others == inf:
        return 0.0
    total = own + max(others, 0.0)
    return own / total if total > 0 else otherwise
