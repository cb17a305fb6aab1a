"""A sampler that knows every token, as the API is documented: what estimates are held against."""

import random
from collections.abc import Mapping, Sequence
from math import log
from types import SimpleNamespace
from typing import Any

from helpers import catalog
from helpers.generate.next_token import Sampling
from helpers.generate.types import Generation, Response, TokenLikelihood


def reshaped(probabilities: Mapping[str, float], setting: Sampling) -> dict[str, float]:
    """What each token is drawn with: the k likeliest, of these those that make up p, then temperature."""
    ranked = sorted(probabilities, key=lambda token: -probabilities[token])
    if setting.temperature == 0:
        return {token: float(token == ranked[0]) for token in ranked}
    ranked = ranked[: setting.k or None]
    whole, before, kept = sum(probabilities[token] for token in ranked), 0.0, []
    for token in ranked:
        if before >= setting.p * whole:
            break
        kept.append(token)
        before += probabilities[token]
    weights = {
        token: (probabilities[token] / probabilities[kept[0]]) ** (1 / setting.temperature) for token in kept
    }
    total = sum(weights.values())
    return {token: weights.get(token, 0.0) / total for token in probabilities}


class Sampler:
    """Answers like `generate.client.Client` with tokens drawn from the distributions given, one a step."""

    def __init__(
        self,
        *steps: Mapping[str, float],
        model_id: str = "cohere-medium",
        seed: int = 1,
        after_settings: bool = False,
    ) -> None:
        self.steps, self.after_settings = steps, after_settings
        self.model = catalog.model(model_id)
        self.limits = self.model.limits
        self.session = SimpleNamespace(writer="a <sampler>", spends_money=False)
        self.asked: list[dict[str, Any]] = []
        self._random = random.Random(seed)

    def supports(self, feature: str) -> bool:
        has = ("likelihoods", "num_generations") if self.model.api == "generate" else ("seed", "chat")
        return feature in has

    def generate(self, prompt: str, *, likelihoods: str = "NONE", **settings: Any) -> Response:
        self.asked.append({"prompt": prompt, "likelihoods": likelihoods, **settings})
        times = settings.get("num_generations")
        assert times is None or self.supports("num_generations")
        return Response(tuple(self._answer(settings, likelihoods) for _ in range(times or 1)))

    def _answer(self, settings: Mapping[str, Any], likelihoods: str) -> Generation:
        default = {name: limit.default for name, limit in self.limits.items()}
        chosen = {name: settings.get(name, default.get(name)) for name in ("temperature", "k", "p")}
        setting = Sampling(chosen["temperature"], int(chosen["k"] or 0), chosen["p"] or 0.75)
        drawn = [self._step(step, setting) for step in self.steps[: settings["max_tokens"]]]
        listed = tuple(drawn) if likelihoods == "GENERATION" else ()
        return Generation("".join(each.token for each in drawn), "MAX_TOKENS", None, listed)

    def _step(self, step: Mapping[str, float], setting: Sampling) -> TokenLikelihood:
        shares = reshaped(step, setting)
        token = self._random.choices(list(shares), list(shares.values()))[0]
        told = shares[token] if self.after_settings else step[token]
        return TokenLikelihood(token, rounded(told))


def rounded(probability: float) -> float:
    """A log-likelihood with three decimals, as in the one published answer of a container."""
    return round(log(probability), 3)


def from_weights(weights: Sequence[float]) -> dict[str, float]:
    """A distribution of as many tokens as there are weights."""
    total = sum(weights)
    return {f" t{n}": weight / total for n, weight in enumerate(weights)}
