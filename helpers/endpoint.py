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

from . import catalog, marketplace
from .constructs import create
from .costs import agree, price
from .errors import BadInput, EndpointFailed, EndpointNotFound, EndpointNotReady
from .explain import explained, if_there
from .quota import check_quota
from .session import Session

CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack")


@dataclass(frozen=True)
class Endpoint:
    """What SageMaker knows of an endpoint; `model` is None for a package the catalogue lacks."""

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


def deploy(
    session: Session,
    model_id: str,
    endpoint_name: str,
    instance_type: str | None = None,
    *,
    max_usd_per_hour: float | None = None,
    software_usd_per_hour: float | None = None,
    wait_seconds: float = 2700,
    tell: Callable[[str], object] = print,
) -> Endpoint:
    """Create the endpoint and wait until it is InService; when it is there already, attach to it.

    `max_usd_per_hour` is the most you agree to pay (instance plus software); on AWS nothing is created
    without it. `software_usd_per_hour` stands in for a software price that can't be read. Everything that
    can be checked is checked before the first thing is created.
    """
    model = catalog.model(model_id)
    check_name(endpoint_name)
    instance_type = model.check_instance_type(instance_type)
    package_arn = model.package_arn(session.region, instance_type)
    existing = find(session, endpoint_name)
    if existing is not None:
        return _attach(session, existing, model, instance_type, wait_seconds, tell)
    cost = price(session, model, instance_type, software_usd_per_hour=software_usd_per_hour)
    agree(session, cost, max_usd_per_hour, tell)
    marketplace.check_subscribed(session, model.id)
    check_quota(session, instance_type)
    create(session, model, package_arn, endpoint_name, instance_type)
    return wait(session, endpoint_name, wait_seconds, tell)


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
        variant = (config.get("ProductionVariants") or [{}])[0]
        model_name = variant.get("ModelName", "")
        model = if_there(sagemaker.describe_model, ModelName=model_name) or {}
    package = model.get("PrimaryContainer", {}).get("ModelPackageName", "")
    return Endpoint(
        name=endpoint_name,
        arn=endpoint["EndpointArn"],
        status=endpoint["EndpointStatus"],
        model=catalog.model_of_package(package),
        model_name=model_name,
        config_name=config_name,
        instance_type=variant.get("InstanceType", "not known"),
        instance_count=variant.get("InitialInstanceCount", 0),
        created=endpoint["CreationTime"],
        failure_reason=endpoint.get("FailureReason", ""),
    )


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


def check_name(name: str) -> str:
    """Return `name`, or raise BadInput: SageMaker takes up to 63 letters, digits and single inner hyphens."""
    if not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name) or len(name) > 63:
        raise BadInput(
            f"{name!r} cannot be an endpoint's name: up to 63 letters, digits and hyphens, "
            f"beginning and ending with a letter or digit."
        )
    return name


def _attach(
    session: Session,
    existing: Endpoint,
    model: catalog.Model,
    instance_type: str,
    wait_seconds: float,
    tell: Callable[[str], object],
) -> Endpoint:
    if existing.model is not None and existing.model.id != model.id:
        raise BadInput(
            f"{existing.name!r} exists and serves {existing.model.id}, not {model.id}. "
            f"Choose another endpoint_name, or delete it in 06_clean_up."
        )
    other = "" if existing.instance_type == instance_type else f" (not on {instance_type}), at its price"
    tell(f"{existing.name}: exists on {existing.instance_type}{other}; attaching to it")
    return wait(session, existing.name, wait_seconds, tell)


def _ready(endpoint: Endpoint) -> Endpoint:
    if endpoint.status == "InService":
        return endpoint
    raise EndpointFailed(
        f"{endpoint.name} is {endpoint.status}: {endpoint.failure_reason or 'SageMaker gives no reason.'} "
        f"A failed endpoint can only be deleted: delete(session, {endpoint.name!r})."
    )
