"""Production variants of an endpoint: one model twice, with a share of the requests each, and routing."""

from collections.abc import Callable, Mapping
from typing import Any

from ..connect.aws_errors import explained, if_there
from ..connect.session import Session
from ..deploy.endpoint import TAG, check_name, describe, usable, wait
from ..errors import BadInput

ROUTING = ("RANDOM", "LEAST_OUTSTANDING_REQUESTS")
_NUMBERS = ("InitialVariantWeight", "InitialInstanceCount")


def split(
    session: Session,
    endpoint_name: str,
    weights: Mapping[str, float],
    *,
    routing: str = "RANDOM",
    instances: int = 1,
    wait_seconds: float = 2700,
    tell: Callable[[str], object] = print,
) -> None:
    """Let the endpoint run one variant for each weight, each on so many instances, and wait for that.

    `weights` maps the variants' names to their shares of the requests; `routing` is how a variant chooses the
    instance. Until the new instances serve, the old ones do too: quota is needed for both, and both cost.
    The new endpoint configuration has this tutorial's tag. Raises BadInput before any request.
    """
    if routing not in ROUTING:
        raise BadInput(f"routing is {routing!r}; it takes {' or '.join(ROUTING)}.")
    if not weights or any(
        type(each) not in (int, float) or not 0 <= each <= 1e6 for each in weights.values()
    ):
        raise BadInput("weights takes at least one variant's name, with a number of 0 or more for each.")
    name = check_name("-".join([endpoint_name[:30], *weights, str(instances), routing[:1].lower()])[:63])
    endpoint = usable(describe(session, endpoint_name))
    sagemaker = session.client("sagemaker")
    with explained(f"change the variants of {endpoint_name!r}"):
        first = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint.config_name)
        present = first["ProductionVariants"]
        wanted = [
            _variant(present[0], *each, routing=routing, instances=instances) for each in weights.items()
        ]
        if list(map(_essence, present)) == list(map(_essence, wanted)):
            tell(f"{endpoint_name} has these variants already")
            return
        if if_there(sagemaker.describe_endpoint_config, EndpointConfigName=name) is None:
            sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=wanted, Tags=[TAG])
        sagemaker.update_endpoint(EndpointName=endpoint_name, EndpointConfigName=name)
    wait(session, endpoint_name, wait_seconds, tell)


def _essence(variant: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what distinguishes the variants made here."""
    routing = variant.get("RoutingConfig", {}).get("RoutingStrategy", ROUTING[0])
    return (variant["VariantName"], *(variant[key] for key in _NUMBERS), routing)


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
