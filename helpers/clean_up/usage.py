"""The users of an endpoint configuration or a model, as SageMaker deletes either while it is in use.

The lists do not say what an endpoint was created from, so each endpoint is described: one call for each.
"""

from collections.abc import Iterator
from typing import Any

from ..connect.aws_errors import explained, if_there
from ..connect.session import Session


def users_of_config(session: Session, config_name: str, *, besides: str) -> list[str]:
    """Return the endpoints, except `besides`, that run on the configuration or are being updated to it.

    Raises NotPermitted if the endpoints may not be described.
    """
    endpoints = _endpoints(session, besides)
    return [f"endpoint {name}" for name, configs in endpoints if config_name.lower() in _lower(configs)]


def users_of_model(session: Session, model_name: str, *, besides: str) -> list[str]:
    """Return the configurations that name the model, and endpoints whose configuration is gone.

    Such an endpoint, except `besides`, may run on any model. Raises NotPermitted if they may not be
    described.
    """
    configs = dict(_configs(session))
    users = [f"endpoint configuration {n}" for n, models in configs.items() if model_name in models]
    for name, made_from in _endpoints(session, besides):
        if not set(_lower(made_from)) <= set(_lower(configs)):
            users.append(f"perhaps endpoint {name}, whose configuration is gone")
    return users


def models_of(config: dict[str, Any]) -> list[str]:
    """Return the models of a configuration's variants, including shadow variants and instance pools."""
    variants = [*config.get("ProductionVariants", []), *config.get("ShadowProductionVariants", [])]
    pools = [pool for variant in variants for pool in variant.get("InstancePools", [])]
    named = [each.get("ModelName") for each in variants] + [each.get("ModelNameOverride") for each in pools]
    return list(dict.fromkeys(name for name in named if name))


def configs_of(endpoint: dict[str, Any]) -> list[str]:
    """Return the configurations that an endpoint runs on and is being updated to (DescribeEndpoint)."""
    pending = endpoint.get("PendingDeploymentSummary") or {}
    named = [each.get("EndpointConfigName") for each in (endpoint, pending)]
    return list(dict.fromkeys(name for name in named if name))


def _endpoints(session: Session, besides: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each endpoint's name and configurations, except of endpoints that are being deleted."""
    sagemaker = session.client("sagemaker")
    with explained("look which other endpoints there are"):
        for page in sagemaker.get_paginator("list_endpoints").paginate():
            for each in page["Endpoints"]:
                name = each["EndpointName"]
                if name.lower() == besides.lower() or each["EndpointStatus"] == "Deleting":
                    continue
                if (described := if_there(sagemaker.describe_endpoint, EndpointName=name)) is not None:
                    yield name, configs_of(described)


def _configs(session: Session) -> Iterator[tuple[str, list[str]]]:
    """Yield each configuration's name and models."""
    sagemaker = session.client("sagemaker")
    with explained("look which other endpoint configurations there are"):
        for page in sagemaker.get_paginator("list_endpoint_configs").paginate():
            for each in page["EndpointConfigs"]:
                name = each["EndpointConfigName"]
                described = if_there(sagemaker.describe_endpoint_config, EndpointConfigName=name)
                if described is not None:
                    yield name, models_of(described)


def _lower(names: Any) -> list[str]:
    return [name.lower() for name in names]
