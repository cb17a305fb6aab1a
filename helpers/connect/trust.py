"""Whether a role's trust policy lets a service assume it for this account, as IAM evaluates it.

Each part of a statement holds, does not, or can't be judged from here (None). Known of the request are the
service, aws:SourceAccount, and of aws:SourceArn what `SOURCES` has.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SAGEMAKER, SCHEDULER = "sagemaker.amazonaws.com", "scheduler.amazonaws.com"
GROUP = "cohere-on-sagemaker"  # keeps our schedules apart from those of other programs
# The scheduler gives its schedule group (its user guide, Confused deputy prevention); SageMaker a resource of
# its own, and which one it is for a model: (not established).
SOURCES = {
    SAGEMAKER: "arn:{}:sagemaker:{}:{}:",
    SCHEDULER: f"arn:{{}}:scheduler:{{}}:{{}}:schedule-group/{GROUP}",
}
OPERATORS = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")
Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Trust:
    """Whether the service may assume the role ("unknown": can't be told), and the statements that decide it.

    Those of an "implicitDeny" allow it to the service, under a condition that does not hold.
    """

    effect: Literal["allowed", "explicitDeny", "implicitDeny", "unknown"]
    statements: tuple[Statement, ...] = ()

    def __str__(self) -> str:
        return ", ".join(json.dumps(each) for each in self.statements)


def trust(role: Mapping[str, Any], service: str, region: str) -> Trust:
    """Return whether a role, as IAM's GetRole describes it, lets SAGEMAKER or SCHEDULER assume it."""
    _, partition, _, _, account, _ = role["Arn"].split(":", 5)
    keys = {
        "aws:sourceaccount": account,
        "aws:sourcearn": SOURCES[service].format(partition, region, account),
    }
    judged = [
        (each, _all([_names(each, service), _conditions_hold(each, keys)])) for each in statements(role)
    ]

    def those(effect: str, applies: bool | None) -> tuple[Statement, ...]:
        return tuple(each for each, told in judged if each.get("Effect") == effect and told is applies)

    if denying := those("Deny", True):
        return Trust("explicitDeny", denying)
    allowing, open_ = those("Allow", True), those("Allow", None)
    if not allowing and not open_:
        named = [each for each in those("Allow", False) if _names(each, service)]
        return Trust("implicitDeny", tuple(named))
    if allowing and not those("Deny", None):
        return Trust("allowed", allowing)
    return Trust("unknown", those("Deny", None) or open_)


def statements(role: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of a role's trust policy."""
    return listed((role.get("AssumeRolePolicyDocument") or {}).get("Statement"))


def listed(value: Any) -> list[Any]:
    """Return a policy's element as a list: it may be one, a single value, or left out."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _names(statement: Statement, service: str) -> bool | None:
    """Return whether the statement is for sts:AssumeRole by the service, its conditions aside."""
    return _all([_is_for_action(statement), _is_for_service(statement, service)])


def _is_for_action(statement: Statement) -> bool:
    name = "Action" if "Action" in statement else "NotAction"
    found = any(_like(each.lower(), "sts:assumerole") for each in listed(statement.get(name)))
    return found == (name == "Action")


def _is_for_service(statement: Statement, service: str) -> bool | None:
    """Return whether Principal or NotPrincipal means the service.

    "*" means everybody: in a Deny services too, as AWS's examples exempt them by aws:PrincipalIsAWSService.
    Whether it does in an Allow: (not established). NotPrincipal is for Deny only (both: IAM User Guide).
    """
    denies = statement.get("Effect") == "Deny"
    if "Principal" in statement:
        return _lists(statement["Principal"], service, everybody=True if denies else None)
    return _not(_lists(statement.get("NotPrincipal"), service, everybody=True)) if denies else None


def _lists(principal: Any, service: str, *, everybody: bool | None) -> bool | None:
    named = principal if isinstance(principal, dict) else {"AWS": principal}
    if service in listed(named.get("Service")):
        return True
    if "*" in listed(named.get("AWS")):
        return everybody
    return None if "*" in listed(named.get("Service")) else False


def _conditions_hold(statement: Statement, keys: Mapping[str, str]) -> bool | None:
    return _all(
        [
            _holds(operator.removesuffix("IfExists"), listed(values), keys.get(key.lower()))
            for operator, wanted in statement.get("Condition", {}).items()
            for key, values in wanted.items()
        ]
    )


def _holds(operator: str, values: list[Any], given: str | None) -> bool | None:
    positive = operator.replace("Not", "")
    if given is None or positive not in OPERATORS:
        return None
    found = [_matches(positive, str(each), given) for each in values]
    matches = True if True in found else None if None in found else False
    return _not(matches) if "Not" in operator else matches


def _matches(operator: str, pattern: str, given: str) -> bool | None:
    """Return whether a condition's value is that given; of an ARN that ends with ":" the rest is open."""
    if "${" in pattern:
        return None
    if operator in ("ArnEquals", "ArnLike"):
        return _arn_matches(pattern.split(":", 5), given.split(":", 5))
    if given.endswith(":"):
        begins = operator == "StringLike" and pattern.endswith("*") and _like(pattern, given)
        return True if begins else None
    if operator == "StringEqualsIgnoreCase":
        return pattern.lower() == given.lower()
    return _like(pattern, given) if operator == "StringLike" else pattern == given


def _arn_matches(pattern: list[str], given: list[str]) -> bool | None:
    if not len(pattern) == len(given) == 6:
        return None
    if not all(map(_like, pattern[:5], given[:5])):
        return False
    return _like(pattern[5], given[5]) if given[5] else True if pattern[5] == "*" else None


def _like(pattern: str, value: str) -> bool:
    """Return whether a value matches a pattern of `*` (any characters) and `?` (one)."""
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


def _all(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _not(part: bool | None) -> bool | None:
    return None if part is None else not part
