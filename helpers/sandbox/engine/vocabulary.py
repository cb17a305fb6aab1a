"""The longest token of a model's vocabulary, read from its .gguf file."""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

_TOKENS, _KIND = b"tokenizer.ggml.tokens", b"tokenizer.ggml.model"
_STRING, _ARRAY = 8, 9  # GGUF's codes for the types
_METADATA_BYTES = 1 << 26  # metadata comes first in the file; the largest vocabularies take a third of this
_UNKNOWN = 512  # bytes; the longest piece of the models known here has 128
_BYTE_LEVEL = b"gpt2"


def longest_piece(path: Path) -> int:
    """Return how many bytes of text one token has at most; 512 if the file does not say."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        kind = _value(data, _KIND, _STRING)
        byte_level = kind > 0 and data[kind + 8 : kind + 8 + len(_BYTE_LEVEL)] == _BYTE_LEVEL
        begin = _value(data, _TOKENS, _ARRAY)
        # byte-level vocabularies have one character for each byte
        lengths = (
            len(each.decode(errors="replace")) if byte_level else len(each) for each in _pieces(data, begin)
        )
        try:
            return max(lengths, default=_UNKNOWN) if begin > 0 else _UNKNOWN
        except struct.error:  # a truncated file; llama.cpp reports that when it loads it
            return _UNKNOWN


def _value(data: mmap.mmap, key: bytes, kind: int) -> int:
    """Return where a key's value begins; -1 if the file has no such key of that type."""
    header = struct.pack("<Q", len(key)) + key + struct.pack("<I", kind)
    at = data.find(header, 0, _METADATA_BYTES)
    return at + len(header) if at >= 0 else -1


def _pieces(data: mmap.mmap, at: int) -> Iterator[bytes]:
    _, count = struct.unpack_from("<IQ", data, at)
    at += 12
    for _ in range(count):
        (length,) = struct.unpack_from("<Q", data, at)
        at += 8 + length
        yield data[at - length : at]
