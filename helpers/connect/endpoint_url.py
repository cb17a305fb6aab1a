"""Where boto3 would send its requests: to AWS, or to a program on this machine."""

import ipaddress
import os
import socket
import unicodedata
from collections.abc import Mapping
from urllib.parse import urlsplit

OF_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".aws.dev")


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine, also as 127.1, 0x7f.1, [::], localhost. or another name.

    A name that is not AWS's own is looked up, as a request would do. Raises ValueError for an invalid URL.
    """
    parts = urlsplit(url)
    _ = parts.port  # raises ValueError if the port is invalid
    name = unicodedata.normalize("NFKC", parts.hostname or "").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    if name.endswith(OF_AWS):
        return False
    return any(_is_here(address) for address in _addresses(name))


def sources(url: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return what sets that endpoint URL: the variables that hold it, or else the AWS configuration file."""
    names = [name for name, value in environment.items() if _sets(name) and value == url]
    profile = environment.get("AWS_PROFILE", environment.get("AWS_DEFAULT_PROFILE", "default"))
    in_file = f"endpoint_url of the profile {profile!r} in your AWS configuration file"
    return " and ".join(sorted(names)) or in_file


def _sets(name: str) -> bool:
    return name.startswith("AWS_ENDPOINT_URL")


def _addresses(name: str) -> list[str]:
    """Return the addresses that a socket would connect to; [] if the name has none (or no network)."""
    try:
        return [socket.inet_ntoa(socket.inet_aton(name))]  # in the forms of C: 127.1, 0x7f.1, 2130706433
    except (OSError, UnicodeEncodeError):
        pass
    try:
        return [str(ipaddress.ip_address(name.partition("%")[0]))]
    except ValueError:
        pass
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(name, None)]
    except (OSError, UnicodeError):
        return []


def _is_here(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or found
    return bool(mapped.is_loopback or mapped.is_unspecified)
