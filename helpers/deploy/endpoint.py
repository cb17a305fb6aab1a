"""Endpoints by name: find, describe and wait for them.

Three resources of SageMaker make one endpoint, and all three get the endpoint's name: the Model (which
package, which role), the EndpointConfig (on which instances, as production variants), the Endpoint (running).
Names are fixed before anything is created, so whatever happens, clean_up.delete finds it all again.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .. import catalog
from ..connect.aws_errors import explained, if_there
from ..connect.consent import shown
from ..connect.session import Session
from ..errors import BadInput, EndpointFailed, EndpointNotFound, EndpointNotReady
from .capacity import Capacity, capacity

TAG = {"Key": "made-by", "Value": "cohere-on-sagemaker"}
NAME_RULE = "up to 63 letters, digits and hyphens, beginning and ending with a letter or digit"
CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack")


@dataclass(frozen=True)
class Endpoint:
    """What SageMaker knows of an endpoint; `model` is None for a package the catalogue lacks.

    `package_arn` is the model package that it serves, empty where that can't be told.

    `instance_type` and `instance_count` are those the first variant was created with; `configured` and
    `running` are all variants as their configuration and as DescribeEndpoint tells them. The price counts
    `capacity`.
    """

    name: str
    arn: str
    status: str
    model: catalog.Model | None
    model_name: str
    config_name: str
    instance_type: str
    instance_count: int
    created: datetime
    failure_reason: str = ""
    configured: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    running: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    package_arn: str = ""

    @property
    def capacity(self) -> Capacity:
        """What all variants may scale to together, as far as SageMaker itself tells."""
        return self.capacity_with({})

    def capacity_with(self, scaling: Mapping[str, int]) -> Capacity:
        """Return the capacity with the maxima of Application Auto Scaling, by the variants' names."""
        return capacity(self.configured, self.running, scaling)


def find(session: Session, endpoint_name: str) -> Endpoint | None:
    """Return the endpoint of that name, or None."""
    try:
        return describe(session, endpoint_name)
    except EndpointNotFound:
        return None


def describe(session: Session, endpoint_name: str) -> Endpoint:
    """Return what SageMaker says of the endpoint now, or raise EndpointNotFound."""
    check_name(endpoint_name)
    sagemaker = session.client("sagemaker")
    with explained(f"look at the endpoint {endpoint_name!r} in {session.region}"):
        endpoint = sagemaker.describe_endpoint(EndpointName=endpoint_name)
        # What an endpoint was made from may have been deleted since: it runs on, and costs.
        config_name = endpoint.get("EndpointConfigName", "")
        config = if_there(sagemaker.describe_endpoint_config, EndpointConfigName=config_name) or {}
        variants = variants_of(config)
        first = variants[0] if variants else {}
        model_name = first.get("ModelName", "")
        model = if_there(sagemaker.describe_model, ModelName=model_name) or {}
    package = model.get("PrimaryContainer", {}).get("ModelPackageName", "")
    return Endpoint(
        name=endpoint_name,
        arn=endpoint["EndpointArn"],
        status=endpoint["EndpointStatus"],
        model=catalog.model_of_package(package),
        model_name=model_name,
        config_name=config_name,
        instance_type=first.get("InstanceType", "not known"),
        instance_count=first.get("InitialInstanceCount", 0),
        created=endpoint["CreationTime"],
        failure_reason=endpoint.get("FailureReason", ""),
        configured=tuple(variants),
        running=tuple(variants_of(endpoint)),
        package_arn=package,
    )


def variants_of(described: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the variants, shadow ones too, of a configuration or of an endpoint as it is now."""
    return [*described.get("ProductionVariants", []), *described.get("ShadowProductionVariants", [])]


def wait(
    session: Session,
    endpoint_name: str,
    seconds: float = 2700,
    tell: Callable[[str], object] = print,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Endpoint:
    """Wait until the endpoint is InService; `tell` each change of its status and each minute that passes.

    Interrupt it whenever you like and call it again: the endpoint goes on by itself. Raises EndpointFailed
    with SageMaker's reason, or EndpointNotReady after `seconds`.
    """
    too_long = (
        f"and it bills. Wait on with wait(session, {endpoint_name!r}), or delete(session, {endpoint_name!r})."
    )
    waiting = _Waiting(endpoint_name, seconds, tell, clock, sleep)
    while (endpoint := describe(session, endpoint_name)).status in CHANGING:
        waiting.pause(endpoint.status, too_long)
    waiting.report(endpoint.status)
    return usable(endpoint)


def wait_until_gone(
    session: Session,
    endpoint_name: str,
    seconds: float = 2700,
    tell: Callable[[str], object] = print,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Endpoint | None:
    """Wait while the endpoint is being deleted; return None, or a new endpoint that has taken its name.

    It tells its progress as `wait` does. Raises EndpointNotReady after `seconds`.
    """
    waiting = _Waiting(endpoint_name, seconds, tell, clock, sleep)
    while (endpoint := find(session, endpoint_name)) is not None and endpoint.status == "Deleting":
        waiting.pause(endpoint.status, "and nothing was created. Deploy again when it is gone.")
    return endpoint


class _Waiting:
    """The pauses of a wait, longer and longer, and its messages to the reader."""

    def __init__(
        self,
        name: str,
        seconds: float,
        tell: Callable[[str], object],
        clock: Callable[[], float],
        sleep: Callable[[float], object],
    ) -> None:
        self._name, self._seconds, self._tell, self._clock, self._sleep = name, seconds, tell, clock, sleep
        self._started, self._status, self._minutes = clock(), "", 0

    def report(self, status: str) -> None:
        """Tell the status if it has changed."""
        if status != self._status:
            self._tell(f"{self._name}: {status}")
        self._status = status

    def pause(self, status: str, too_long: str) -> None:
        """Pause before the next look; raise EndpointNotReady, with `too_long`, once the time is up."""
        self.report(status)
        waited = self._clock() - self._started
        if waited > self._seconds:
            raise EndpointNotReady(
                f"{self._name} is still {status} after {waited / 60:.0f} minutes, {too_long}"
            )
        if waited // 60 > self._minutes:
            self._minutes = int(waited // 60)
            self._tell(f"{self._name}: {status}, {self._minutes} min")
        self._sleep(min(15.0, 0.25 + waited / 10))


def usable(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint if it is InService; raise EndpointNotReady or EndpointFailed with what to do."""
    if endpoint.status == "InService":
        return endpoint
    if endpoint.status == "Deleting":
        raise EndpointNotReady(f"{endpoint.name} is being deleted: deploy it again when it is gone.")
    if endpoint.status in CHANGING:
        raise EndpointNotReady(f"{endpoint.name} is {endpoint.status}: try again when it is InService.")
    raise EndpointFailed(
        f"{endpoint.name} is {endpoint.status}: {endpoint.failure_reason or 'SageMaker gives no reason.'} "
        f"Such an endpoint can only be deleted: delete(session, {endpoint.name!r}), or 06_clean_up. Then "
        "deploy again; if there was no capacity, on another instance type, in another region, or later."
    )


def check_name(name: str) -> str:
    """Return `name`, or raise BadInput: SageMaker takes up to 63 letters, digits and single inner hyphens."""
    if not is_name(name):
        raise BadInput(f"{shown(name)} cannot be an endpoint's name: {NAME_RULE}.")
    return name


def is_name(name: object) -> bool:
    """Return whether SageMaker takes it as the name of an endpoint, a configuration or a model."""
    return type(name) is str and len(name) <= 63 and bool(re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name))
