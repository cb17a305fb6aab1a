"""Who calls: a session of one of the account's roles."""

from dataclasses import dataclass

from ..settings import ROLE_ARN


@dataclass(frozen=True)
class Caller:
    """A session of a role, as which somebody calls; by default that of SageMaker Studio.

    `is_temporary` tells that STS gave out the keys, which expire.
    """

    role_arn: str = ROLE_ARN
    session: str = "SageMaker"
    is_temporary: bool = False

    @property
    def role_name(self) -> str:
        """The role's name without its path."""
        return self.role_arn.rpartition("/")[2]

    @property
    def arn(self) -> str:
        """The session's ARN, as GetCallerIdentity and AccessDenied write it: without the role's path."""
        account = self.role_arn.split(":")[4]
        return f"arn:aws:sts::{account}:assumed-role/{self.role_name}/{self.session}"
