"""Cohere's Generate API (Medium, Command, Command Light) over the engine.

Formats are those of cohere-aws's samples and Cohere's OpenAPI. Choices where these are silent:

- The text includes the stop sequence that ended it, as the OpenAPI says (AWS's Bedrock page says not).
- `truncate` is NONE by default, as the error texts of Medium's time imply (the OpenAPI says END).
- Token counts and limits are of the caller's own prompt, without the practice model's chat markup.
- A token that is only part of a character has the text "", the one that completes it has the character.
- The prompt's first token has no `likelihood`, nor has a part of a character that llama.cpp does not report.
- With `seed`, generation n of several uses seed + n.
"""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from helpers.catalog import Model

from ..engine.engine import Engine, EngineError
from ..inference import Parts
from .context import PromptLimit, check_fits
from .errors import invalid, not_practised
from .fields import ZERO_TOKENS, Fields
from .generation import Generation, GenerationParameters, line
from .merge import merge

_REFUSED = {
    "logit_bias": not_practised("logit_bias", "its token ids are those of Cohere's tokenizer"),
    "end_sequences": not_practised("end_sequences", "use stop_sequences"),
    "preset": not_practised("preset", "there are no saved presets"),
}


@dataclass(frozen=True)
class Job:
    """One checked request: `prompt` is the text to report, `tokens` the ids in the model's chat form."""

    id: str
    prompt: str
    tokens: list[int]
    own: range
    own_texts: list[str]
    parameters: GenerationParameters
    count: int
    likelihoods: str


async def prepare(engine: Engine, model: Model, fields: Fields) -> Job:
    """Check a request as Cohere's container does. Raises ContainerError."""
    fields.refuse(_REFUSED)
    likelihoods = fields.choice("return_likelihoods", ("NONE", "GENERATION", "ALL"), "NONE")
    parameters = GenerationParameters.read(fields, max_tokens_may_be_0=likelihoods == "ALL")
    prompt = fields.text("prompt", required=True)
    truncate = fields.choice("truncate", ("NONE", "START", "END"), "NONE")
    limit = PromptLimit(engine, model.context_tokens, parameters.max_tokens, truncate)
    tokens = await engine.tokens(limit.shorten(prompt))
    if not tokens:
        raise invalid("prompt must be at least 1 token long.")
    if parameters.max_tokens == 0 and len(tokens) == 1:
        raise invalid(ZERO_TOKENS)
    kept = limit.fit(tokens)
    if len(kept) < len(tokens):
        prompt = b"".join(piece for _, piece in kept).decode(errors="replace")
    ids, (start,) = engine.conversation([("user", [token for token, _ in kept])])
    check_fits(engine, ids)
    return Job(
        id=str(uuid.uuid4()),
        prompt=prompt,
        tokens=ids,
        own=range(start, start + len(kept)),
        own_texts=_texts([piece for _, piece in kept]),
        parameters=parameters,
        count=fields.integer("num_generations"),
        likelihoods=likelihoods,
    )


async def answer(engine: Engine, job: Job) -> dict[str, Any]:
    """Return the whole response, after all generations have been written in parallel."""
    generations = [Generation() for _ in range(job.count)]
    async with aclosing(_write(engine, job, generations)) as pieces:
        async for _ in pieces:
            pass
    return _response(job, generations, await _scores(engine, job))


async def stream(engine: Engine, job: Job) -> Parts:
    """Yield one JSON object for each piece of text, and a last one with the whole response."""
    generations = [Generation() for _ in range(job.count)]
    try:
        async with aclosing(_write(engine, job, generations)) as pieces:
            async for index, text in pieces:
                yield _event(job, index, text)
        scores = await _scores(engine, job)
    except EngineError as error:
        yield line({"is_finished": True, "finish_reason": "ERROR", "err": str(error)})
        return
    response = _response(job, generations, scores)
    # which generation's reason is reported (not established): the first one's
    reason = response["generations"][0]["finish_reason"]
    yield line({"is_finished": True, "finish_reason": reason, "response": response})


async def _write(
    engine: Engine, job: Job, generations: list[Generation]
) -> AsyncGenerator[tuple[int, str], None]:
    if job.parameters.max_tokens == 0:
        return
    pieces = [
        generation.follow(engine, job.tokens, job.parameters, number)
        for number, generation in enumerate(generations)
    ]
    async with aclosing(merge(pieces)) as merged:
        async for index, text in merged:
            yield index, text
    for index, generation in enumerate(generations):
        if ending := _ending(generation):
            yield index, ending


async def _scores(engine: Engine, job: Job) -> list[float | None]:
    if job.likelihoods != "ALL":
        return []
    return await engine.score(job.tokens[: job.own.stop], job.own.start + 1)


def _response(job: Job, generations: list[Generation], scores: list[float | None]) -> dict[str, Any]:
    written = sum(len(generation.tokens) for generation in generations)
    units = {"input_tokens": len(job.own), "output_tokens": written}
    return {
        "id": job.id,
        "generations": [_generation_json(job, generation, scores) for generation in generations],
        "prompt": job.prompt,
        "meta": {"api_version": {"version": "1"}, "billed_units": units},
    }


def _generation_json(job: Job, generation: Generation, scores: list[float | None]) -> dict[str, Any]:
    # with max_tokens 0 nothing is written, as the limit is reached at once
    reason = generation.finish_reason if job.parameters.max_tokens else "MAX_TOKENS"
    text = generation.text + _ending(generation)
    entry: dict[str, Any] = {"id": str(uuid.uuid4()), "text": text, "finish_reason": reason}
    if job.likelihoods == "NONE":
        return entry
    entries = [(token.text, token.logprob) for token in generation.tokens]
    if job.likelihoods == "ALL":
        entries = [*zip(job.own_texts, [None, *scores], strict=True), *entries]
    known = [value for _, value in entries if value is not None]
    if known:
        entry["likelihood"] = sum(known) / len(known)
    entry["token_likelihoods"] = [_token(text, value) for text, value in entries]
    return entry


def _token(text: str, likelihood: float | None) -> dict[str, Any]:
    return {"token": text} if likelihood is None else {"token": text, "likelihood": likelihood}


def _ending(generation: Generation) -> str:
    return (generation.finish.stop_sequence or "") if generation.finish else ""


def _texts(pieces: list[bytes]) -> list[str]:
    """Return each token's text; the last token of a character has the whole character."""
    texts, rest = [], b""
    for piece in pieces:
        rest += piece
        try:
            texts.append(rest.decode())
            rest = b""
        except UnicodeDecodeError:
            # " 😀" may be cut inside the emoji: the blank then counts to the last part
            texts.append("")
    return texts


def _event(job: Job, index: int, text: str) -> bytes:
    event: dict[str, Any] = {"text": text, "is_finished": False}
    return line(event if job.count == 1 else {**event, "index": index})
