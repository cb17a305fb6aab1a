"""Faults of a stream: parts split and joined in other places, and premature ends."""

import json
from contextlib import aclosing
from itertools import cycle

from ..aws.eventstream import StreamCut, StreamException
from ..inference import Parts
from .switch import Faults
from .table import Setting


def reshaped(faults: Faults, parts: Parts) -> Parts:
    """Return the stream, changed by the faults that are set as it begins."""
    if setting := faults.struck("merge-parts"):
        parts = merged(parts, int(setting.parameters["objects"]))
    if setting := faults.struck("split-parts"):
        parts = split(parts, [int(size) for size in str(setting.parameters["sizes"]).split(",")])
    for name, ending in _ENDINGS.items():
        if setting := faults.struck(name):
            return ended(parts, int(setting.parameters["after"]), ending(setting))
    return parts


async def merged(parts: Parts, objects: int) -> Parts:
    """Join `objects` parts into one at a time; the last may have fewer."""
    held: list[bytes] = []
    async with aclosing(parts):
        async for part in parts:
            held.append(part)
            if len(held) == objects:
                yield b"".join(held)
                held.clear()
    if held:
        yield b"".join(held)


async def split(parts: Parts, sizes: list[int]) -> Parts:
    """Cut every part into pieces of these sizes in turn, in the middle of characters too."""
    lengths = cycle(sizes)
    async with aclosing(parts):
        async for part in parts:
            rest = as_utf8(part)
            while rest:
                length = next(lengths)
                yield rest[:length]
                rest = rest[length:]


async def ended(parts: Parts, after: int, ending: Exception) -> Parts:
    """Pass on `after` parts and raise `ending`; a shorter stream ends with it too."""
    count = 0
    async with aclosing(parts):
        async for part in parts:
            if count == after:
                break
            count += 1
            yield part
    raise ending


def as_utf8(part: bytes) -> bytes:
    """Return JSON lines with their characters in UTF-8, so that a cut can fall inside a character."""
    try:
        values = [json.loads(line) for line in part.splitlines()]
        return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)
    except ValueError:  # not JSON, or a lone surrogate, which UTF-8 cannot encode
        return part


def _error(setting: Setting) -> Exception:
    members = {"Message": str(setting.parameters["message"]), "ErrorCode": str(setting.parameters["code"])}
    return StreamException("ModelStreamError", members)


def _failure(setting: Setting) -> Exception:
    return StreamException("InternalStreamFailure", {"Message": str(setting.parameters["message"])})


def _cut(setting: Setting) -> Exception:
    return StreamCut()


_ENDINGS = {"cut-stream": _cut, "stream-error": _error, "stream-failure": _failure}
