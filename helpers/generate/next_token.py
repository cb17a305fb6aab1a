"""What Cohere's API reveals of the next token: many answers of one token, and what follows from them.

An answer has only the drawn token's likelihood, so a token's probability is known once it has been drawn.
The unseen tokens together have what is left of 1, and a token that was drawn with `k` is among the k
likeliest. Nothing else is guessed (`reshape`).
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import exp, inf, sqrt
from typing import TYPE_CHECKING

from ..errors import BadInput

if TYPE_CHECKING:
    from .client import Client
    from .types import Generation

# Half of a log-likelihood's last decimal: the only published answer of Cohere's container has three
# (cohere-ai/cohere-aws@ab4a24f:examples/sample_output.json). The sandbox gives more.
ROUNDING = 0.0005
SAME = 0.05  # two log-likelihoods that differ by more belong to two tokens, or to two settings
MOST_ANSWERS = 100  # of one `look`: a fast endpoint could give any number in its seconds
AHEAD = 5  # `look` draws from this many ranks beyond those that are certain
FLOAT = 2e-6  # tolerance: a sampler adds probabilities in single precision
TOO_MUCH = 1.05  # sums above it show that the likelihoods are not those before temperature, k and p


@dataclass(frozen=True)
class Sampling:
    """The settings a token is drawn by: among the `k` likeliest (0: all), of these the likeliest that make
    up `p`, then by `temperature` (0: always the likeliest).
    """

    temperature: float
    k: int
    p: float


@dataclass(frozen=True)
class Draw:
    """One token that the model drew: its text, and its log-likelihood (None: the API gave none).

    The end of the text has neither text nor likelihood.
    """

    token: str
    likelihood: float | None
    setting: Sampling


@dataclass(frozen=True)
class Seen:
    """A token whose probability is known, up to the API's rounding: between `low` and `high`.

    It is among the `within` likeliest tokens (None: not known), and the likelier ones have less than
    `reach` together: the smallest k and p that it was drawn with.
    """

    token: str
    low: float
    high: float
    within: int | None = None
    reach: float = 1.0

    @property
    def probability(self) -> float:
        """The probability that the model gives it, before temperature, k and p."""
        return min(sqrt(self.low * self.high), 1.0)


@dataclass(frozen=True)
class NextToken:
    """All draws of the token that follows one prompt."""

    prompt: str
    draws: tuple[Draw, ...] = ()

    def plus(self, draws: Iterable[Draw]) -> "NextToken":
        """Return these draws and more; raise BadInput if they contradict each other."""
        return NextToken(self.prompt, (*self.draws, *draws)).checked()

    def checked(self) -> "NextToken":
        """Return self; raise BadInput if the likelihoods can't all be those before temperature, k and p."""
        varied = [values for values in self._values.values() if len({each.setting for each in values}) > 1]
        contradicting = sum(1 for values in varied if not _one_token(values))
        if contradicting * 2 > len(varied) or sum(each.low for each in self.seen) > TOO_MUCH:
            raise BadInput(
                "This model's likelihoods change with temperature, k and p, so what they were before can't "
                "be told, and they can't be reshaped. Count answers instead: helpers.playground.beginnings."
            )
        return self

    @cached_property
    def seen(self) -> tuple[Seen, ...]:
        """The tokens whose probabilities are known, the likeliest first."""
        told = (_seen(token, draws) for token, draws in self._values.items() if _one_token(draws))
        return tuple(sorted(told, key=lambda each: -each.low))

    @property
    def unseen(self) -> float:
        """The probability of all tokens that nobody has seen, together."""
        return max(0.0, 1 - sum(each.probability for each in self.seen))

    @cached_property
    def _values(self) -> dict[str, list[Draw]]:
        """The draws by token, without those that have no text: the end, or a part of a character."""
        found: dict[str, list[Draw]] = defaultdict(list)
        for each in self.draws:
            if each.likelihood is not None and each.token and "\ufffd" not in each.token:
                found[each.token].append(each)
        return found


