"""The turns of a conversation, as a caller passes them to `Client.chat`."""

from collections.abc import Mapping, Sequence

from ..errors import BadInput

ROLES = ("USER", "CHATBOT", "SYSTEM", "TOOL")  # chat v1's; v2 has other words for them


def check_history(history: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, str]]:
    """Return `history`, or raise BadInput naming the turn that is not a role and a message."""
    for number, turn in enumerate(history, start=1):
        if not _is_turn(turn):
            raise BadInput(
                'A turn of the history is {"role": "USER" or "CHATBOT", "message": text}; '
                f"turn {number} is {str(turn)[:80]}."
            )
    return history


def _is_turn(turn: object) -> bool:
    return (
        isinstance(turn, Mapping)
        and set(turn) == {"role", "message"}
        and turn["role"] in ROLES
        and isinstance(turn["message"], str)
    )
