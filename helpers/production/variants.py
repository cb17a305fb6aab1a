"""Production variants of an endpoint: one model twice, with a share of the requests each, and routing."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from .. import catalog
from ..connect import consent
from ..connect.aws_errors import explained, if_there
from ..connect.session import Session
from ..deploy.capacity import Capacity
from ..deploy.costs import agree, price_at
from ..deploy.endpoint import TAG, Endpoint, wait
from ..errors import BadInput, EndpointFailed
from . import running

ROUTING = ("RANDOM", "LEAST_OUTSTANDING_REQUESTS")
Tell = Callable[[str], object]
Variants = Sequence[Mapping[str, Any]]


def split(
    session: Session,
    model: catalog.Model,
    endpoint_name: str,
    weights: Mapping[str, float],
    *,
    routing: str = "RANDOM",
    instances: int = 1,
    max_usd_per_hour: float | None = None,
    software_usd_per_hour: float | None = None,
    wait_seconds: float = 2700,
    tell: Tell = print,
) -> None:
    """Let the endpoint run one variant for each weight, each on so many instances, and wait for that.

    `weights` maps the variants' names to their shares of the requests; `routing` is how a variant chooses the
    instance. Old and new instances run side by side for a while, and all of them cost and need quota: on AWS
    nothing is changed unless their price is at most `max_usd_per_hour` (CostNotAccepted). To keep that low,
    each old variant shrinks to one instance first; an update in production would let it keep them. Raises
    BadInput before any request, NotOurs, EndpointNotReady, or EndpointFailed if SageMaker took it back.
    """
    _check(weights, routing, instances)
    consent.amount_or_none("max_usd_per_hour", max_usd_per_hour)
    endpoint = running.changeable(session, endpoint_name, wait_seconds, tell)
    present = _configured(session, endpoint.config_name)
    wanted = [_variant(present[0], *each, routing=routing, instances=instances) for each in weights.items()]
    sizes = {name: (float(weight), instances) for name, weight in weights.items()}
    now = _running(session, endpoint_name)
    updates = [_essence(each) for each in present] != [_essence(each) for each in wanted]
    if not updates and now == sizes:
        tell(f"{endpoint_name} has these variants already")
        return
    new = len(weights) * instances
    most = len(now) + new if updates else max(new, sum(count for _, count in now.values()))
    types = endpoint.capacity.types or (endpoint.instance_type,)
    cost = price_at(session, model, Capacity(most, types), software_usd_per_hour=software_usd_per_hour)
    agree(session, cost, max_usd_per_hour, tell)
    if not updates:
        _resize(session, endpoint_name, sizes, wait_seconds, tell)
        return
    if any(count > 1 for _, count in now.values()):
        smallest = {name: (weight, 1) for name, (weight, _) in now.items()}
        _resize(session, endpoint_name, smallest, wait_seconds, tell)
    _update(session, endpoint, wanted, wait_seconds, tell)


def _check(weights: Mapping[str, float], routing: str, instances: int) -> None:
    if routing not in ROUTING:
        raise BadInput(f"routing is {routing!r}; it takes {' or '.join(ROUTING)}.")
    shares = list(weights.values())
    if not shares or not all(consent.is_amount(each) and each <= 1e6 for each in shares) or not sum(shares):
        raise BadInput("weights takes a number of 0 or more for each variant's name, and not 0 for all.")
    if type(instances) is not int or not 1 <= instances <= 100:
        raise BadInput(f"instances is {instances!r}; it takes a whole number from 1 to 100.")


def _configured(session: Session, config_name: str) -> Variants:
    with explained(f"look at the endpoint configuration {config_name!r}"):
        found = session.client("sagemaker").describe_endpoint_config(EndpointConfigName=config_name)
    return list(found["ProductionVariants"])


def _running(session: Session, endpoint_name: str) -> dict[str, tuple[float, int]]:
    """Return variant -> weight and number of instances that it has, or is to have."""
    return {
        each["VariantName"]: (float(each["DesiredWeight"]), int(each["DesiredInstanceCount"]))
        for each in running.variants(session, endpoint_name)
    }


def _resize(
    session: Session, endpoint_name: str, sizes: Mapping[str, tuple[float, int]], seconds: float, tell: Tell
) -> None:
    changes = [
        {"VariantName": name, "DesiredWeight": weight, "DesiredInstanceCount": count}
        for name, (weight, count) in sizes.items()
    ]
    with explained(f"change the number of instances of {endpoint_name!r}"):
        session.client("sagemaker").update_endpoint_weights_and_capacities(
            EndpointName=endpoint_name, DesiredWeightsAndCapacities=changes
        )
    wait(session, endpoint_name, seconds, tell)


def _update(session: Session, endpoint: Endpoint, wanted: Variants, seconds: float, tell: Tell) -> None:
    """Deploy the variants, and delete the configuration that they replace if it was made here."""
    sagemaker, name = session.client("sagemaker"), _config_of(session, endpoint, wanted)
    with explained(f"change the variants of {endpoint.name!r}"):
        if if_there(sagemaker.describe_endpoint_config, EndpointConfigName=name) is None:
            sagemaker.create_endpoint_config(
                EndpointConfigName=name, ProductionVariants=list(wanted), Tags=[TAG]
            )
        try:
            sagemaker.update_endpoint(EndpointName=endpoint.name, EndpointConfigName=name)
        except ClientError:
            _forget(session, endpoint.name, name)
            raise
    after = wait(session, endpoint.name, seconds, tell)
    if after.config_name != name:
        raise EndpointFailed(
            f"SageMaker took the update of {endpoint.name} back, and {after.config_name} serves as before: "
            f"{after.failure_reason or 'it gives no reason'}."
        )
    _forget(session, endpoint.name, endpoint.config_name)


def _forget(session: Session, endpoint_name: str, config_name: str) -> None:
    """Delete an endpoint configuration that was made here and that nothing uses any more."""
    if _is_made_here(endpoint_name, config_name):
        with explained(f"delete the endpoint configuration {config_name!r}"):
            if_there(session.client("sagemaker").delete_endpoint_config, EndpointConfigName=config_name)


def _config_of(session: Session, endpoint: Endpoint, wanted: Variants) -> str:
    """Return the name of the configuration for these variants: `deploy`'s if it is the same."""
    with explained(f"look at the endpoint configuration {endpoint.name!r}"):
        describe = session.client("sagemaker").describe_endpoint_config
        first = if_there(describe, EndpointConfigName=endpoint.name) or {}
    if list(map(_all_of, first.get("ProductionVariants", []))) == list(map(_all_of, wanted)):
        return endpoint.name
    digest = hashlib.sha256(json.dumps(list(map(_all_of, wanted)), default=str).encode()).hexdigest()
    return f"{endpoint.name[:50].rstrip('-')}-{digest[:12]}"


def _is_made_here(endpoint_name: str, config_name: str) -> bool:
    return bool(re.fullmatch(rf"{re.escape(endpoint_name[:50].rstrip('-'))}-[0-9a-f]{{12}}", config_name))


def _essence(variant: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what only a new configuration can change."""
    routing = variant.get("RoutingConfig", {}).get("RoutingStrategy", ROUTING[0])
    return (*(variant.get(key) for key in ("VariantName", "ModelName", "InstanceType")), routing)


def _all_of(variant: Mapping[str, Any]) -> tuple[Any, ...]:
    numbers = (float(variant.get("InitialVariantWeight", 1)), int(variant.get("InitialInstanceCount", 1)))
    return (*_essence(variant), *numbers)


def _variant(
    like: Mapping[str, Any], name: str, weight: float, *, routing: str, instances: int
) -> dict[str, Any]:
    return {
        **like,
        "VariantName": name,
        "InitialVariantWeight": float(weight),
        "InitialInstanceCount": instances,
        "RoutingConfig": {"RoutingStrategy": routing},
    }
