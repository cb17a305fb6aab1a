"""The check of each request: may its caller do what it asks for?"""

import logging
from collections.abc import Mapping
from typing import Any

from helpers.sandbox.aws.service import AwsError, Context
from helpers.sandbox.faults import Faults

from .permissions import Roles, Tags, needed
from .policy import Decision, Permission, decide, problems

logger = logging.getLogger(__name__)
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
        self._told: set[str] = set()
        self.used: dict[str, list[str]] = {}

    def check(self, service: str, operation: str, params: Mapping[str, Any], context: Context) -> None:
        """Raise AwsError AccessDeniedException unless the caller has every permission that the call needs."""
        for asked in needed(service, operation, params, context, self._roles, self._tags):
            decision = self.decide(context.caller.role_arn, asked)
            if self._faults.struck("access-denied", action=asked.action):
                decision = Decision("implicitDeny")
            if decision.effect != "allowed":
                raise _denied(context, asked, decision)
            sids = self.used.setdefault(asked.action, [])
            sids += [sid for _, sid in decision.statements if sid not in sids]

    def decide(self, role_arn: str, asked: Permission) -> Decision:
        """Return what the role's policies say of a permission."""
        policies = self._roles.policies(role_arn)
        for name, document in policies.items():
            if document not in self._told and (found := problems(document)):
                self._told.add(document)
                logger.warning("%s of %s: %s", name, role_arn, "; ".join(found))
        return decide(policies, asked)


def _denied(context: Context, asked: Permission, decision: Decision) -> AwsError:
    """Return AWS's error; for an action on no resource it names none (IAM User Guide, troubleshooting)."""
    on = f" on resource: {asked.resource}" if asked.resource not in (None, "*") else ""
    message = f"User: {context.caller.arn} is not authorized to perform: {asked.action}{on}"
    return AwsError("AccessDeniedException", f"{message} {_WHY[decision.effect].format(asked.action)}")
