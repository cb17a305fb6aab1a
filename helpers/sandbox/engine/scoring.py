"""How likely a given text is to the model: llama.cpp's server tells it for written tokens only, so we make it
write the given ones.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from .llama import Chunk, EngineError, Llama

_FORCED = 1000.0  # added to the token's logit for the draw; what is reported is without it
_WHOLE_VOCABULARY = 1 << 20  # more than any model has


def score(
    llama: Llama, slot: int, tokens: Sequence[int], start: int, cancelled: threading.Event
) -> list[float | None]:
    """The log-likelihood of each token from `start` on, given all before it; stops when `cancelled`.

    One step each: with the slot's cache only the newest token is computed. A token that ends inside a
    character takes half a second more. None: llama.cpp does not tell.
    """
    plain = llama.tokenize(".")[0][0]
    found: list[float | None] = []
    for index in range(start, len(tokens)):
        if cancelled.is_set():
            raise EngineError("The request was cancelled.")
        before, token = tokens[:index], tokens[index]
        likelihoods = _step(llama, slot, before, token, 1)
        if token not in likelihoods:  # llama.cpp waits for the rest of a character before it reports
            likelihoods = _step(llama, slot, before, plain, _WHOLE_VOCABULARY)
        found.append(likelihoods.get(token))
    return found


def _step(llama: Llama, slot: int, before: Sequence[int], forced: int, alternatives: int) -> dict[int, float]:
    """Make the model write `forced`: its log-likelihood and that of the likeliest alternatives."""
    chunks: list[Chunk] = []
    body: dict[str, Any] = {"prompt": list(before), "max_tokens": 1, "temperature": 0}
    body |= {"logprobs": alternatives, "logit_bias": [[forced, _FORCED]], "samplers": ["temperature"]}
    llama.complete({**body, "cache_prompt": True, "stream": True, "id_slot": slot}, _keep(chunks))
    for chunk in chunks:
        if "error" in chunk:
            raise EngineError(f"llama.cpp refused: {chunk['error'].get('message', chunk['error'])}")
    logprobs = [chunk["choices"][0]["logprobs"] or {"content": []} for chunk in chunks]
    entries = [entry for each in logprobs for entry in each["content"]]
    return {each["id"]: each["logprob"] for entry in entries for each in (entry, *entry["top_logprobs"])}


def _keep(chunks: list[Chunk]) -> Callable[[Chunk], bool]:
    def keep(chunk: Chunk) -> bool:
        chunks.append(chunk)
        return False

    return keep
