"""A client that answers from arithmetic: the same request always gets the same text, token by token."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from helpers import catalog
from helpers.generate.types import Generation, Response, TokenLikelihood

WORDS = ("the", " quick", " garden", " is", "\n\n", " café", " 😀", ".", " ", " <b>", " naïve", " t", "erm")


def written(prompt: str, temperature: float, longest: int) -> list[str]:
    """All tokens of the text that ends by itself; of a length that differs from one request to another."""
    draw = random.Random(f"{prompt}/{temperature}")
    return [draw.choice(WORDS) for _ in range(draw.randint(1, longest))]


class FakeClient:
    """Answers like `generate.client.Client`; `before` gets each request's key and may sleep or raise."""

    def __init__(
        self,
        model_id: str = "cohere-medium",
        *,
        longest: int = 12,
        before: Callable[[tuple[Any, ...]], object] = lambda key: None,
    ) -> None:
        self.model = catalog.model(model_id)
        self.limits = self.model.limits
        self.longest, self.before = longest, before
        self.asked: Counter[tuple[Any, ...]] = Counter()
        self.most_at_once = self._at_once = 0
        self._lock = threading.Lock()

    def without_retries(self) -> "FakeClient":
        return self

    def supports(self, feature: str) -> bool:
        return feature in (("likelihoods",) if self.model.api == "generate" else ("seed", "chat"))

    def generate(self, prompt: str, *, likelihoods: str = "NONE", **settings: Any) -> Response:
        key = (prompt, settings["temperature"], settings["max_tokens"])
        with self._lock:
            self.asked[key] += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        started = time.perf_counter()
        try:
            self.before(key)
        finally:
            with self._lock:
                self._at_once -= 1
        return self.answer(*key, listed=likelihoods == "GENERATION", seconds=time.perf_counter() - started)

    def answer(
        self, prompt: str, temperature: float, max_tokens: int, *, listed: bool, seconds: float = 0.0
    ) -> Response:
        tokens = written(prompt, temperature, self.longest)
        kept = tokens[:max_tokens]
        likely = [-len(token) / (n + 1) for n, token in enumerate(kept)]
        generation = Generation(
            text="".join(kept),
            finish_reason="COMPLETE" if len(tokens) < max_tokens else "MAX_TOKENS",
            likelihood=sum(likely) / len(likely) if listed else None,
            token_likelihoods=tuple(map(TokenLikelihood, kept, likely)) if listed else (),
        )
        return Response((generation,), response_tokens=None if listed else len(kept), latency_seconds=seconds)
