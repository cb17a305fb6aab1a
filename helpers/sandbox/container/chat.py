"""Cohere's Chat API, v1 (`message`) and v2 (`messages`), over the engine.

Formats are those of cohere-aws's samples and Cohere's OpenAPI. Choices where these are silent:

- A SageMaker container's stream of v2 (not established): v2's events, one JSON object a part.
- Whether one container takes both versions (not established): here each of them does, by the fields it gets.
- The text does not include a stop sequence (OpenAPI).
- Token counts are of the caller's own texts, without the practice model's chat markup.
- Documents are put into the prompt; citations, tools and searches are refused, never made up.
- v2's finish_reason for a full context is MAX_TOKENS (OpenAPI, ChatFinishReason).
"""

import asyncio
import uuid
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from ..engine.engine import Engine, EngineError, TurnsError
from ..inference import Parts
from .context import check_fits, check_texts
from .conversation import Turn, v1_turns, v2_turns
from .errors import invalid, not_practised
from .fields import Fields
from .generation import Generation, GenerationParameters, line

_TOOLS = "it does not call tools reliably, and a made-up call would teach the wrong thing"
_REFUSED = {
    "tools": not_practised("tools", _TOOLS),
    "tool_results": not_practised("tool_results", _TOOLS),
    "tool_choice": not_practised("tool_choice", _TOOLS),
    "connectors": not_practised("connectors", "it reaches nothing but this machine"),
    "search_queries_only": not_practised("search_queries_only", "it was not trained to write queries"),
    "citation_quality": not_practised("citation_quality", "it cannot cite; documents are still read"),
    "response_format": not_practised("response_format", "its text is free"),
    "conversation_id": not_practised("conversation_id", "nothing is kept; send chat_history"),
    "logprobs": not_practised("logprobs", "the Generate models here return likelihoods"),
}


@dataclass(frozen=True)
class Job:
    """One checked request: `version` is 1 or 2, `prompt` all text that the model reads."""

    version: int
    turns: list[Turn]
    prompt: str
    tokens: list[int]
    own_tokens: int
    parameters: GenerationParameters
    return_prompt: bool
    chat_history: list[Any]
    id: str
    generation_id: str


async def prepare(engine: Engine, fields: Fields) -> Job:
    """Check a request as Cohere's container does. Raises ContainerError."""
    plain = fields.get("response_format") == {"type": "text"}  # the default
    fields.refuse({name: why for name, why in _REFUSED.items() if not (plain and name == "response_format")})
    options = fields.get("citation_options")
    if isinstance(options, dict) and str(options.get("mode", "off")).lower() != "off":
        raise not_practised("citation_options", "it cannot cite; documents are still read")
    version = 2 if "messages" in fields else 1
    turns = v2_turns(fields) if version == 2 else v1_turns(fields)
    parameters = GenerationParameters.read(fields)
    raw = version == 1 and fields.flag("raw_prompting")
    check_texts(engine, [turn.text for turn in turns])
    lists = [await engine.tokens(turn.text, special=raw) for turn in turns]
    own = [[token for token, _ in tokens] for tokens in lists]
    if not own[-1]:
        raise invalid(f"{'messages' if version == 2 else 'message'} must be at least 1 token long.")
    ids = own[-1] if raw else await asyncio.to_thread(_conversation, engine, turns, own)
    check_fits(engine, ids)
    return Job(
        version=version,
        turns=turns,
        prompt=turns[-1].text if raw else engine.as_text([(turn.role, turn.text) for turn in turns]),
        tokens=ids,
        own_tokens=len(own[-1]) if raw else sum(map(len, own)),
        parameters=parameters,
        return_prompt=fields.flag("return_prompt"),
        chat_history=list(fields.get("chat_history") or []) if version == 1 else [],
        id=str(uuid.uuid4()),
        generation_id=str(uuid.uuid4()),
    )


def _conversation(engine: Engine, turns: list[Turn], tokens: list[list[int]]) -> list[int]:
    roles = [turn.role for turn in turns]
    try:
        return engine.conversation(list(zip(roles, tokens, strict=True)))[0]
    except TurnsError as error:
        raise not_practised("this order of roles", str(error)) from error


