"""Other models for the tests: the practice model's file with other metadata, written without a library."""

import struct
from pathlib import Path

TEMPLATE = "tokenizer.chat_template"
_STRING = 8  # its number in GGUF
_ALIGNMENT = 32  # of the weights, which follow the metadata


def with_template(data: bytes, template: str) -> bytes:
    """The file with another chat template, made longer by a comment so that the weights stay aligned."""
    at = _value(data, TEMPLATE)
    (length,) = struct.unpack_from("<Q", data, at)
    padding = (length - len(template.encode()) - 4) % _ALIGNMENT
    new = (template + "{#" + "-" * padding + "#}").encode()
    return data[:at] + struct.pack("<Q", len(new)) + new + data[at + 8 + length :]


def without(data: bytes, key: str) -> bytes:
    """The file without a piece of metadata: its key is one that nobody asks for."""
    return data.replace(_key(key), _key(key[:-1] + "_"), 1)


def with_value(data: bytes, key: str, value: bool | int) -> bytes:
    """The file with another truth value or whole number (of 32 bits) in its metadata."""
    at, new = _value(data, key), struct.pack("<?" if isinstance(value, bool) else "<I", value)
    return data[:at] + new + data[at + len(new) :]


def entry(key: str, text: str) -> bytes:
    """A text as it stands in the metadata."""
    return _key(key) + struct.pack("<IQ", _STRING, len(text.encode())) + text.encode()


def write(path: Path, data: bytes) -> Path:
    """Write the file; returns its path."""
    path.write_bytes(data)
    return path


def _key(key: str) -> bytes:
    return struct.pack("<Q", len(key)) + key.encode()


def _value(data: bytes, key: str) -> int:
    """Where the value begins, after its type."""
    return data.index(_key(key)) + len(_key(key)) + 4
