"""IAM's SimulatePrincipalPolicy, which moto lacks; moto has the rest of IAM."""

from typing import Any, ClassVar

from helpers.sandbox.aws.query import QueryService
from helpers.sandbox.aws.service import AwsError, Context

from .permissions import Roles
from .policy import Permission, context_keys, decide

_NOT_PRACTISED = (
    "PolicyInputList",
    "PermissionsBoundaryPolicyInputList",
    "PolicyExclusionList",
    "ResourcePolicy",
)


class Simulation(QueryService):
    """The service `iam`, of which it answers one operation: roles only, with their policies as they are."""

    service_name = "iam"
    by_moto: ClassVar[bool] = True

    def __init__(self, roles: Roles) -> None:
        super().__init__()
        self._roles = roles

    def simulate_principal_policy(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return for each action and resource whether the role's policies allow it."""
        role = params["PolicySourceArn"]
        if refused := [name for name in _NOT_PRACTISED if params.get(name)]:
            raise AwsError("InvalidInput", f"The sandbox does not practise {refused[0]}.")
        if self._roles.role_arn(role.rpartition("/")[2]) != role:
            # wording (not established)
            raise AwsError("NoSuchEntity", f"The sandbox simulates roles, and there is no role {role}.", 404)
        policies = self._roles.policies(role)
        keys = {
            each["ContextKeyName"].lower(): (each.get("ContextKeyValues") or [""])[0]
            for each in params.get("ContextEntries", [])
        }
        results = [
            _result(policies, Permission(action, resource, keys))
            for action in params["ActionNames"]
            for resource in params.get("ResourceArns") or ["*"]
        ]
        return {"EvaluationResults": results, "IsTruncated": False}


def _result(policies: Any, asked: Permission) -> dict[str, Any]:
    decision = decide(policies, asked)
    missing = [key for key in context_keys(policies, asked.action) if key.lower() not in asked.keys]
    return {
        "EvalActionName": asked.action,
        "EvalResourceName": asked.resource,
        "EvalDecision": decision.effect,
        "MatchedStatements": [
            {"SourcePolicyId": name, "SourcePolicyType": "role"} for name, _ in decision.statements
        ],
        "MissingContextValues": list(dict.fromkeys(missing)),
    }
