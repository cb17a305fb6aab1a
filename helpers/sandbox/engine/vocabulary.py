"""A model's vocabulary, as far as it says how short a text must be to fit: read from its .gguf file."""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

_TOKENS, _KIND = b"tokenizer.ggml.tokens", b"tokenizer.ggml.model"
_STRING, _ARRAY = 8, 9  # GGUF's numbers for them
_METADATA_BYTES = 1 << 26  # they stand first; the largest vocabularies take a third of that
_UNKNOWN = 512  # bytes; the longest piece of the models known here has 128
_BYTE_LEVEL = b"gpt2"


def longest_piece(path: Path) -> int:
    """At most how many bytes of text one token stands for (a safe guess if the file does not say)."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        kind = _value(data, _KIND, _STRING)
        byte_level = kind > 0 and data[kind + 8 : kind + 8 + len(_BYTE_LEVEL)] == _BYTE_LEVEL
        begin = _value(data, _TOKENS, _ARRAY)
        # Byte-level vocabularies write each byte of a piece as one character.
        lengths = (
            len(each.decode(errors="replace")) if byte_level else len(each) for each in _pieces(data, begin)
        )
        try:
            return max(lengths, default=_UNKNOWN) if begin > 0 else _UNKNOWN
        except struct.error:  # a file that is cut there; llama.cpp says so when it loads it
            return _UNKNOWN


def _value(data: mmap.mmap, key: bytes, kind: int) -> int:
    """Where a key's value begins; -1 if the file does not have it as that kind."""
    wanted = struct.pack("<Q", len(key)) + key + struct.pack("<I", kind)
    at = data.find(wanted, 0, _METADATA_BYTES)
    return at + len(wanted) if at >= 0 else -1


def _pieces(data: mmap.mmap, at: int) -> Iterator[bytes]:
    _, count = struct.unpack_from("<IQ", data, at)
    at += 12
    for _ in range(count):
        (length,) = struct.unpack_from("<Q", data, at)
        at += 8 + length
        yield data[at - length : at]
