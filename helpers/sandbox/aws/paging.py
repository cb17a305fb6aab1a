"""Pages of a sorted list, with tokens that stay valid while items come and go between two pages."""

import base64
import json
from collections.abc import Callable, Iterable
from typing import TypeVar

from .service import AwsError

Item = TypeVar("Item")


def page(
    items: Iterable[Item],
    key: Callable[[Item], tuple[str, ...]],
    *,
    size: int,
    token: str | None,
    bad_token: AwsError,
    descending: bool = False,
) -> tuple[list[Item], str | None]:
    """Return at most `size` items in the order of `key`, and the next page's token, if there is one.

    The token holds the key of the last item returned, so deleting items between pages skips none. `key` must
    be unique. Raises `bad_token` for a token that `page` did not make.
    """
    ordered = sorted(items, key=key, reverse=descending)
    if token:
        last = _decode(token, bad_token)
        ordered = [item for item in ordered if (key(item) < last if descending else key(item) > last)]
    chosen = ordered[:size]
    return chosen, _encode(key(chosen[-1])) if len(ordered) > size else None


def _encode(key: tuple[str, ...]) -> str:
    return base64.b64encode(json.dumps(key).encode()).decode()


def _decode(token: str, bad_token: AwsError) -> tuple[str, ...]:
    try:
        parts = json.loads(base64.b64decode(token, validate=True))
    except (ValueError, RecursionError):
        raise bad_token from None
    if not (isinstance(parts, list) and all(isinstance(part, str) for part in parts)):
        raise bad_token
    return tuple(parts)
