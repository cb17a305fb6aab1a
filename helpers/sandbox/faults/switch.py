"""The faults that are set, and the questions that the sandbox asks; used by the event loop's thread only."""

from collections import Counter
from dataclasses import replace
from typing import Any

from .table import FAULTS, NOT_SET, Setting, Value, checked, find

Key = tuple[str, Value]
_INVOCATIONS = ("InvokeEndpoint", "InvokeEndpointWithResponseStream")


class Faults:
    """The faults that are set; the sandbox's parts ask before they act, and with none set everything works.

    `struck(NAME, ...)` asks for one fault and counts the strike.
    """

    def __init__(self) -> None:
        self._set: dict[Key, Setting] = {}
        self._calls: Counter[Key] = Counter()
        self._of_this_deployment: set[str] = set()

    @property
    def settings(self) -> list[Setting]:
        """All faults that are set, oldest first."""
        return list(self._set.values())

    def set(self, name: Any, parameters: dict[str, Any]) -> None:
        """Set a fault; replace an earlier setting of the same key. Raises BadFault."""
        setting = checked(name, parameters)
        key = _key(setting)
        self._calls.pop(key, None)
        self._set[key] = setting

    def clear(self, name: Any = None) -> None:
        """Clear one kind of fault, or all. Raises BadFault for an unknown name."""
        wanted = None if name is None else find(name).name
        for key in [key for key in self._set if wanted in (None, key[0])]:
            del self._set[key]
            self._calls.pop(key, None)

    def struck(self, name: str, **matching: str) -> Setting | None:
        """Return the fault's setting if it strikes now; parameters that are not set match anything."""
        for key, setting in self._set.items():
            given = setting.parameters
            if key[0] == name and all(given[k] in (NOT_SET, value) for k, value in matching.items()):
                self._calls[key] += 1
                if self._calls[key] % int(given.get("every", 1)) == 0:
                    self._count(key, setting)
                    return setting
        return None

    def throttles(self, operation: str) -> bool:
        """Tell whether this call, an invocation or another one, gets a ThrottlingException."""
        plane = "runtime" if operation in _INVOCATIONS else "control"
        setting = next((each for key, each in self._set.items() if key[0] == "throttling"), None)
        if setting is None or setting.parameters["plane"] not in (plane, "both"):
            return False
        return self.struck("throttling") is not None

    def is_subscribed(self, listing_id: str | None, subscribed: bool) -> bool:
        """Tell whether SageMaker treats the account as subscribed; `subscribed` is the true state."""
        return subscribed and not self.struck("not-subscribed")

    def is_known(self) -> bool:
        """Tell whether a model or a configuration that was created is found by what is created from it."""
        return not self.struck("not-known-yet")

    def quota(self, instance_type: str, usual: int) -> int:
        """Return the quota for an instance type, in instances; asking is no strike."""
        setting = self._set.get(("quota", instance_type))
        return usual if setting is None else int(setting.parameters["limit"])

    def quota_lag(self) -> float:
        """Return for how many seconds the instances of an endpoint deleted now still count."""
        setting = self.struck("quota-lag")
        return float(setting.parameters["seconds"]) if setting else 0.0

    def begin_deployment(self) -> None:
        """Note that CreateEndpoint or UpdateEndpoint starts a deployment.

        A lack of capacity strikes a deployment once, with all its variants.
        """
        self._of_this_deployment.clear()

    def has_capacity(self, instance_type: str) -> bool:
        """Tell whether AWS has such an instance available now."""
        if self._of_this_deployment & {instance_type, NOT_SET}:
            return False
        setting = self.struck("no-capacity", instance_type=instance_type)
        if setting:
            self._of_this_deployment.add(str(setting.parameters["instance_type"]))
        return setting is None

    def is_offered(self, instance_type: str, region: str) -> bool:
        """Tell whether AWS offers the instance type for endpoints in the region."""
        return not self.struck("not-in-region", instance_type=instance_type, region=region)

    def starts(self, endpoint_name: str) -> bool:
        """Tell whether the endpoint's containers can be started."""
        return not self.struck("no-start", endpoint=endpoint_name)

    def passes_health_check(self, endpoint_name: str, variant_name: str) -> bool:
        """Tell whether the variant's container answers its ping after the start."""
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
