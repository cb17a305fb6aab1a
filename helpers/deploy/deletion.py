"""What the role of a deadline has to be allowed, and whether it is: AWS stores a schedule of any role.

It deletes the endpoint. For one that scales by itself SageMaker also asks for the permission to end that.
"""

import json
import shlex
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from ..connect.aws_errors import explained
from ..connect.roles import Trouble
from ..connect.session import Session
from ..connect.simulation import Case, denied
from ..errors import NotPermitted, TutorialError
from .endpoint import TAG

DELETE, END_SCALING = "sagemaker:DeleteEndpoint", "application-autoscaling:DeregisterScalableTarget"
POLICY_NAME = "delete-endpoints-of-the-tutorial"  # as data/account.yaml calls it
_RESOURCES = {
    DELETE: "arn:{}:sagemaker:{}:{}:endpoint/{}",
    END_SCALING: "arn:{}:application-autoscaling:{}:{}:scalable-target/{}",
}
_TAGGED = {f"aws:ResourceTag/{TAG['Key']}": TAG["Value"]}


def check_permission(
    session: Session, role_arn: str, action: str, endpoint_name: str, tell: Callable[[str], object]
) -> None:
    """Raise NotPermitted, with the cure, if the role may not DELETE the endpoint, or END_SCALING of it.

    Where that can't be told, `tell` why and go on.
    """
    found = lacking(session, role_arn, action, endpoint_name)
    if found is not None and found.sure:
        raise NotPermitted(f"The deadline would end nothing: {found.why}. {found.cure}")
    if found is not None:
        tell(f"{endpoint_name}: {found.why}.")


def lacking(session: Session, role_arn: str, action: str, endpoint_name: str) -> Trouble | None:
    """Return why the role may not DELETE this tutorial's endpoint, or END_SCALING of it; None if it may."""
    resource = _resource(role_arn, action, session.region, endpoint_name.lower())
    case = Case((action,), (resource,), _TAGGED if action == DELETE else {})
    try:
        with explained("simulate the permissions of the deadline's role"):
            found = next(denied(session, role_arn, case), None)
    except (TutorialError, ClientError) as error:
        why = f"whether {role_arn} may {action} can't be told: {' '.join(str(error).split())}"
        return Trouble(why.rstrip("."), "", sure=False)
    if found is None:
        return None
    return Trouble(f"{role_arn} lacks the permission {action}", _cure(role_arn, found))


def policy(role_arn: str) -> dict[str, Any]:
    """Return the policy that a deadline's role needs, in its account: that of data/account.yaml."""
    deleting, ending = (
        {"Effect": "Allow", "Action": action, "Resource": _resource(role_arn, action, "*", "*")}
        for action in (DELETE, END_SCALING)
    )
    return {
        "Version": "2012-10-17",
        "Statement": [{**deleting, "Condition": {"StringEquals": _TAGGED}}, ending],
    }


def _resource(role_arn: str, action: str, region: str, name: str) -> str:
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    return _RESOURCES[action].format(partition, region, account, name)


def _cure(role_arn: str, result: Any) -> str:
    """Return what gives the permission, or, where no policy of the role's can, who may."""
    policies = ", ".join(each["SourcePolicyId"] for each in result.get("MatchedStatements", []))
    if result["EvalDecision"] == "explicitDeny":
        return f"take the Deny of it out of the policy that has it: {policies or 'the simulator names none'}"
    if not result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary", True):
        return "the role's permissions boundary does not allow it: ask who administers it"
    if not result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True):
        return "a policy of your organization does not allow it: ask who administers it"
    return (
        f"aws iam put-role-policy --role-name {shlex.quote(role_arn.rpartition('/')[2])} "
        f"--policy-name {POLICY_NAME} --policy-document {shlex.quote(json.dumps(policy(role_arn)))}"
    )