def look(
    client: "Client",
    known: NextToken,
    setting: Sampling,
    *,
    seconds: float = 1.5,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[NextToken]:
    """Ask for answers of one token until `seconds` have passed; yield what is known after each request.

    It asks at the highest temperature, where all tokens that k and p leave are about as likely: by the k and
    p of `setting`, which show what can be drawn there, and by k alone, which makes ranks certain. It sends at
    least two requests, for at most MOST_ANSWERS answers. Raises BadInput before anything is sent, for a
    model without likelihoods.
    """
    check(client)
    times, end, asked = most_at_once(client), clock() + seconds, 0
    while asked < 2 * times or (clock() < end and asked < MOST_ANSWERS):
        chosen = _next_setting(client, known, setting, asked // times)
        known = known.plus(draw(client, known.prompt, chosen, times))
        yield known
        asked += times
        if _certain_mass(known) >= client.limits["p"].high:  # p cuts the rest off at any setting
            break


def draw(client: "Client", prompt: str, setting: Sampling, times: int) -> tuple[Draw, ...]:
    """Have the model draw the next token `times` times and return the draws; each is a real answer."""
    most, drawn = most_at_once(client), list[Draw]()
    while len(drawn) < times:
        response = client.generate(
            prompt,
            max_tokens=1,
            temperature=setting.temperature,
            k=setting.k,
            p=setting.p,
            num_generations=min(most, times - len(drawn)),
            likelihoods="GENERATION",
        )
        drawn += [_drawn(each, setting) for each in response.generations]
    return tuple(drawn)


def check(client: "Client") -> None:
    """Raise BadInput for a model whose API gives no likelihoods."""
    if not client.supports("likelihoods"):
        raise BadInput(
            f"{client.model.name} gives no likelihoods, so how likely its next tokens are can't be told. "
            "Count what its answers begin with: helpers.playground.beginnings."
        )


def most_at_once(client: "Client") -> int:
    """Return how many answers one request can bring."""
    limit = client.limits.get("num_generations")
    return 1 if limit is None else int(limit.high)


def _next_setting(client: "Client", known: NextToken, setting: Sampling, turn: int) -> Sampling:
    limits = client.limits
    hottest = limits["temperature"].high
    if turn % 2:
        return Sampling(hottest, setting.k, setting.p)
    k = min(certain(known.seen) + AHEAD, int(limits["k"].high))
    return Sampling(hottest, k, limits["p"].high)


def _certain_mass(known: NextToken) -> float:
    return sum(each.low for each in known.seen[: certain(known.seen)])


def certain(seen: Sequence[Seen]) -> int:
    """Count the first tokens of `seen` that no unseen token can be likelier than."""
    above = most_above(seen)
    return next((n for n, most in enumerate(above) if most), len(above))


def most_above(seen: Sequence[Seen]) -> list[int]:
    """Return for each token (largest `low` first) how many unseen ones can be likelier at most.

    Each of those has at least the token's own probability; all unseen ones together have what is left of 1;
    and `within` and `reach` bound all likelier tokens, of which the seen ones take their part.
    """
    before = [0.0, *accumulate(each.low for each in seen)]
    left = max(0.0, 1 - before[-1])
    bounds = []
    for each, surely in zip(seen, surely_above(seen), strict=True):
        mass = min(left, max(0.0, each.reach + FLOAT - before[surely]))
        ranks = inf if each.within is None else max(0, each.within - 1 - surely)
        bounds.append(min(ranks, int(mass / each.low + 1e-9)))
    # what is above a token is also above those that are surely less likely
    return [
        int(min([own, *(bound for other, bound in zip(seen, bounds, strict=True) if other.high < each.low)]))
        for own, each in zip(bounds, seen, strict=True)
    ]


def surely_above(seen: Sequence[Seen]) -> list[int]:
    """Return for each token how many seen ones are likelier in spite of rounding."""
    return [sum(1 for other in seen if other.low > each.high) for each in seen]


def _drawn(generation: "Generation", setting: Sampling) -> Draw:
    listed = generation.token_likelihoods
    return Draw(listed[0].token, listed[0].likelihood, setting) if listed else Draw("", None, setting)


def _likelihoods(draws: Sequence[Draw]) -> list[float]:
    return [each.likelihood for each in draws if each.likelihood is not None]


def _one_token(draws: Sequence[Draw]) -> bool:
    likelihoods = _likelihoods(draws)
    return max(likelihoods) - min(likelihoods) <= SAME


def _seen(token: str, draws: Sequence[Draw]) -> Seen:
    likelihoods = _likelihoods(draws)
    ks = [1 if each.setting.temperature == 0 else each.setting.k for each in draws]
    return Seen(
        token,
        exp(min(likelihoods) - ROUNDING),
        exp(max(likelihoods) + ROUNDING),
        min((k for k in ks if k), default=None),
        min(each.setting.p for each in draws),
    )
