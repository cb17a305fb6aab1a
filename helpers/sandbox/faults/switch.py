"""What is set, and the answers that follow from it. Used from the server's one thread, so without a lock."""

from collections import Counter
from dataclasses import replace
from typing import Any

from .table import FAULTS, NOT_SET, Setting, Value, checked, find

Key = tuple[str, Value]
_INVOCATIONS = ("InvokeEndpoint", "InvokeEndpointWithResponseStream")


class Faults:
    """The faults that are set: where the sandbox asks before it lets a thing work; with none set, it works.

    `struck(NAME, ...)` asks for one, and counts it when it is there.
    """

    def __init__(self) -> None:
        self._set: dict[Key, Setting] = {}
        self._calls: Counter[Key] = Counter()
        self._of_this_deployment: set[str] = set()

    @property
    def settings(self) -> list[Setting]:
        """All that is set, in the order in which it was."""
        return list(self._set.values())

    def set(self, name: Any, parameters: dict[str, Any]) -> None:
        """Set a fault, in place of one like it. Raises BadFault."""
        setting = checked(name, parameters)
        key = _key(setting)
        self._calls.pop(key, None)
        self._set[key] = setting

    def clear(self, name: Any = None) -> None:
        """Clear one kind of fault, or all. Raises BadFault for a name that there is not."""
        wanted = None if name is None else find(name).name
        for key in [key for key in self._set if wanted in (None, key[0])]:
            del self._set[key]
            self._calls.pop(key, None)

    def struck(self, name: str, **matching: str) -> Setting | None:
        """The setting of that fault if it strikes now. Parameters that were left open match anything."""
        for key, setting in self._set.items():
            given = setting.parameters
            if key[0] == name and all(given[k] in (NOT_SET, value) for k, value in matching.items()):
                self._calls[key] += 1
                if self._calls[key] % int(given.get("every", 1)) == 0:
                    self._count(key, setting)
                    return setting
        return None

    def throttles(self, operation: str) -> bool:
        """Whether this call (of the control plane, or an invocation) is refused with ThrottlingException."""
        plane = "runtime" if operation in _INVOCATIONS else "control"
        setting = next((each for key, each in self._set.items() if key[0] == "throttling"), None)
        if setting is None or setting.parameters["plane"] not in (plane, "both"):
            return False
        return self.struck("throttling") is not None

    def is_subscribed(self, listing_id: str, subscribed: bool) -> bool:
        """Whether SageMaker counts the account as subscribed; `subscribed` is the truth."""
        return subscribed and not self.struck("not-subscribed")

    def quota(self, instance_type: str, usual: int) -> int:
        """The account's quota for that instance type, in instances; asking for it is no strike."""
        setting = self._set.get(("quota", instance_type))
        return usual if setting is None else int(setting.parameters["limit"])

    def begin_deployment(self) -> None:
        """CreateEndpoint or UpdateEndpoint starts: the questions that follow belong to one deployment.

        A lack of capacity strikes it once, with all its variants.
        """
        self._of_this_deployment.clear()

    def has_capacity(self, instance_type: str) -> bool:
        """Whether AWS has such an instance to give right now."""
        if self._of_this_deployment & {instance_type, NOT_SET}:
            return False
        setting = self.struck("no-capacity", instance_type=instance_type)
        if setting:
            self._of_this_deployment.add(str(setting.parameters["instance_type"]))
        return setting is None

    def is_offered(self, instance_type: str, region: str) -> bool:
        """Whether AWS offers that instance type for endpoints in that region."""
        return not self.struck("not-in-region", instance_type=instance_type, region=region)

    def starts(self, endpoint_name: str) -> bool:
        """Whether the endpoint's containers are started at all."""
        return not self.struck("no-start", endpoint=endpoint_name)

    def passes_health_check(self, endpoint_name: str, variant_name: str) -> bool:
        """Whether the variant's container answers its ping when it starts."""
        return not self.struck("health-check", endpoint=endpoint_name)

    def _count(self, key: Key, setting: Setting) -> None:
        limit = int(setting.parameters.get("next", 0))
        if limit == setting.struck + 1:
            del self._set[key]
        else:
            self._set[key] = replace(setting, struck=setting.struck + 1)


def _key(setting: Setting) -> Key:
    of_each = FAULTS[setting.name].of_each
    return setting.name, setting.parameters[of_each] if of_each else NOT_SET
