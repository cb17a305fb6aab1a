"""The likelihood of a given text.

llama.cpp's server reports likelihoods only of tokens that it writes, so it is made to write the given ones.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from .llama import Chunk, EngineError, Llama

_FORCED = 1000.0  # added to the token's logit when drawing; the reported likelihood is without it
_WHOLE_VOCABULARY = 1 << 20  # more than any model has


def score(
    llama: Llama, slot: int, tokens: Sequence[int], start: int, cancelled: threading.Event
) -> list[float | None]:
    """Return the log-likelihood of each token from index `start`, given all before it.

    One step a token, as the slot's cache has the others; a token that ends inside a character takes 0.5 s
    more. None where llama.cpp reports none. Raises EngineError when `cancelled` is set.
    """
    plain = llama.tokenize(".")[0][0]
    scores: list[float | None] = []
    for index in range(start, len(tokens)):
        if cancelled.is_set():
            raise EngineError("The request was cancelled.")
        before, token = tokens[:index], tokens[index]
        likelihoods = _step(llama, slot, before, token, 1)
        if token not in likelihoods:  # part of a character, which llama.cpp does not report
            likelihoods = _step(llama, slot, before, plain, _WHOLE_VOCABULARY)
        scores.append(likelihoods.get(token))
    return scores


def _step(llama: Llama, slot: int, before: Sequence[int], forced: int, alternatives: int) -> dict[int, float]:
    """Make the model write `forced`; return its log-likelihood and those of the likeliest alternatives."""
    chunks: list[Chunk] = []
    body: dict[str, Any] = {"prompt": list(before), "max_tokens": 1, "temperature": 0}
    body |= {"logprobs": alternatives, "logit_bias": [[forced, _FORCED]], "samplers": ["temperature"]}
    llama.complete({**body, "cache_prompt": True, "stream": True, "id_slot": slot}, _collect(chunks))
    for chunk in chunks:
        if "error" in chunk:
            raise EngineError(f"llama.cpp refused: {chunk['error'].get('message', chunk['error'])}")
    logprobs = [chunk["choices"][0]["logprobs"] or {"content": []} for chunk in chunks]
    entries = [entry for each in logprobs for entry in each["content"]]
    return {each["id"]: each["logprob"] for entry in entries for each in (entry, *entry["top_logprobs"])}


def _collect(chunks: list[Chunk]) -> Callable[[Chunk], bool]:
    def collect(chunk: Chunk) -> bool:
        chunks.append(chunk)
        return False

    return collect
