"""A chat request's texts as turns: v1's message and chat_history, v2's messages."""

import json
from dataclasses import dataclass
from typing import Any

from ..engine.engine import Role
from .errors import invalid, not_practised
from .fields import Fields, plain_text

_V1_ROLES: dict[str, Role] = {"USER": "user", "CHATBOT": "assistant", "SYSTEM": "system"}
_V2_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_TOOL = not_practised("the role of a tool", "it does not call tools")


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation."""

    role: Role
    text: str


def v1_turns(fields: Fields) -> list[Turn]:
    """Return preamble and documents as a system turn, the history, and the message. Raises ContainerError."""
    history = fields.get("chat_history") or []
    if not isinstance(history, list):
        raise invalid("chat_history must be a list.")
    turns = [_v1_turn(each) for each in history]
    message = Turn("user", fields.text("message", required=True))
    if fields.flag("raw_prompting"):
        return [message]
    return [*_system(fields.text("preamble"), fields), *turns, message]


def v2_turns(fields: Fields) -> list[Turn]:
    """Return the messages, after a system turn with the documents. Raises ContainerError."""
    messages = fields.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("messages must be a list of at least one message.")
    turns = [_v2_turn(each) for each in messages]
    if turns[-1].role != "user":
        raise invalid("the last of the messages must be of role user.")
    return [*_system("", fields), *turns]


def _v1_turn(entry: Any) -> Turn:
    if not isinstance(entry, dict):
        raise invalid("chat_history must hold objects with role and message.")
    text = plain_text("message in chat_history", entry.get("message"))
    return Turn(_role(entry.get("role"), _V1_ROLES), text)


def _v2_turn(entry: Any) -> Turn:
    if not isinstance(entry, dict):
        raise invalid("messages must hold objects with role and content.")
    role, content = _role(entry.get("role"), _V2_ROLES), entry.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    return Turn(role, "".join(_part(each) for each in parts))


def _part(part: Any) -> str:
    if not isinstance(part, dict) or part.get("type") != "text":
        raise not_practised("content that is not text", "it reads text only")
    return plain_text("content of a message", part.get("text"))


def _role(name: Any, roles: dict[str, Role]) -> Role:
    if not isinstance(name, str) or (name not in roles and name.upper() != "TOOL"):
        raise invalid(f"role must be one of {', '.join(roles)}.")
    if name not in roles:
        raise _TOOL
    return roles[name]


def _system(preamble: str, fields: Fields) -> list[Turn]:
    documents = fields.get("documents") or []
    if not isinstance(documents, list):
        raise invalid("documents must be a list.")
    parts = [preamble] if preamble else []
    if documents:
        parts.append("Answer with the help of these documents.")
    parts += [f"Document {number}:\n{_document(each)}" for number, each in enumerate(documents, 1)]
    return [Turn("system", "\n\n".join(parts))] if parts else []


def _document(document: Any) -> str:
    if isinstance(document, dict) and isinstance(document.get("data"), dict | str):
        document = document["data"]  # v2: {"id": ..., "data": ...}
    if isinstance(document, str):
        return plain_text("documents", document)
    if not isinstance(document, dict):
        raise invalid("documents must hold objects or strings.")
    lines = (
        f"{name}: {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in document.items()
    )
    return plain_text("documents", "\n".join(lines))
