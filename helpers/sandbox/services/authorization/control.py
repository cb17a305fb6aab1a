"""The control of the practice caller's policy: what it may do, and what it needed so far."""

import json
from typing import Any, Protocol

from helpers.sandbox.aws.service import AwsError, HttpReply, parse_json

from .authorizer import Authorizer
from .policy import EVERYTHING, problems


class Role(Protocol):
    """What holds the practice caller's policy; `iam.Roles` is one."""

    @property
    def policy(self) -> str | None:
        """The policy in JSON; None if it was deleted in IAM."""

    def set_policy(self, document: str) -> None:
        """Put another in its place."""


class PolicyControl:
    """The handler of show, set and clear."""

    def __init__(self, role: Role, authorizer: Authorizer) -> None:
        self._role = role
        self._authorizer = authorizer

    def handle(self, body: bytes) -> HttpReply:
        """Do what the body asks; return the policy and, action -> Sids, what it allowed. Raises AwsError."""
        asked = parse_json(body)
        if asked.get("do") == "set":
            self._set(str(asked.get("policy", "")))
        elif asked.get("do") == "clear":
            self._set(EVERYTHING)
        answer: dict[str, Any] = {"policy": self._role.policy, "used": self._authorizer.used}
        return HttpReply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _set(self, document: str) -> None:
        if found := problems(document):
            raise AwsError("BadPolicy", f"The policy was not set: {'; '.join(found)}.")
        self._role.set_policy(document)
        self._authorizer.used = {}
