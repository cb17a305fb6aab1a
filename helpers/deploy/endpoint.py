"""Endpoints by name: deploy, look at, wait for.

Three constructs of SageMaker's make one endpoint, and all three get the endpoint's name: the Model (which
package, which role), the EndpointConfig (on which instances, as production variants), the Endpoint (running).
Names are fixed before anything is created, so whatever happens, clean_up.delete finds it all again.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .. import catalog
from ..connect.aws_errors import explained, if_there
from ..connect.session import Session
from ..consent import shown
from ..errors import BadInput, EndpointFailed, EndpointNotFound, EndpointNotReady
from .capacity import UNKNOWN, Capacity, capacity

CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack")


@dataclass(frozen=True)
class Endpoint:
    """What SageMaker knows of an endpoint; `model` is None for a package the catalogue lacks.

    `instance_type` and `instance_count` are the first variant's as it was made; `capacity` is what all
    variants may come to, which is what the price counts.
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
    capacity: Capacity = UNKNOWN


def find(session: Session, endpoint_name: str) -> Endpoint | None:
    """The endpoint of that name, or None."""
    try:
        return describe(session, endpoint_name)
    except EndpointNotFound:
        return None


def describe(session: Session, endpoint_name: str) -> Endpoint:
    """What SageMaker says of the endpoint now; raises EndpointNotFound."""
    check_name(endpoint_name)
    sagemaker = session.client("sagemaker")
    with explained(f"look at the endpoint {endpoint_name!r} in {session.region}"):
        endpoint = sagemaker.describe_endpoint(EndpointName=endpoint_name)
        # What an endpoint was made from may have been deleted since: it runs on, and bills.
        config_name = endpoint.get("EndpointConfigName", "")
        config = if_there(sagemaker.describe_endpoint_config, EndpointConfigName=config_name) or {}
        variants = _variants(config)
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
        capacity=capacity(variants, _variants(endpoint)),
    )


def _variants(described: dict[str, Any]) -> list[dict[str, Any]]:
    """The variants of a configuration, or of an endpoint as it is now, shadow variants among them."""
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
    """Wait until the endpoint is InService, telling each change of its status and each minute that passes.

    Interrupt it whenever you like and call it again: the endpoint goes on by itself. Raises EndpointFailed
    with SageMaker's reason, or EndpointNotReady after `seconds`.
    """
    started, told, minutes = clock(), "", 0
    while True:
        endpoint = describe(session, endpoint_name)
        if endpoint.status != told:
            tell(f"{endpoint_name}: {endpoint.status}")
        told = endpoint.status
        if endpoint.status not in CHANGING:
            return _ready(endpoint)
        waited = clock() - started
        if waited > seconds:
            raise EndpointNotReady(
                f"{endpoint_name} is still {endpoint.status} after {waited / 60:.0f} minutes, and it bills. "
                f"Wait on with wait(session, {endpoint_name!r}), or delete(session, {endpoint_name!r})."
            )
        if waited // 60 > minutes:
            minutes = int(waited // 60)
            tell(f"{endpoint_name}: {endpoint.status}, {minutes} min")
        sleep(min(15.0, 0.25 + waited / 10))


def _ready(endpoint: Endpoint) -> Endpoint:
    if endpoint.status == "InService":
        return endpoint
    raise EndpointFailed(
        f"{endpoint.name} is {endpoint.status}: {endpoint.failure_reason or 'SageMaker gives no reason.'} "
        f"A failed endpoint can only be deleted: delete(session, {endpoint.name!r})."
    )


TAG = {"Key": "made-by", "Value": "cohere-on-sagemaker"}


NAME_RULE = "up to 63 letters, digits and hyphens, beginning and ending with a letter or digit"


def check_name(name: str) -> str:
    """Return `name`, or raise BadInput: SageMaker takes up to 63 letters, digits and single inner hyphens."""
    if not is_name(name):
        raise BadInput(f"{shown(name)} cannot be an endpoint's name: {NAME_RULE}.")
    return name


def is_name(name: object) -> bool:
    """Whether SageMaker takes it as an endpoint's, a configuration's or a model's name."""
    return type(name) is str and len(name) <= 63 and bool(re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name))
