"""The table of faults, from which the command line, the checks and the status are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .kinds import action, one_of, seconds, sizes, text, whole

Value = int | float | str
NOT_SET = ""  # a parameter's value that matches any value


class BadFault(ValueError):
    """There is no such fault or parameter, or its value is bad; the message says what is allowed."""


@dataclass(frozen=True)
class Parameter:
    """A fault's parameter; `kind` converts a given value and raises ValueError for a bad one."""

    name: str
    kind: Callable[[Any], Value]
    help: str
    default: Value | None = None

    @property
    def required(self) -> bool:
        """Whether the parameter has no default."""
        return self.default is None


@dataclass(frozen=True)
class Fault:
    """A kind of fault; one can be set for each value of the parameter that `of_each` names."""

    name: str
    help: str
    parameters: tuple[Parameter, ...] = ()
    of_each: str | None = None


@dataclass(frozen=True)
class Setting:
    """A fault that is set, with all its parameters, and how often it has struck."""

    name: str
    parameters: dict[str, Value]
    struck: int = 0

    def __str__(self) -> str:
        given = [f"{name}={value}" for name, value in self.parameters.items() if value != NOT_SET]
        words = " ".join([self.name, *given])
        return f"{words} (struck {self.struck} time{'' if self.struck == 1 else 's'})"


MANY = 1_000_000
NEXT = Parameter("next", whole(0, MANY), "strike so many times, then be cleared; 0: until cleared", 0)
AFTER = Parameter("after", whole(0, MANY), "events (payload parts) that still arrive", 3)
EVERY = Parameter("every", whole(1, MANY), "one call in so many", 1)
_FAULTS = (
    Fault(
        "no-capacity",
        "Deployments fail: AWS has no such instance (InsufficientInstanceCapacity).",
        (
            NEXT,
            Parameter("instance_type", text, "only this instance type, such as ml.g5.xlarge", NOT_SET),
        ),
        of_each="instance_type",
    ),
    Fault(
        "not-in-region",
        "CreateEndpointConfig is refused: the region does not have the instance type.",
        (
            Parameter("instance_type", text, "the instance type, such as ml.g5.xlarge"),
            Parameter("region", text, "only in this region, such as eu-west-1", NOT_SET),
            NEXT,
        ),
        of_each="instance_type",
    ),
    Fault(
        "no-start",
        "Deployments fail: SageMaker cannot start the container, so that it has no log either.",
        (NEXT, Parameter("endpoint", text, "only this endpoint", NOT_SET)),
        of_each="endpoint",
    ),
    Fault(
        "health-check",
        "Deployments fail: the container does not pass the ping health check.",
        (NEXT, Parameter("endpoint", text, "only this endpoint", NOT_SET)),
        of_each="endpoint",
    ),
    Fault(
        "quota",
        "The account's quota for an instance type is another one (ResourceLimitExceeded).",
        (
            Parameter("instance_type", text, "the instance type, such as ml.g5.xlarge"),
            Parameter("limit", whole(0, 1000), "instances that all endpoints may use together", 0),
        ),
        of_each="instance_type",
    ),
    Fault(
        "quota-lag",
        "The instances of a deleted endpoint still count against the quota for a while.",
        (Parameter("seconds", seconds, "from the deletion on", 60.0), NEXT),
    ),
    Fault(
        "not-subscribed",
        "CreateModel and CreateEndpoint find no subscription, whatever the Marketplace says.",
        (NEXT,),
    ),
    Fault(
        "not-known-yet",
        "CreateEndpointConfig and CreateEndpoint do not find what was just created (eventual consistency).",
        (NEXT,),
    ),
    Fault(
        "throttling",
        "Calls are refused with ThrottlingException.",
        (
            EVERY,
            Parameter(
                "plane",
                one_of("runtime", "control", "both"),
                "runtime (InvokeEndpoint...), control (all others of SageMaker), or both",
                "both",
            ),
            NEXT,
        ),
    ),
    Fault(
        "access-denied",
        "Calls that need a permission are refused, whatever the caller's policy says (AccessDenied).",
        (Parameter("action", action, "the permission, such as sagemaker:CreateEndpoint"), NEXT),
        of_each="action",
    ),
    Fault(
        "model-error",
        "The model's container answers with an error, which SageMaker wraps in a ModelError (424).",
        (
            Parameter("status", whole(400, 599), "the container's HTTP status", 500),
            Parameter("message", text, "what the container says", "internal server error"),
            EVERY,
            NEXT,
        ),
    ),
    Fault(
        "timeout",
        "The model does not answer in time: ModelError with status 0.",
        (Parameter("seconds", seconds, "until SageMaker gives up (60 on AWS)", 1.0), EVERY, NEXT),
    ),
    Fault(
        "slow-first-token",
        "The model waits before its first token.",
        (Parameter("seconds", seconds, "how long it waits", 2.0), NEXT),
    ),
    Fault(
        "cut-stream",
        "A stream's TCP connection is closed in the middle, as on the way to the reader.",
        (AFTER, NEXT),
    ),
    Fault(
        "stream-error",
        "A stream ends in a ModelStreamError event.",
        (
            AFTER,
            Parameter(
                "code", one_of("StreamBroken", "ModelInvocationTimeExceeded"), "ErrorCode", "StreamBroken"
            ),
            Parameter("message", text, "the event's message", "The model's stream broke."),
            NEXT,
        ),
    ),
    Fault(
        "stream-failure",
        "A stream ends in an InternalStreamFailure event.",
        (AFTER, Parameter("message", text, "the event's message", "An internal failure occurred."), NEXT),
    ),
    Fault(
        "split-parts",
        "Payload parts end in the middle of JSON objects, and of characters (sent as UTF-8, not as \\u....).",
        (Parameter("sizes", sizes, "bytes of the parts in turn, such as 1,5,2", "1,2,3,5,7"), NEXT),
    ),
    Fault(
        "merge-parts",
        "A payload part holds several JSON objects.",
        (Parameter("objects", whole(2, 1000), "objects in a part", 3), NEXT),
    ),
)
FAULTS: dict[str, Fault] = {fault.name: fault for fault in _FAULTS}


def find(name: Any) -> Fault:
    """Return the fault of that name. Raises BadFault."""
    if not isinstance(name, str) or name not in FAULTS:
        raise BadFault(f"There is no fault {name!r}; there are {', '.join(FAULTS)}.")
    return FAULTS[name]


def checked(name: Any, given: Mapping[str, Any]) -> Setting:
    """Return the setting, with checked parameters and defaults. Raises BadFault."""
    fault = find(name)
    known = [parameter.name for parameter in fault.parameters]
    if unknown := sorted(set(given) - set(known)):
        raise BadFault(f"{fault.name} takes {', '.join(known)}, not {', '.join(map(str, unknown))}.")
    return Setting(fault.name, {each.name: _value(fault, each, given) for each in fault.parameters})


def _value(fault: Fault, parameter: Parameter, given: Mapping[str, Any]) -> Value:
    value = given.get(parameter.name, parameter.default)
    if value is None:
        raise BadFault(f"{fault.name} needs {parameter.name}: {parameter.help}.")
    try:
        return parameter.kind(value)
    except ValueError as error:
        raise BadFault(f"{fault.name}: {parameter.name} is {value!r}: {error}.") from error
