"""Frames of application/vnd.amazon.eventstream, in which SageMaker sends a stream's parts."""

import json
import struct
import zlib

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7  # the type of a header's value


class StreamException(Exception):
    """A stream of parts ends in an exception event, such as ModelStreamError with its members."""

    def __init__(self, name: str, members: dict[str, str]) -> None:
        super().__init__(name)
        self.name = name
        self.members = members


class StreamCut(Exception):
    """A stream of parts ends with its connection, without a word."""


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One message: lengths and their CRC-32, the headers, the payload, and a CRC-32 of all before it."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", len(head) + len(payload) + 16, len(head))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack("!I", zlib.crc32(message))


def payload_part(payload: bytes) -> bytes:
    """A PayloadPart event: the container's bytes as they are."""
    headers = {":message-type": "event", ":event-type": "PayloadPart"}
    return frame({**headers, ":content-type": "application/octet-stream"}, payload)


def exception(name: str, members: dict[str, str]) -> bytes:
    """An error inside a stream, such as ModelStreamError; nothing follows it."""
    headers = {":message-type": "exception", ":exception-type": name, ":content-type": "application/json"}
    return frame(headers, json.dumps(members).encode())


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _STRING, len(text)) + text
