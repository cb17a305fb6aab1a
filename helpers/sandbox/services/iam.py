"""The account's IAM roles, stored by moto: what their policies allow, and whom they let assume them."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from ..settings import ACCOUNT, ROLE_ARN, ROLE_NAME, ROLE_PATH
from .authorization import principals
from .authorization.permissions import SCALING_ROLE, SCALING_SERVICE
from .authorization.policy import EVERYTHING, Decision, Permission, decide, problems

logger = logging.getLogger(__name__)

POLICY_NAME = "Practice"  # the inline policy of the practice account's role
SAGEMAKER, SCHEDULER = "sagemaker.amazonaws.com", "scheduler.amazonaws.com"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": SAGEMAKER}, "Action": "sts:AssumeRole"}],
}


class Roles:
    """The account's roles: until `connect` only the execution role, as others are created through moto."""

    def __init__(self) -> None:
        self._iam: Any = None
        self._policy = EVERYTHING
        self._told: set[tuple[str, str]] = set()

    def connect(self) -> None:
        """Create the execution role in moto's IAM and use its roles from now on (importing takes 1 s)."""
        from moto.backends import get_backend

        iam = get_backend("iam")[ACCOUNT]["aws"]
        iam.create_role(
            role_name=ROLE_NAME,
            assume_role_policy_document=json.dumps(_TRUST),
            path=ROLE_PATH,
            permissions_boundary=None,
            description="What SageMaker may do on your behalf while it runs your endpoint.",
            tags=[],
            max_session_duration="3600",
        )
        iam.put_role_policy(ROLE_NAME, POLICY_NAME, self._policy)
        self._iam = iam

    def link_for_scaling(self) -> None:
        """Create the service-linked role that scales endpoints, if IAM is there and has none yet."""
        if self._iam is not None and self.role_arn(SCALING_ROLE) is None:
            principal = {
                "Effect": "Allow",
                "Principal": {"Service": SCALING_SERVICE},
                "Action": "sts:AssumeRole",
            }
            self._iam.create_role(
                role_name=SCALING_ROLE,
                assume_role_policy_document=json.dumps({**_TRUST, "Statement": [principal]}),
                path=f"/aws-service-role/{SCALING_SERVICE}/",
                permissions_boundary=None,
                description="",
                tags=[],
                max_session_duration="3600",
            )

    @property
    def policy(self) -> str | None:
        """What the practice account's role may do; None if the reader has deleted that policy in IAM."""
        return self.policies(ROLE_ARN).get(POLICY_NAME)

    def set_policy(self, document: str) -> None:
        """Let the practice account's role do what a valid policy (JSON) says, and nothing else."""
        self._policy = document
        if self._iam is not None:
            self._iam.put_role_policy(ROLE_NAME, POLICY_NAME, document)

    def policies(self, arn: str) -> dict[str, str]:
        """Return name -> JSON of a role's inline and attached policies; none if there is no such role."""
        if self._iam is None:
            return {POLICY_NAME: self._policy} if arn == ROLE_ARN else {}
        role = self._role("arn", arn)
        if role is None:
            return {}
        attached = {
            policy.name: version.document
            for policy in list(role.managed_policies.values())
            for version in policy.versions
            if version.is_default
        }
        return {**attached, **role.policies}

    def trust_policy(self, arn: str) -> str | None:
        """Return a role's trust policy in JSON; None if there is no such role."""
        if self._iam is None:
            return json.dumps(_TRUST) if arn == ROLE_ARN else None
        role = self._role("arn", arn)
        return None if role is None else str(role.assume_role_policy_document)

    def role_arn(self, name: str) -> str | None:
        """Return the ARN of the role of that name; None if there is none."""
        if self._iam is None:
            return ROLE_ARN if name == ROLE_NAME else None
        role = self._role("name", name)
        return None if role is None else str(role.arn)

    def longest_session(self, arn: str) -> int:
        """Return the role's MaxSessionDuration in seconds; an hour, IAM's default, if it says nothing."""
        role = None if self._iam is None else self._role("arn", arn)
        return int(getattr(role, "max_session_duration", None) or 3600)

    def _role(self, attribute: str, value: str) -> Any:
        return next((each for each in list(self._iam.get_roles()) if getattr(each, attribute) == value), None)

    def decide(self, arn: str, asked: Permission) -> Decision:
        """Return what a role's identity-based policies say of a permission."""
        policies = self.policies(arn)
        for name, document in policies.items():
            self._tell(f"{name} of {arn}", document, problems(document))
        return decide(policies, asked)

    def may_assume(self, arn: str, principal: principals.Names, keys: Mapping[str, str]) -> bool:
        """Return whether the role exists and its trust policy lets the principal assume it.

        `keys` are the request's condition keys, in lower case.
        """
        document = self.trust_policy(arn)
        if document is None:
            return False
        self._tell(f"the trust policy of {arn}", document, problems(document, trust=True))
        asked = Permission("sts:AssumeRole", arn, keys, principal)
        return decide({"trust": document}, asked).effect == "allowed"

    def trusts(self, arn: str, service: str, source: str) -> bool:
        """Return whether the role lets a service assume it on behalf of `source`, an ARN of the account."""
        keys = {"aws:sourcearn": source, "aws:sourceaccount": ACCOUNT}
        return self.may_assume(arn, principals.of_service(service), keys)

    def _tell(self, what: str, document: str, found: tuple[str, ...]) -> None:
        """Say once in the log what of a policy is wrong, or not evaluated."""
        if found and (what, document) not in self._told:
            self._told.add((what, document))
            logger.warning("%s: %s", what, "; ".join(found))
