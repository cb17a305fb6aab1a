"""What CloudFormation refuses, as moto would only claim to do it."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn

from .permissions import KINDS


@cache
def connect() -> None:
    """Let moto's CloudFormation refuse what it would not really do, and do the rest in full."""
    from moto.cloudformation.parsing import ResourceMap
    from moto.iam.models import ManagedPolicy, Role

    load, update, put = ResourceMap.load, ResourceMap.update, Role.put_policy

    def checked_load(stack: Any) -> None:
        load(stack)
        _check_types(stack)

    def checked_update(stack: Any, template: dict[str, Any], parameters: Any = None) -> None:
        added = _check_update(stack, template, parameters)
        before = stack._template, stack._resource_json_map, stack.input_parameters
        try:
            update(stack, template, parameters)
        except Exception:
            for name in added:
                if (made := stack._parsed_resources.pop(name, None)) is not None:
                    stack._delete_resource(made, template["Resources"][name])
            stack._template, stack._resource_json_map, stack.input_parameters = before
            raise

    def put_text(role: Any, name: str, document: Any) -> None:
        put(role, name, document if isinstance(document, str) else json.dumps(document))

    for place, name, method in (
        (ResourceMap, "load", checked_load),
        (ResourceMap, "update", checked_update),
        (ManagedPolicy, "delete", _delete_policy),  # moto would leave it behind
        (Role, "put_policy", put_text),  # IAM has text, and a template has an object
    ):
        setattr(place, name, method)


def _delete_policy(policy: Any, account_id: str, region: str) -> None:
    iam = policy.backend
    for holders in (iam.roles, iam.users, iam.groups):
        for holder in holders.values():
            holder.managed_policies.pop(policy.arn, None)
    iam.delete_policy(policy.arn)


def _check_update(stack: Any, template: dict[str, Any], parameters: Any) -> list[str]:
    """Return the names of the resources that an update adds; refuse it if it does more than add."""
    wanted = type(stack)(
        stack.stack_id,
        stack["AWS::StackName"],
        parameters or stack.input_parameters,
        stack.tags,
        region_name=stack["AWS::Region"],
        account_id=stack["AWS::AccountId"],
        template=template,
        cross_stack_resources=stack.cross_stack_resources,
    )
    wanted.load()
    changes = stack.build_resource_diff(template, parameters)
    changed = [each for each in changes["Modify"] if each in _made(wanted)]
    if not (changes["Add"] or changes["Remove"] or changed):
        refuse("No updates are to be performed.")  # AWS's text
    resources = {**stack._resource_json_map, **template["Resources"]}
    if kinds := sorted({resources[name]["Type"] for name in [*changed, *changes["Remove"]]}):
        refuse(
            f"The sandbox's CloudFormation cannot change {', '.join(kinds)}: delete the stack and create it "
            "again."
        )
    return list(changes["Add"])


def _check_types(stack: Any) -> None:
    """Raise ValidationError for types of resources, and properties, that moto would only pretend to make."""
    for name, each in stack._resource_json_map.items():
        if not isinstance(each, dict) or "Type" not in each:
            told = "Every Resources object must contain a Type member."  # AWS's text
            refuse(f"Template format error: [/Resources/{name}] {told}")
    made = _made(stack)
    kinds = sorted({str(each.get("Type")) for each in made.values()})
    if missing := [each for each in kinds if each not in KINDS]:
        # AWS's text for a type that it does not know; the rest is ours
        refuse(
            f"Template format error: Unrecognized resource types: [{', '.join(missing)}] (the sandbox's "
            f"CloudFormation does not practise these, but {', '.join(KINDS)})"
        )
    for name, each in made.items():
        if left_out := [key for key in KINDS[each["Type"]].not_made if key in (each.get("Properties") or {})]:
            refuse(f"The sandbox's CloudFormation does not practise {', '.join(left_out)} of {name}.")


def _made(stack: Any) -> dict[str, Mapping[str, Any]]:
    """Return the template's resources whose condition holds, by name."""
    resources, holds = stack._resource_json_map, stack.lazy_condition_map
    return {
        name: each for name, each in resources.items() if "Condition" not in each or holds[each["Condition"]]
    }


def refuse(message: str) -> NoReturn:
    """Raise AWS's ValidationError."""
    from moto.cloudformation.exceptions import ValidationError

    raise ValidationError(message=message)
