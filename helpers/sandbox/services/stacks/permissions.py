"""The types of resources that stacks are made of here, and the permissions that each one needs.

Source: the Service Authorization Reference (2026-11). On AWS a type needs more, such as those to read what
it has made.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...settings import ACCOUNT
from ..authorization.conditions import listed
from ..authorization.policy import Permission

Properties = Mapping[str, Any]


class Names(Protocol):
    """What knows the ARN, with the path, of the role of a name; `iam.Roles` is one."""

    def role_arn(self, name: str) -> str | None:
        """Return the role's ARN; None if there is none."""


@dataclass(frozen=True)
class Kind:
    """A type: the actions that make and delete it, its ARN, and what its properties need besides.

    `arn` has the places {name} and {path}; without one the sandbox can't tell. `parts` are property -> verbs
    of an action on the resource itself, `holders` property -> actions on the roles (or others) that it names.
    `not_made` are properties that moto would leave out unsaid.
    """

    make: str = ""
    delete: str = ""
    name: str = ""
    arn: str | None = None
    parts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    holders: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    not_made: tuple[str, ...] = ()


def _holders(thing: str, made: str, deleted: str) -> dict[str, tuple[str, str]]:
    return {
        f"{who}s": (f"iam:{made}{who}{thing}", f"iam:{deleted}{who}{thing}")
        for who in ("Role", "User", "Group")
    }


_IAM = f"arn:aws:iam::{ACCOUNT}"
KINDS: dict[str, Kind] = {
    "AWS::IAM::Role": Kind(
        *("iam:CreateRole", "iam:DeleteRole", "RoleName", _IAM + ":role{path}{name}"),
        parts={
            "Policies": ("iam:PutRolePolicy", "iam:DeleteRolePolicy"),
            "Tags": ("iam:TagRole", ""),
        },
        not_made=("ManagedPolicyArns", "PermissionsBoundary"),
    ),
    "AWS::IAM::ManagedPolicy": Kind(
        *("iam:CreatePolicy", "iam:DeletePolicy", "ManagedPolicyName", _IAM + ":policy{path}{name}"),
        holders=_holders("Policy", "Attach", "Detach"),
    ),
    "AWS::IAM::Policy": Kind(holders=_holders("Policy", "Put", "Delete")),
    "AWS::Logs::LogGroup": Kind("logs:CreateLogGroup", "logs:DeleteLogGroup"),
    "AWS::S3::Bucket": Kind("s3:CreateBucket", "s3:DeleteBucket", "BucketName", "arn:aws:s3:::{name}"),
    "AWS::SNS::Topic": Kind("sns:CreateTopic", "sns:DeleteTopic"),
    "AWS::SQS::Queue": Kind("sqs:CreateQueue", "sqs:DeleteQueue"),
}


def needed(
    kind: str, name: str, properties: Properties, roles: Names, *, deletes: bool = False
) -> Iterator[Permission]:
    """Yield the permissions to make a resource, or to delete it; `name` is for one without its own."""
    found = KINDS[kind]
    named = str(properties.get(found.name, name))
    arn = found.arn and found.arn.format(name=named, path=properties.get("Path", "/"))
    if action := found.delete if deletes else found.make:
        yield Permission(action, arn)
    for part, actions in found.parts.items():
        if properties.get(part) and (action := actions[deletes]):
            yield Permission(action, arn)
    for holder, actions in found.holders.items():
        for each in listed(properties.get(holder)):
            known = roles.role_arn(str(each)) if holder == "Roles" else None
            yield Permission(actions[deletes], known)
