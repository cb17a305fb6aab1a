"""The client that sets the practice caller's policy in a running sandbox, by signed requests."""

from typing import Any

from helpers.sandbox.address import Address
from helpers.sandbox.faults.client import ask

POLICY_PATH = "/_sandbox/policy"


def show(address: Address) -> dict[str, Any]:
    """Return the caller's policy in JSON ("policy"), and action -> Sids of what it allowed so far ("used").

    Raises SandboxError if the sandbox does not answer.
    """
    return ask(address, POLICY_PATH, {"do": "show"})


def set(address: Address, policy: str) -> dict[str, Any]:
    """Let the caller do what the policy (JSON) says and nothing else; forget what was used.

    Raises SandboxError, which says what is wrong with it or what of it the sandbox does not evaluate.
    """
    return ask(address, POLICY_PATH, {"do": "set", "policy": policy})


def clear(address: Address) -> dict[str, Any]:
    """Let the caller do everything again, as at the start. Raises SandboxError."""
    return ask(address, POLICY_PATH, {"do": "clear"})
