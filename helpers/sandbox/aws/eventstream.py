"""Frames of application/vnd.amazon.eventstream, the encoding of SageMaker's streamed answers."""

import json
import struct
import zlib

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7  # the code for a header value of type string


class StreamException(Exception):
    """The end of a stream by an exception event, such as ModelStreamError with its members."""

    def __init__(self, name: str, members: dict[str, str]) -> None:
        super().__init__(name)
        self.name = name
        self.members = members


class StreamCut(Exception):
    """The end of a stream by closing its connection, without an event."""


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """Return one message: lengths and their CRC-32, headers, payload, and the CRC-32 of all before it."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", len(head) + len(payload) + 16, len(head))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack("!I", zlib.crc32(message))


def payload_part(payload: bytes) -> bytes:
    """Return a PayloadPart event that carries the container's bytes unchanged."""
    headers = {":message-type": "event", ":event-type": "PayloadPart"}
    return frame({**headers, ":content-type": "application/octet-stream"}, payload)


def exception(name: str, members: dict[str, str]) -> bytes:
    """Return an exception event, such as ModelStreamError; it is the last of its stream."""
    headers = {":message-type": "exception", ":exception-type": name, ":content-type": "application/json"}
    return frame(headers, json.dumps(members).encode())


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _STRING, len(text)) + text
