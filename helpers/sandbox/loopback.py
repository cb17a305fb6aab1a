"""A guard that keeps this process's connections on this machine; some of moto's services would leave it."""

import ipaddress
import sys
from typing import Any

_GUARDED = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}

_allowed: set[str] = set()


class OutsideLoopback(ConnectionError):
    """Something in this process tried to reach another machine, or another program by a local socket."""


def only_loopback() -> None:
    """Refuse from now on every connection and name lookup of this process's Python code beyond loopback.

    It is an audit hook, which cannot be removed. The refused call raises OutsideLoopback.
    """
    sys.addaudithook(_check)


def allow(path: str) -> str:
    """Let this process connect to a Unix socket at `path`; return the path."""
    _allowed.add(path)
    return path


def _check(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _GUARDED:
        return
    host = arguments[0]
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if address is None:  # an already connected socket sends
            return
        host = address[0] if isinstance(address, tuple) else address
    if not (is_loopback(host) or host in _allowed):
        raise OutsideLoopback(f"the sandbox stays on this machine; refused: {event} {host!r}")


def is_loopback(host: object) -> bool:
    """Tell whether a host, as `connect` or `getaddrinfo` takes it, is this machine."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if text is None or text == "localhost":
        return True
    try:
        return ipaddress.ip_address(str(text)).is_loopback
    except ValueError:
        return False