async def answer(engine: Engine, job: Job) -> dict[str, Any]:
    """Return the whole response."""
    generation = await Generation().complete(engine, job.tokens, job.parameters)
    return _RESPONSES[job.version](job, generation)


async def stream(engine: Engine, job: Job) -> Parts:
    """Yield one JSON object for each event."""
    generation = Generation()
    begin, delta, end, failed = (_v1_begin, _v1_delta, _v1_end, _v1_failed)
    if job.version == 2:
        begin, delta, end, failed = (_v2_begin, _v2_delta, _v2_end, _v2_failed)
    for event in begin(job):
        yield line(event)
    try:
        async with aclosing(generation.follow(engine, job.tokens, job.parameters)) as pieces:
            async for text in pieces:
                yield line(delta(text))
    except EngineError as error:
        yield line(failed(str(error)))
        return
    for event in end(job, generation):
        yield line(event)


def _v1_response(job: Job, generation: Generation) -> dict[str, Any]:
    read, written = job.own_tokens, len(generation.tokens)
    count = {"prompt_tokens": read, "response_tokens": written}
    response: dict[str, Any] = {
        "response_id": job.id,
        "text": generation.text,
        "generation_id": job.generation_id,
        "chat_history": [
            *job.chat_history,
            {"role": "USER", "message": job.turns[-1].text},
            {"role": "CHATBOT", "message": generation.text},
        ],
        "finish_reason": generation.finish_reason,
        "token_count": {**count, "total_tokens": read + written, "billed_tokens": read + written},
        "meta": {"api_version": {"version": "1"}, "billed_units": _units(job, generation)},
    }
    return {**response, "prompt": job.prompt} if job.return_prompt else response


def _v2_response(job: Job, generation: Generation) -> dict[str, Any]:
    return {
        "id": job.id,
        "finish_reason": _v2_reason(generation),
        "message": {"role": "assistant", "content": [{"type": "text", "text": generation.text}]},
        "usage": _v2_usage(job, generation),
    }


_RESPONSES: dict[int, Callable[[Job, Generation], dict[str, Any]]] = {1: _v1_response, 2: _v2_response}


def _units(job: Job, generation: Generation) -> dict[str, int]:
    return {"input_tokens": job.own_tokens, "output_tokens": len(generation.tokens)}


def _v2_usage(job: Job, generation: Generation) -> dict[str, Any]:
    units = _units(job, generation)
    return {"billed_units": units, "tokens": units}


def _v2_reason(generation: Generation) -> str:
    """Return v2's finish reason; it is MAX_TOKENS for a full context too (Cohere's OpenAPI)."""
    reason = generation.finish_reason
    return "MAX_TOKENS" if reason == "ERROR_LIMIT" else reason


def _v1_begin(job: Job) -> list[dict[str, Any]]:
    return [{"is_finished": False, "event_type": "stream-start", "generation_id": job.generation_id}]


def _v1_delta(text: str) -> dict[str, Any]:
    return {"is_finished": False, "event_type": "text-generation", "text": text}


def _v1_end(job: Job, generation: Generation) -> list[dict[str, Any]]:
    event = {"is_finished": True, "event_type": "stream-end", "finish_reason": generation.finish_reason}
    return [{**event, "response": _v1_response(job, generation)}]


def _v1_failed(message: str) -> dict[str, Any]:
    return {"is_finished": True, "event_type": "stream-end", "finish_reason": "ERROR", "err": message}


def _v2_begin(job: Job) -> list[dict[str, Any]]:
    message = {"role": "assistant", "content": []}
    return [
        {"type": "message-start", "id": job.id, "delta": {"message": message}},
        {
            "type": "content-start",
            "index": 0,
            "delta": {"message": {"content": {"type": "text", "text": ""}}},
        },
    ]


def _v2_delta(text: str) -> dict[str, Any]:
    return {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": text}}}}


def _v2_end(job: Job, generation: Generation) -> list[dict[str, Any]]:
    delta = {"finish_reason": _v2_reason(generation), "usage": _v2_usage(job, generation)}
    return [{"type": "content-end", "index": 0}, {"type": "message-end", "delta": delta}]


def _v2_failed(message: str) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": message}}
