"""The sandbox's health check, which proves with its secret key that it is the sandbox that was published.

Another program may listen on a dead sandbox's port. It cannot sign a nonce, so it is never sent a prompt or a
signal. Imports only light modules.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import socket
import time

from ..address import Address

HEALTH_PATH = "/_sandbox/health"
_SECONDS = 10.0  # for the whole check, on a busy machine; a port without a listener fails at once
_ANSWER_BYTES = 4096
_NONCE_BYTES = 16
_QUERY = re.compile(r"nonce=([0-9a-f]{32})")


def health_answer(address: Address, query: str) -> dict[str, str | int]:
    """Return the health check's answer; it has a `proof` only if the query has a `nonce`."""
    answer: dict[str, str | int] = {"status": "ok", "pid": os.getpid()}
    if nonce := _QUERY.fullmatch(query):
        answer["proof"] = _proof(address, nonce[1])
    return answer


def is_alive(address: Address) -> bool:
    """Tell whether the process that published this address answers there; takes at most 10 s."""
    nonce = secrets.token_hex(_NONCE_BYTES)
    try:
        body = _ask(address, f"{HEALTH_PATH}?nonce={nonce}").partition(b"\r\n\r\n")[2]
        answer = json.loads(body)
    except (OSError, ValueError, RecursionError):
        return False
    proof = answer.get("proof") if isinstance(answer, dict) else None
    return isinstance(proof, str) and hmac.compare_digest(proof.encode(), _proof(address, nonce).encode())


def _proof(address: Address, nonce: str) -> str:
    """Return a signature that is valid for this process and port only, so that it cannot be relayed."""
    message = f"sandbox health {nonce} {address.pid} {address.url}"
    return hmac.new(address.secret_access_key.encode(), message.encode(), hashlib.sha256).hexdigest()


def _ask(address: Address, target: str) -> bytes:
    """Return head and body of the answer; http.client would let a stranger take hours over it."""
    deadline = time.monotonic() + _SECONDS
    head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{address.port}\r\nConnection: close\r\n\r\n"
    received = b""
    with socket.create_connection(("127.0.0.1", address.port), timeout=_SECONDS) as link:
        link.sendall(head.encode())
        while len(received) < _ANSWER_BYTES:
            link.settimeout(max(0.001, deadline - time.monotonic()))
            if not (part := link.recv(_ANSWER_BYTES)):
                break
            received += part
    return received
