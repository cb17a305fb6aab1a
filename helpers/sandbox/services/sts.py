"""STS: who the caller is, and keys for a session of a role."""

import re
from collections.abc import Mapping
from typing import Any, Protocol

from ..aws.caller import Caller
from ..aws.query import QueryService
from ..aws.service import AwsError, Context
from ..server.keys import Key, Keys
from .authorization import principals

_HOUR = 3600
_NOT_PRACTISED = ("Policy", "PolicyArns", "Tags", "SerialNumber", "TokenCode", "ProvidedContexts")


class Trust(Protocol):
    """What knows whom a role trusts; `iam.Roles` is one."""

    def may_assume(self, arn: str, principal: principals.Names, keys: Mapping[str, str]) -> bool:
        """Return whether the role exists and its trust policy lets the principal assume it."""

    def longest_session(self, arn: str) -> int:
        """Return the role's MaxSessionDuration, in seconds."""


class Sts(QueryService):
    """The service `sts`: GetCallerIdentity, AssumeRole, GetSessionToken."""

    service_name = "sts"

    def __init__(self, keys: Keys, roles: Trust) -> None:
        super().__init__()
        self._keys = keys
        self._roles = roles

    def get_caller_identity(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the account and the caller's session."""
        return {
            "UserId": _user_id(context.caller),
            "Account": context.account,
            "Arn": context.caller.arn,
        }

    def assume_role(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return keys for a session of a role that trusts the caller, the caller's role or the account."""
        _check_practised("AssumeRole", params)
        arn = params["RoleArn"]
        if not self._is_trusted(arn, params.get("ExternalId"), context):
            message = (
                f"User: {context.caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            )
            raise AwsError("AccessDenied", message, 403)
        seconds = params.get("DurationSeconds", _HOUR)
        self._check_duration(seconds, arn, context.caller)
        caller = Caller(arn, params["RoleSessionName"])
        return {
            "Credentials": _shown(self._keys.issue(caller, seconds)),
            "AssumedRoleUser": {"AssumedRoleId": _user_id(caller), "Arn": caller.arn},
            "PackedPolicySize": 0,
        }

    def get_session_token(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return temporary keys for the same caller.

        AWS gives them to users only; the sandbox's own key is a role's that does not expire, as a user's.
        """
        if context.caller.is_temporary:  # quoted in aws-sdk-net#1704, with its status in apache/hadoop#6538
            raise AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
        _check_practised("GetSessionToken", params)
        return {"Credentials": _shown(self._keys.issue(context.caller, params.get("DurationSeconds", 43200)))}

    def _check_duration(self, seconds: int, role_arn: str, caller: Caller) -> None:
        """Raise AWS's ValidationError for a session that would be too long."""
        too_long = "The requested DurationSeconds exceeds the"
        # also with keys of GetSessionToken: quoted in mmmorris1975/aws-runas#11
        if caller.is_temporary and seconds > _HOUR:
            limit = "1 hour session limit for roles assumed by role chaining."
            raise AwsError("ValidationError", f"{too_long} {limit}")
        if seconds > self._roles.longest_session(role_arn):
            raise AwsError("ValidationError", f"{too_long} MaxSessionDuration set for this role.")

    def _is_trusted(self, role_arn: str, external_id: str | None, context: Context) -> bool:
        caller = principals.of_session(context.account, context.caller.role_arn, context.caller.arn)
        keys = {"sts:externalid": external_id} if external_id else {}
        return self._roles.may_assume(role_arn, caller, keys)


def _check_practised(operation: str, params: dict[str, Any]) -> None:
    """Refuse what would limit the session, or prove who asks for it, and be left out."""
    if refused := [name for name in _NOT_PRACTISED if params.get(name)]:
        raise AwsError("ValidationError", f"The sandbox does not practise {refused[0]} in {operation}.")


def _user_id(caller: Caller) -> str:
    """Return the role's id, made of its name, and the session's name."""
    return f"AROA{re.sub('[^A-Z0-9]', '', caller.role_name.upper())[:17]:X<17}:{caller.session}"


def _shown(key: Key) -> dict[str, Any]:
    return {
        "AccessKeyId": key.credentials.access_key,
        "SecretAccessKey": key.credentials.secret_key,
        "SessionToken": key.credentials.token,
        "Expiration": key.expires,
    }
