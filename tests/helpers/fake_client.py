"""A client that answers from arithmetic: the same request always gets the same text, token by token."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from helpers import catalog
from helpers.errors import StreamBroken
from helpers.generate.types import Generation, Response, TokenLikelihood

WORDS = ("the", " quick", " garden", " is", "\n\n", " café", " 😀", ".", " ", " <b>", " naïve", " t", "erm")


def written(prompt: str, temperature: float, longest: int) -> list[str]:
    """All tokens of the text that ends by itself; of a length that differs from one request to another."""
    draw = random.Random(f"{prompt}/{temperature}")
    return [draw.choice(WORDS) for _ in range(draw.randint(1, longest))]


class FakeStream:
    """Yields an answer's tokens like `generate.stream.Stream`; with `breaks`, it breaks before the last."""

    def __init__(
        self,
        response: Response,
        tokens: list[str],
        *,
        breaks: bool = False,
        between: Callable[[], object] = lambda: None,
    ) -> None:
        self._whole, self._tokens, self._breaks, self._between = response, tokens, breaks, between
        self.response: Response | None = None

    def __enter__(self) -> "FakeStream":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[str]:
        for token in self._tokens[: -1 if self._breaks else None]:
            yield token
            self._between()
        if self._breaks:
            raise StreamBroken("broken", partial_text="".join(self._tokens[:-1]))
        self.response = self._whole


class FakeClient:
    """Answers like `generate.client.Client`; `before` gets each request's key and may sleep or raise.

    `between` is called after each token of a stream, while the stream is under way.
    `streams`: "listing" tokens and likelihoods at their end, "bare" (text alone), or "none": they fail.
    """

    def __init__(
        self,
        model_id: str = "cohere-medium",
        *,
        longest: int = 12,
        streams: str = "listing",
        before: Callable[[tuple[Any, ...]], object] = lambda key: None,
        between: Callable[[], object] = lambda: None,
    ) -> None:
        self.model = catalog.model(model_id)
        self.limits = self.model.limits
        self.longest, self.before, self.between, self.streams = longest, before, between, streams
        self.probed = self.streamed = self.breaking = 0
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

    def stream(self, prompt: str, *, likelihoods: str = "NONE", **settings: Any) -> FakeStream:
        """Stream what `generate` answers; the first `breaking` streams break."""
        listed = likelihoods == "GENERATION" and self.streams == "listing"
        if self.streams == "none":
            raise StreamBroken("no stream", partial_text="")
        if "temperature" not in settings:  # the one token that shows what a stream brings
            self.probed += 1
            return FakeStream(self.answer(prompt, 0, settings["max_tokens"], listed=listed), ["a"])
        response = self.generate(prompt, likelihoods=likelihoods if listed else "NONE", **settings)
        with self._lock:
            self.streamed += 1
            self.breaking -= 1
            breaks = self.breaking >= 0
        tokens = written(prompt, settings["temperature"], self.longest)[: settings["max_tokens"]]
        return FakeStream(response, tokens, breaks=breaks, between=self.between)

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
