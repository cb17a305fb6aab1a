"""Deployment: first every check that can be made, then the deadline, then what costs money."""

from collections.abc import Callable
from contextlib import suppress

from .. import catalog
from ..connect import consent
from ..connect.session import Session
from ..errors import BadInput, CostNotAccepted, TutorialError
from ..subscribe import marketplace
from .costs import Price, agree, price, price_at
from .create import prepare, start
from .deadline import check_hours, clear_deadline, in_words, renew_deadline, set_deadline
from .endpoint import CHANGING, Endpoint, check_name, find, usable, wait, wait_until_gone
from .packages import check_package
from .quotas import check_quota
from .scaling import maxima


def deploy(
    session: Session,
    model_id: str | catalog.Model,
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

    If one is being deleted, wait for that, up to `wait_seconds` (EndpointNotReady), and create it anew; if
    one has failed, raise EndpointFailed, which says what to do.
    `max_usd_per_hour` is the most you agree to pay (all instances, with software): on AWS nothing is created
    or attached to without it, nor above it (CostNotAccepted). `software_usd_per_hour` stands in for a
    software price that can't be read. AWS deletes the endpoint by itself after `delete_after_hours` (more
    than 0, up to a year; None: never): that is set just before anything is created, and nothing is created if
    it can't be; attaching sets it anew, or tells that there is none. Everything that can be checked is
    checked before the first thing is created; a wrong argument is BadInput before any request. `model_id` is
    of the catalogue, or a model of `catalog.choose`, which takes the ARN of any package.
    """
    check_hours("delete_after_hours", delete_after_hours)
    consent.amount_or_none("max_usd_per_hour", max_usd_per_hour)
    consent.amount_or_none("software_usd_per_hour", software_usd_per_hour)
    model = catalog.model(model_id)
    check_name(endpoint_name)
    instance_type = model.check_instance_type(instance_type)
    package_arn = model.package_arn(session.region, instance_type)
    existing = find(session, endpoint_name)
    if existing is not None and existing.status == "Deleting":
        existing = wait_until_gone(session, endpoint_name, wait_seconds, tell)
    own = {"software_usd_per_hour": software_usd_per_hour}
    if existing is not None:
        _check_same(existing, model, instance_type, tell)
        cost = price_at(session, model, existing.capacity_with(maxima(session, endpoint_name)), **own)
        _agree_to_go_on(session, existing, cost, max_usd_per_hour, tell)
        renew_deadline(session, endpoint_name, delete_after_hours, tell)
    else:
        agree(session, price(session, model, instance_type, **own), max_usd_per_hour, tell)
        marketplace.check_subscribed(session, model, tell)
        check_quota(session, instance_type)
        check_package(session, package_arn, instance_type)
        moment = set_deadline(session, endpoint_name, delete_after_hours, tell=tell)
        tell(in_words(session, endpoint_name, moment))
        if model.warning and session.spends_money:  # in the sandbox all can be deployed
            tell(model.warning)
        _create(session, model, package_arn, endpoint_name, instance_type)
    return wait(session, endpoint_name, wait_seconds, tell)


def _create(
    session: Session, model: catalog.Model, package_arn: str, endpoint_name: str, instance_type: str
) -> None:
    asked = False
    try:
        prepare(session, model, package_arn, endpoint_name, instance_type)
        asked = True
        start(session, endpoint_name)
    except Exception as error:
        # Not where an endpoint was asked for: it may still come to be, and has to keep its deadline.
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
    if not _serves(existing, model):
        served = existing.model.id if existing.model and model.arn is None else existing.package_arn
        raise BadInput(
            f"{existing.name!r} exists and serves {served}, not {model.arn or model.id}. "
            f"Choose another endpoint_name, or delete it in 06_clean_up."
        )
    if existing.status not in CHANGING:
        usable(existing)
    other = "" if existing.instance_type == instance_type else f" (not on {instance_type}), at its price"
    tell(f"{existing.name}: exists on {existing.instance_type}{other}; attaching to it")


def _serves(existing: Endpoint, model: catalog.Model) -> bool:
    """Return whether it is the model's endpoint; True where what it serves can't be told."""
    if not existing.package_arn:
        return True
    if model.arn is not None:
        return existing.package_arn == model.arn
    return existing.model is not None and existing.model.id == model.id
