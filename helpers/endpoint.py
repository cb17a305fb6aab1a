"""Endpoints by name: deploy, look at, wait for.

Three constructs of SageMaker's make one endpoint, and all three get the endpoint's name: the Model (which
package, which role), the EndpointConfig (on which instances, as production variants), the Endpoint (running).
Names are fixed before anything is created, so whatever happens, clean_up.delete finds it all again.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import catalog, consent, marketplace
from .capacity import UNKNOWN, Capacity, capacity
from .constructs import check_name, prepare, start
from .costs import Price, agree, price, price_at
from .deadline import check_hours, clear_deadline, in_words, renew_deadline, set_deadline
from .errors import (
    BadInput,
    CostNotAccepted,
    EndpointFailed,
    EndpointNotFound,
    EndpointNotReady,
    TutorialError,
)
from .explain import explained, if_there
from .quota import check_quota
from .session import Session

__all__ = ["CHANGING", "Endpoint", "check_name", "deploy", "describe", "find", "wait"]

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


def deploy(
    session: Session,
    model_id: str,
    endpoint_name: str,
    instance_type: str | None = None,
    *,
    delete_after_hours: float | None = 8,
    max_usd_per_hour: float | None = None,
    software_usd_per_hour: float | None = None,
    wait_seconds: float = 2700,
    tell: Callable[[str], object] = print,
) -> Endpoint:
    """Create the endpoint and wait until it is InService; when it is there already, attach to it.

    `max_usd_per_hour` is the most you agree to pay (all instances, with software): on AWS nothing is created
    or attached to without it, nor above it (CostNotAccepted). `software_usd_per_hour` stands in for a
    software price that can't be read. AWS deletes the endpoint by itself after `delete_after_hours` (more
    than 0, up to a year; None: never): that is set just before anything is created, and nothing is created if
    it can't be; attaching sets it anew, or tells that there is none. Everything that can be checked is
    checked before the first thing is created; a wrong argument is BadInput before any request.
    """
    check_hours("delete_after_hours", delete_after_hours)
    consent.amount_or_none("max_usd_per_hour", max_usd_per_hour)
    consent.amount_or_none("software_usd_per_hour", software_usd_per_hour)
    model = catalog.model(model_id)
    check_name(endpoint_name)
    instance_type = model.check_instance_type(instance_type)
    package_arn = model.package_arn(session.region, instance_type)
    existing = find(session, endpoint_name)
    own = {"software_usd_per_hour": software_usd_per_hour}
    if existing is not None:
        _check_same(existing, model, instance_type, tell)
        cost = price_at(session, model, existing.capacity, **own)
        _agree_to_go_on(session, existing, cost, max_usd_per_hour, tell)
        renew_deadline(session, endpoint_name, delete_after_hours, tell)
    else:
        agree(session, price(session, model, instance_type, **own), max_usd_per_hour, tell)
        marketplace.check_subscribed(session, model.id)
        check_quota(session, instance_type)
        moment = set_deadline(session, endpoint_name, delete_after_hours)
        tell(in_words(session, endpoint_name, moment))
        _create(session, model, package_arn, endpoint_name, instance_type)
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


def _create(
    session: Session, model: catalog.Model, package_arn: str, endpoint_name: str, instance_type: str
) -> None:
    asked = False
    try:
        prepare(session, model, package_arn, endpoint_name, instance_type)
        asked = True
        start(session, endpoint_name)
    except Exception as error:
        # No endpoint was asked for, so none needs an end; one that was may come yet, and keeps its deadline.
        if not asked or isinstance(error, BadInput):
            with suppress(TutorialError):
                clear_deadline(session, endpoint_name)
        raise


def _agree_to_go_on(
    session: Session, existing: Endpoint, cost: Price, most: float | None, tell: Callable[[str], object]
) -> None:
    try:
        agree(session, cost, most, tell)
    except CostNotAccepted as error:
        raise CostNotAccepted(
            f"{existing.name} exists already, and bills until 06_clean_up deletes it; its deadline was left "
            f"as it is. {error}"
        ) from error


def _check_same(
    existing: Endpoint, model: catalog.Model, instance_type: str, tell: Callable[[str], object]
) -> None:
    if existing.model is not None and existing.model.id != model.id:
        raise BadInput(
            f"{existing.name!r} exists and serves {existing.model.id}, not {model.id}. "
            f"Choose another endpoint_name, or delete it in 06_clean_up."
        )
    if existing.status == "Deleting":
        raise EndpointNotReady(
            f"{existing.name} is being deleted: deploy again when it is gone, in a minute."
        )
    other = "" if existing.instance_type == instance_type else f" (not on {instance_type}), at its price"
    tell(f"{existing.name}: exists on {existing.instance_type}{other}; attaching to it")


def _ready(endpoint: Endpoint) -> Endpoint:
    if endpoint.status == "InService":
        return endpoint
    raise EndpointFailed(
        f"{endpoint.name} is {endpoint.status}: {endpoint.failure_reason or 'SageMaker gives no reason.'} "
        f"A failed endpoint can only be deleted: delete(session, {endpoint.name!r})."
    )
