"""Who may be named in a resource-based policy, such as a role's trust policy.

A principal goes by several names, each with its kind: a session of a role is "AWS:" with the account's, the
role's and its own ARN, and a service is "Service:scheduler.amazonaws.com".
"""

import re
from typing import Any

from .conditions import listed

Names = frozenset[str]
EVERYBODY = "AWS:*"


def of_service(name: str) -> Names:
    """Return the names of an AWS service, such as scheduler.amazonaws.com."""
    return frozenset({f"Service:{name}"})


def of_session(account: str, role_arn: str, session_arn: str) -> Names:
    """Return the names of a session of a role."""
    return frozenset(f"AWS:{each}" for each in (_root(account), role_arn, session_arn))


def written(element: Any) -> list[Any]:
    """Return the names that a policy's Principal or NotPrincipal lists; others than text for what is none."""
    if not isinstance(element, dict):
        return [EVERYBODY if element == "*" else None]
    return [
        f"{kind}:{_root(value) if re.fullmatch('[0-9]{12}', value) else value}"
        if isinstance(value, str)
        else None
        for kind, values in element.items()
        for value in listed(values)
    ]


def is_one(written_name: str, names: Names) -> bool:
    """Return whether a name in a policy is one of a principal's.

    "*" is everybody, as `{"AWS": "*"}` is (IAM User Guide, Principal), services among them.
    """
    if written_name == "Service:*":
        return any(each.startswith("Service:") for each in names)
    return written_name == EVERYBODY or written_name in names


def _root(account: str) -> str:
    return f"arn:aws:iam::{account}:root"
