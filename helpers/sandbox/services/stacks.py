"""CloudFormation, which is moto's: it creates and deletes what moto has, and refuses the rest.

Alone, moto calls a stack CREATE_COMPLETE whose resources it has skipped, as it has no class for them
(AWS::Budgets::Budget), or made where this sandbox looks for none (AWS::SageMaker::Endpoint), and
UPDATE_COMPLETE whose roles are what they were.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

_OURS = "AWS::SageMaker::"  # the sandbox has a SageMaker of its own, which moto's knows nothing of


@cache
def refuse_what_is_not_made() -> None:
    """Let moto's CloudFormation refuse what it would not really do (importing it takes 3 s)."""
    from moto.cloudformation.parsing import ResourceMap
    from moto.iam.models import ManagedPolicy, Role

    load, update, put = ResourceMap.load, ResourceMap.update, Role.put_policy

    def checked_load(stack: Any) -> None:
        load(stack)
        _check_types(stack)

    def checked_update(stack: Any, template: dict[str, Any], parameters: Any = None) -> None:
        _check_update(stack, template, parameters)
        update(stack, template, parameters)

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
    policy.backend.delete_policy(policy.arn)


def _check_update(stack: Any, template: dict[str, Any], parameters: Any) -> None:
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
        _refuse("No updates are to be performed.")  # AWS's text
    if kinds := sorted({template["Resources"][name]["Type"] for name in changed}):
        _refuse(
            f"The sandbox's CloudFormation cannot change {', '.join(kinds)}: delete the stack and create it "
            "again."
        )


def _check_types(stack: Any) -> None:
    """Raise ValidationError for types of resources that moto would only pretend to make."""
    from moto.cloudformation.parsing import get_model_map

    known = [each for each in get_model_map() if not each.startswith(_OURS)]
    kinds = sorted({str(each.get("Type")) for each in _made(stack).values()})
    if missing := [each for each in kinds if each not in known and not each.startswith("Custom::")]:
        # AWS's text for a type that it does not know; the rest is ours
        _refuse(
            f"Template format error: Unrecognized resource types: [{', '.join(missing)}] (the sandbox's "
            "CloudFormation does not practise these)"
        )


def _made(stack: Any) -> dict[str, Mapping[str, Any]]:
    """Return the template's resources whose condition holds, by name."""
    resources = {name: each for name, each in stack._resource_json_map.items() if isinstance(each, dict)}
    holds = stack.lazy_condition_map
    return {
        name: each for name, each in resources.items() if "Condition" not in each or holds[each["Condition"]]
    }


def _refuse(message: str) -> None:
    from moto.cloudformation.exceptions import ValidationError

    raise ValidationError(message=message)
