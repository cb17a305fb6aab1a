"""The check of each request: may its caller do what it asks for?"""

from collections.abc import Mapping
from typing import Any

from helpers.sandbox.aws.service import AwsError, Context
from helpers.sandbox.faults import Faults

from .permissions import Roles, Tags, needed
from .policy import Decision, Permission

_WHY = {
    "implicitDeny": "because no identity-based policy allows the {} action",
    "explicitDeny": "with an explicit deny in an identity-based policy",
}


class Authorizer:
    """What asks the policies of the caller's role, and notes what they allowed.

    `used` holds each action that a request had permission for, with the Sids that gave it.
    """

    def __init__(self, roles: Roles, tags: Tags, faults: Faults | None = None) -> None:
        self._roles = roles
        self._tags = tags
        self._faults = faults or Faults()
        self.used: dict[str, list[str]] = {}

    def check(self, service: str, operation: str, params: Mapping[str, Any], context: Context) -> None:
        """Raise AwsError AccessDeniedException unless the caller has every permission that the call needs."""
        for asked in needed(service, operation, params, context, self._roles, self._tags):
            decision = self._roles.decide(context.caller.role_arn, asked)
            if self._faults.struck("access-denied", action=asked.action):
                decision = Decision("implicitDeny")
            if decision.effect != "allowed":
                raise AwsError("AccessDeniedException", denial(context.caller.arn, asked, decision))
            sids = self.used.setdefault(asked.action, [])
            sids += [sid for _, sid in decision.statements if sid not in sids]


def denial(caller_arn: str, asked: Permission, decision: Decision) -> str:
    """Return AWS's words; for an action on no resource they name none (IAM User Guide, troubleshooting)."""
    on = f" on resource: {asked.resource}" if asked.resource not in (None, "*") else ""
    why = _WHY[decision.effect].format(asked.action)
    return f"User: {caller_arn} is not authorized to perform: {asked.action}{on} {why}"
