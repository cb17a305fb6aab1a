"""What a stack makes and deletes needs a permission: its role's, or without one that of whoever calls.

What is refused fails in CloudFormation's way: the resource is CREATE_FAILED with the reason, and the stack is
rolled back. A role must let CloudFormation assume it, and whoever names it needs iam:PassRole, which the
gateway checks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Protocol
from uuid import uuid4

from ...aws.caller import Caller
from ...settings import ACCOUNT
from ..authorization.authorizer import denial
from ..authorization.policy import Decision, Permission
from . import checks
from .permissions import KINDS, Names, needed

CALLER: ContextVar[Caller] = ContextVar("caller")  # who has sent the request that moto answers
_ACTOR: ContextVar[Caller | None] = ContextVar("actor", default=None)
_SERVICE, _SESSION = "cloudformation.amazonaws.com", "AWSCloudFormation"  # as users quote its session's name


class Roles(Names, Protocol):
    """What knows the account's roles; `iam.Roles` is one."""

    def decide(self, arn: str, asked: Permission) -> Decision:
        """Return what a role's identity-based policies say of a permission."""

    def trusts(self, arn: str, service: str, source: str) -> bool:
        """Return whether the role lets a service assume it on behalf of `source`."""


class Failed(Exception):
    """A resource that was not made, or not deleted, and why."""

    def __init__(self, logical_id: str, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.logical_id, self.kind, self.reason = logical_id, kind, reason


def connect(roles: Roles) -> None:
    """Let moto's CloudFormation ask for permissions, and refuse what it only claims (importing takes 3 s)."""
    from moto.cloudformation.models import CloudFormationBackend, Stack
    from moto.cloudformation.parsing import ResourceMap, get_model_map
    from moto.cloudformation.responses import CloudFormationResponse

    checks.connect()
    stacks = _Stacks(roles)
    for place, name, method in (
        (ResourceMap, "_delete_resource", stacks.delete_resource),
        (CloudFormationBackend, "create_stack", stacks.create),
        (CloudFormationBackend, "create_change_set", stacks.create_change_set),
        (CloudFormationBackend, "execute_change_set", stacks.execute_change_set),
        (CloudFormationBackend, "delete_stack", stacks.delete),
        (CloudFormationResponse, "delete_stack", stacks.delete_with_role),
        (Stack, "update", stacks.update),
    ):
        setattr(place, name, _around(getattr(place, name), method))
    making = "create_from_cloudformation_json"
    for kind in KINDS:
        model = get_model_map()[kind]
        original = vars(model)[making].__func__
        setattr(model, making, classmethod(_around(original, stacks.make_resource)))


def _around(original: Any, method: Callable[..., Any]) -> Callable[..., Any]:
    """Return moto's function with `method` around it, which is given the function first."""
    original = getattr(original, "__wrapped__", original)

    @wraps(original)
    def around(*given: Any, **named: Any) -> Any:
        return method(original, *given, **named)

    return around


class _Stacks:
    """What stands around moto's functions, each named for one of them."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles

    def make_resource(
        self, original: Any, cls: Any, name: str, document: Any, *given: Any, **named: Any
    ) -> Any:
        logical_id, kind = named["LogicalId"], named["ResourceType"]
        self._check(logical_id, kind, needed(kind, name, document.get("Properties") or {}, self._roles))
        with _failing(logical_id, kind):
            return original(cls, name, document, *given, **named)

    def delete_resource(self, original: Any, resources: Any, resource: Any, document: Any) -> None:
        kind, properties = document["Type"], document.get("Properties") or {}
        own = {KINDS[kind].name: getattr(resource, "name", ""), "Path": getattr(resource, "path", "/")}
        asked = needed(kind, "", {**properties, **own}, self._roles, deletes=True)
        self._check(resource.logical_resource_id, kind, asked)
        with _failing(resource.logical_resource_id, kind):
            original(resources, resource, document)

    def create(self, original: Any, backend: Any, name: str, *given: Any, **named: Any) -> Any:
        role = self._checked(named.get("role_arn"), backend, name)
        with _acting(role):
            try:
                return original(backend, name, *given, **named)
            except Failed as failed:
                stack = backend.get_stack(name)
                _roll_back(stack, failed)
                return stack

    def create_change_set(
        self, original: Any, backend: Any, stack_name: str, *given: Any, **named: Any
    ) -> Any:
        self._checked(named.get("role_arn"), backend, stack_name)
        return original(backend, stack_name, *given, **named)

    def execute_change_set(
        self, original: Any, backend: Any, change_set_name: str, *given: Any, **named: Any
    ) -> Any:
        change_set = backend.describe_change_set(change_set_name)
        if change_set.execution_status != "AVAILABLE":
            # wording (not established): AWS has deleted it by then, or says InvalidChangeSetStatus
            checks.refuse(f"ChangeSet {change_set_name} was executed, or has no changes.")
        stack = change_set.stack
        stack.role_arn = change_set.role_arn or stack.role_arn
        with _acting(stack.role_arn):
            try:
                return original(backend, change_set_name, *given, **named)
            except Failed as failed:
                change_set.execution_status = "EXECUTE_FAILED"
                _roll_back(stack, failed, "" if change_set.change_set_type == "CREATE" else "UPDATE_")

    def update(
        self, original: Any, stack: Any, template: str, role_arn: str | None = None, *given: Any, **named: Any
    ) -> None:
        role = self._checked(role_arn, stack, stack.name) or stack.role_arn
        before = stack.template, stack.template_dict
        with _acting(role):
            try:
                original(stack, template, role, *given, **named)
            except Exception as error:
                stack.template, stack.template_dict = before
                if not isinstance(error, Failed):
                    raise
                _roll_back(stack, error, "UPDATE_")

    def delete(self, original: Any, backend: Any, name_or_stack_id: str) -> None:
        stack = backend.stacks.get(name_or_stack_id)
        if stack is None:  # then it is a name, and moto asks again for the id of each
            return original(backend, name_or_stack_id)  # type: ignore[no-any-return]
        with _acting(stack.role_arn):
            try:
                original(backend, name_or_stack_id)
            except Failed as failed:
                backend.stacks[stack.stack_id] = stack
                _tell_resource(stack, failed, "DELETE_FAILED")
                told = f"The following resource(s) failed to delete: [{failed.logical_id}]."
                _tell(stack, "DELETE_FAILED", told)
        return None

    def delete_with_role(self, original: Any, response: Any) -> Any:
        """Delete with the role that DeleteStack names, which moto does not read."""
        if role := response._get_param("RoleARN"):
            backend = response.cloudformation_backend
            stack = backend.get_stack(response._get_param("StackName"))
            stack.role_arn = self._checked(role, backend, stack.name)
        return original(response)

    def _check(self, logical_id: str, kind: str, permissions: Iterator[Permission]) -> None:
        actor = _ACTOR.get() or CALLER.get()
        for asked in permissions:
            decision = self._roles.decide(actor.role_arn, asked)
            if decision.effect != "allowed":
                message = denial(actor.arn, asked, decision)
                raise Failed(logical_id, kind, _reason(kind, message, "AccessDenied"))

    def _checked(self, role: str | None, place: Any, stack_name: str) -> str | None:
        """Return a stack's role, if it has one; refuse one that CloudFormation may not assume."""
        # whether aws:SourceArn is the stack's ARN (not established)
        source = f"arn:aws:cloudformation:{place.region_name}:{ACCOUNT}:stack/{stack_name}/"
        if role and not self._roles.trusts(role, _SERVICE, source):
            checks.refuse(f"Role {role} is invalid or cannot be assumed")
        return role


@contextmanager
def _failing(logical_id: str, kind: str) -> Iterator[None]:
    """Let what moto refuses be a resource's failure."""
    try:
        yield
    except Exception as error:
        told = str(getattr(error, "message", "") or f"moto could not do it: {error!r}")
        raise Failed(logical_id, kind, _reason(kind, told, "GeneralServiceException")) from error


@contextmanager
def _acting(role: str | None) -> Iterator[None]:
    """Act as the role; without one as before: for a stack in another, as that one does."""
    token = _ACTOR.set(Caller(role, _SESSION) if role else _ACTOR.get())
    try:
        yield
    finally:
        _ACTOR.reset(token)


def _roll_back(stack: Any, failed: Failed, prefix: str = "") -> None:
    """Delete what a failed creation has made, or tell that a failed update has been taken back."""
    _tell_resource(stack, failed, "CREATE_FAILED")
    told = f"The following resource(s) failed to create: [{failed.logical_id}]."
    _tell(stack, f"{prefix}ROLLBACK_IN_PROGRESS", told if prefix else f"{told} Rollback requested by user.")
    try:
        if not prefix:
            stack.resource_map.delete()
            stack.resource_map._resource_json_map = {}  # or moto would make them when they are described
            stack.template_dict = {**stack.template_dict, "Resources": {}, "Outputs": {}}
            stack.output_map = stack._create_output_map()
    except Failed as again:
        _tell_resource(stack, again, "DELETE_FAILED")
        _tell(stack, "ROLLBACK_FAILED", f"The following resource(s) failed to delete: [{again.logical_id}].")
    else:
        _tell(stack, f"{prefix}ROLLBACK_COMPLETE")


def _tell(stack: Any, status: str, reason: str | None = None) -> None:
    stack._add_stack_event(status, resource_status_reason=reason)
    stack.status = status


def _tell_resource(stack: Any, failed: Failed, status: str) -> None:
    from moto.cloudformation.models import Event

    named = (stack.stack_id, stack.name, failed.logical_id, "", failed.kind)
    stack.events.append(Event(*named, status, failed.reason, None))


def _reason(kind: str, message: str, code: str) -> str:
    """Return the reason of an event, as users quote it for AWS::IAM::Role."""
    called = (
        f"Service: {kind.split('::')[1].capitalize()}, Status Code: {403 if code == 'AccessDenied' else 400}"
    )
    told = f'"{message} ({called}, Request ID: {uuid4()})"'
    return f"Resource handler returned message: {told} (RequestToken: {uuid4()}, HandlerErrorCode: {code})"
