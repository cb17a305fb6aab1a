"""Cohere's Generate API (Medium, Command, Command Light) over the engine.

Request and response as in cohere-aws's samples and Cohere's OpenAPI. Where these leave a choice:

- The text includes the stop sequence that ended it, as the OpenAPI says (AWS's Bedrock page: it does not).
- `truncate` is NONE if it is left out, as the error texts of Medium's time imply (the OpenAPI says END).
- Token counts and limits are of the caller's own prompt: the practice model's chat markup is not counted.
- A token that is only a part of a character has the text "", the one that completes it has the character.
- A token without a `likelihood`: the prompt's first, and those inside a character where llama.cpp tells none.
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
from .context import Room, check_room
from .errors import invalid, not_practised
from .fields import ZERO_TOKENS, Fields
from .generation import Order, Writing, line
from .merge import merge

_REFUSED = {
    "logit_bias": not_practised("logit_bias", "its token ids are those of Cohere's tokenizer"),
    "end_sequences": not_practised("end_sequences", "use stop_sequences"),
    "preset": not_practised("preset", "there are no saved presets"),
}


@dataclass(frozen=True)
class Job:
    """One checked request: `prompt` is the text it reports, `tokens` the ids in the model's chat form."""

    id: str
    prompt: str
    tokens: list[int]
    own: range
    own_texts: list[str]
    order: Order
    count: int
    likelihoods: str


async def prepare(engine: Engine, model: Model, fields: Fields) -> Job:
    """Check a request as Cohere's container does. Raises Refusal."""
    fields.refuse(_REFUSED)
    likelihoods = fields.choice("return_likelihoods", ("NONE", "GENERATION", "ALL"), "NONE")
    order = Order.read(fields, max_tokens_may_be_0=likelihoods == "ALL")
    prompt = fields.text("prompt", required=True)
    truncate = fields.choice("truncate", ("NONE", "START", "END"), "NONE")
    room = Room(engine, model.context_tokens, order.max_tokens, truncate)
    tokens = await engine.tokens(room.shorten(prompt))
    if not tokens:
        raise invalid("prompt must be at least 1 token long.")
    if order.max_tokens == 0 and len(tokens) == 1:
        raise invalid(ZERO_TOKENS)
    kept = room.fit(tokens)
    if len(kept) < len(tokens):
        prompt = b"".join(piece for _, piece in kept).decode(errors="replace")
    ids, (start,) = engine.conversation([("user", [token for token, _ in kept])])
    check_room(engine, ids)
    return Job(
        id=str(uuid.uuid4()),
        prompt=prompt,
        tokens=ids,
        own=range(start, start + len(kept)),
        own_texts=_texts([piece for _, piece in kept]),
        order=order,
        count=fields.integer("num_generations"),
        likelihoods=likelihoods,
    )


async def answer(engine: Engine, job: Job) -> dict[str, Any]:
    """All of the generations, written side by side."""
    writings = [Writing() for _ in range(job.count)]
    async with aclosing(_write(engine, job, writings)) as pieces:
        async for _ in pieces:
            pass
    return _response(job, writings, await _scores(engine, job))


async def stream(engine: Engine, job: Job) -> Parts:
    """One JSON object for each piece of text, and a last one with the whole response."""
    writings = [Writing() for _ in range(job.count)]
    try:
        async with aclosing(_write(engine, job, writings)) as pieces:
            async for index, text in pieces:
                yield _event(job, index, text)
        scores = await _scores(engine, job)
    except EngineError as error:
        yield line({"is_finished": True, "finish_reason": "ERROR", "err": str(error)})
        return
    response = _response(job, writings, scores)
    # Which of several generations' reasons is reported is not established: the first one's.
    reason = response["generations"][0]["finish_reason"]
    yield line({"is_finished": True, "finish_reason": reason, "response": response})


async def _write(engine: Engine, job: Job, writings: list[Writing]) -> AsyncGenerator[tuple[int, str], None]:
    if job.order.max_tokens == 0:
        return
    pieces = [
        writing.follow(engine, job.tokens, job.order, number) for number, writing in enumerate(writings)
    ]
    async with aclosing(merge(pieces)) as merged:
        async for index, text in merged:
            yield index, text
    for index, writing in enumerate(writings):
        if ending := _ending(writing):
            yield index, ending


async def _scores(engine: Engine, job: Job) -> list[float | None]:
    if job.likelihoods != "ALL":
        return []
    return await engine.score(job.tokens[: job.own.stop], job.own.start + 1)


def _response(job: Job, writings: list[Writing], scores: list[float | None]) -> dict[str, Any]:
    written = sum(len(writing.tokens) for writing in writings)
    units = {"input_tokens": len(job.own), "output_tokens": written}
    return {
        "id": job.id,
        "generations": [_generation(job, writing, scores) for writing in writings],
        "prompt": job.prompt,
        "meta": {"api_version": {"version": "1"}, "billed_units": units},
    }


def _generation(job: Job, writing: Writing, scores: list[float | None]) -> dict[str, Any]:
    # With max_tokens 0 nothing is written, and that is the limit that was reached.
    reason = writing.finish_reason if job.order.max_tokens else "MAX_TOKENS"
    text = writing.text + _ending(writing)
    generation: dict[str, Any] = {"id": str(uuid.uuid4()), "text": text, "finish_reason": reason}
    if job.likelihoods == "NONE":
        return generation
    entries = [(token.text, token.logprob) for token in writing.tokens]
    if job.likelihoods == "ALL":
        entries = [*zip(job.own_texts, [None, *scores], strict=True), *entries]
    known = [value for _, value in entries if value is not None]
    if known:
        generation["likelihood"] = sum(known) / len(known)
    generation["token_likelihoods"] = [_token(text, value) for text, value in entries]
    return generation


def _token(text: str, likelihood: float | None) -> dict[str, Any]:
    return {"token": text} if likelihood is None else {"token": text, "likelihood": likelihood}


def _ending(writing: Writing) -> str:
    return (writing.finish.stop_sequence or "") if writing.finish else ""


def _texts(pieces: list[bytes]) -> list[str]:
    """Each token's text, by the rule for characters that span several tokens."""
    texts, rest = [], b""
    for piece in pieces:
        rest += piece
        try:
            texts.append(rest.decode())
            rest = b""
        except UnicodeDecodeError:
            # " 😀" may be cut after the blank and part of the character: the blank waits for it
            texts.append("")
    return texts


def _event(job: Job, index: int, text: str) -> bytes:
    event: dict[str, Any] = {"text": text, "is_finished": False}
    return line(event if job.count == 1 else {**event, "index": index})
