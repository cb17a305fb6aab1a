"""Cohere's wire formats: how each API writes a request, an answer, and the events of a stream.

Generate is what Medium, Command and Command Light speak; chat v1 is what Command R and R+ speak; chat v2 is
chat with a list of messages. Sources: Cohere's OpenAPI, and the samples in cohere-ai/cohere-aws@ab4a24f.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from ..catalog import SETTINGS
from ..records import payload
from .types import Generation, Request, Response, TokenLikelihood


class Api(ABC):
    """One wire format. Its readers raise payload.WrongShape where the JSON is not as the API writes it."""

    features: frozenset[str]

    def body(self, request: Request, *, stream: bool) -> dict[str, Any]:
        """Return the JSON body of a request."""
        return {**self._own(request), **_sampling(request), **({"stream": True} if stream else {})}

    @abstractmethod
    def _own(self, request: Request) -> dict[str, Any]:
        """Return the part of a body that only this API writes."""

    @abstractmethod
    def response(self, raw: dict[str, Any]) -> Response:
        """Return the response that the JSON of an answer (or of a stream's last event) holds."""

    @abstractmethod
    def text(self, event: dict[str, Any]) -> str:
        """Return the piece of text that a stream event brings; empty for other events."""

    @abstractmethod
    def final(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """Return the whole answer's JSON if this is the stream's last event, else None."""

    def error(self, event: dict[str, Any]) -> str | None:
        """Return the model's error message if a stream's event, or a whole answer, reports a failure.

        Generate and chat v1 report it by `err` or a finish_reason, any API by an object of `message` alone.
        """
        if set(event) == {"message"} and isinstance(event["message"], str):
            return event["message"]
        return _failure(event, "err")

    def partial_text(self, raw: dict[str, Any]) -> str:
        """Return what an answer that failed holds of its text; empty where there is none to read."""
        try:
            return self.response(raw).text
        except payload.WrongShape:
            return ""


class GenerateApi(Api):
    """/v1/generate: Medium, Command, Command Light."""

    features = frozenset({"likelihoods"})

    def _own(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {"prompt": request.prompt}
        if request.likelihoods != "NONE":
            body["return_likelihoods"] = request.likelihoods
        return body

    def response(self, raw: dict[str, Any]) -> Response:
        """See Api."""
        listed = payload.objects(raw, "generations")
        if not listed:
            raise payload.WrongShape("generations holds no text")
        return Response(tuple(self._generation(each) for each in listed), raw=raw)

    def text(self, event: dict[str, Any]) -> str:
        """See Api."""
        whole = event.get("is_finished") and event.get("response") is not None
        return "" if whole else payload.text_or_none(event, "text") or ""

    def final(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """See Api; where the last event lacks the whole answer, the text that has come is the answer."""
        if not event.get("is_finished"):
            return None
        if event.get("response") is None:
            return {"generations": [{"text": None, "finish_reason": event.get("finish_reason")}]}
        return payload.part(event, "response")

    def error(self, event: dict[str, Any]) -> str | None:
        """See Api; a whole answer has failed if none of its texts is a good one."""
        failures = [_failure(each, "err") for each in payload.objects(event, "generations")]
        return super().error(event) or (failures[0] if failures and all(failures) else None)

    @staticmethod
    def _generation(raw: dict[str, Any]) -> Generation:
        tokens = tuple(
            TokenLikelihood(payload.text(each, "token"), payload.number_or_none(each, "likelihood"))
            for each in payload.objects(raw, "token_likelihoods")
        )
        likelihood = payload.number_or_none(raw, "likelihood")
        return Generation(_text_of(raw), payload.text_or_none(raw, "finish_reason"), likelihood, tokens)


class ChatV1Api(Api):
    """/v1/chat: Command R and R+."""

    features = frozenset({"chat"})

    def _own(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {"message": request.prompt}
        if request.history:
            body["chat_history"] = [dict(turn) for turn in request.history]
        if request.preamble is not None:
            body["preamble"] = request.preamble
        return body

    def response(self, raw: dict[str, Any]) -> Response:
        """See Api."""
        count = payload.part(raw, "token_count") or payload.part(payload.part(raw, "meta"), "tokens")
        return Response(
            (Generation(_text_of(raw), payload.text_or_none(raw, "finish_reason")),),
            prompt_tokens=_first_count(count, "prompt_tokens", "input_tokens"),
            response_tokens=_first_count(count, "response_tokens", "output_tokens"),
            raw=raw,
        )

    def text(self, event: dict[str, Any]) -> str:
        """See Api."""
        if event.get("event_type") != "text-generation":
            return ""
        return payload.text_or_none(event, "text") or ""

    def final(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """See Api."""
        ended = event.get("event_type") == "stream-end"
        return payload.obj(event.get("response"), "response") if ended else None


class ChatV2Api(Api):
    """/v2/chat: a list of messages.

    Cohere's notebooks talk to packages of Command R by it; how a container streams it is not documented: here
    as the hosted API does. A block of `thinking` is no text of the answer.
    """

    features = frozenset({"chat"})
    roles: Mapping[str, str] = {"USER": "user", "CHATBOT": "assistant", "SYSTEM": "system", "TOOL": "tool"}

    def _own(self, request: Request) -> dict[str, Any]:
        system = [{"role": "system", "content": request.preamble}] if request.preamble is not None else []
        turns = [{"role": self.roles[turn["role"]], "content": turn["message"]} for turn in request.history]
        return {"messages": [*system, *turns, {"role": "user", "content": request.prompt}]}

    def response(self, raw: dict[str, Any]) -> Response:
        """See Api."""
        content = payload.objects(payload.obj(raw.get("message"), "message"), "content")
        tokens = payload.part(payload.part(raw, "usage"), "tokens")
        told = "".join(payload.text_or_none(part, "text") or "" for part in content)
        return Response(
            (Generation(told, payload.text_or_none(raw, "finish_reason")),),
            prompt_tokens=payload.count_or_none(tokens, "input_tokens"),
            response_tokens=payload.count_or_none(tokens, "output_tokens"),
            raw=raw,
        )

    def text(self, event: dict[str, Any]) -> str:
        """See Api."""
        if event.get("type") != "content-delta":
            return ""
        message = payload.part(payload.part(event, "delta"), "message")
        return payload.text_or_none(payload.part(message, "content"), "text") or ""

    def final(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """See Api; the last event of v2 has no text in it, so the caller adds the text it has gathered."""
        if event.get("type") != "message-end":
            return None
        return {"message": {}, **payload.part(event, "delta")}

    def error(self, event: dict[str, Any]) -> str | None:
        """See Api."""
        return super().error(event) or _failure(payload.part(event, "delta"), "error")


APIS: dict[str, Api] = {"generate": GenerateApi(), "chat-v1": ChatV1Api(), "chat-v2": ChatV2Api()}


def _sampling(request: Request) -> dict[str, Any]:
    """Return the settings that all APIs name alike, without those that are None or empty."""
    given = {name: getattr(request, name) for name in SETTINGS}
    given["stop_sequences"] = list(request.stop_sequences) or None
    return {name: value for name, value in given.items() if value is not None}


def _failure(ending: dict[str, Any], words: str) -> str | None:
    """Return the error message (`words`) of a stream's last event, or its finish reason if that is an error.

    ERROR_LIMIT is none: the context is full, and the text is complete up to there, as without streaming.
    """
    if ending.get(words) is not None:
        return str(ending[words])
    reason = str(ending.get("finish_reason"))
    failed = reason.startswith(("ERROR", "TIMEOUT")) and reason != "ERROR_LIMIT"
    return f"finish reason {reason}" if failed else None


def _text_of(raw: dict[str, Any]) -> str:
    """Return the text of an answer (null: the model wrote none); raise WrongShape without the field."""
    return payload.text(raw, "text") if raw.get("text", "") is not None else ""


def _first_count(count: dict[str, Any], *names: str) -> int | None:
    """Return the count under the first of these names that is present."""
    found = (payload.count_or_none(count, name) for name in names)
    return next((each for each in found if each is not None), None)
