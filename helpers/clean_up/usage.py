"""Who else uses an endpoint configuration or a model: SageMaker deletes either without asking.

The lists do not say what an endpoint was made from, so each one is described: a call an endpoint.
"""

from collections.abc import Iterator
from typing import Any

from ..connect.aws_errors import explained, if_there
from ..connect.session import Session


def users_of_config(session: Session, config_name: str, *, besides: str) -> list[str]:
    """The endpoints, `besides` one, that run on the configuration or are being updated to it.

    Raises NotPermitted where the account's endpoints may not be looked at.
    """
    endpoints = _endpoints(session, besides)
    return [f"endpoint {name}" for name, configs in endpoints if config_name.lower() in _lower(configs)]


def users_of_model(session: Session, model_name: str, *, besides: str) -> list[str]:
    """The configurations that name the model, and the endpoints, `besides` one, whose configuration is gone.

    Such an endpoint may run on any model. Raises NotPermitted where they may not be looked at.
    """
    configs = dict(_configs(session))
    users = [f"endpoint configuration {n}" for n, models in configs.items() if model_name in models]
    for name, made_from in _endpoints(session, besides):
        if not set(_lower(made_from)) <= set(_lower(configs)):
            users.append(f"perhaps endpoint {name}, whose configuration is gone")
    return users


def models_of(config: dict[str, Any]) -> list[str]:
    """The models that a configuration's variants name, those of shadow variants and instance pools too."""
    variants = [*config.get("ProductionVariants", []), *config.get("ShadowProductionVariants", [])]
    pools = [pool for variant in variants for pool in variant.get("InstancePools", [])]
    named = [each.get("ModelName") for each in variants] + [each.get("ModelNameOverride") for each in pools]
    return list(dict.fromkeys(name for name in named if name))


def configs_of(endpoint: dict[str, Any]) -> list[str]:
    """The configurations that an endpoint runs on and is being updated to, as DescribeEndpoint tells."""
    pending = endpoint.get("PendingDeploymentSummary") or {}
    named = [each.get("EndpointConfigName") for each in (endpoint, pending)]
    return list(dict.fromkeys(name for name in named if name))


def _endpoints(session: Session, besides: str) -> Iterator[tuple[str, list[str]]]:
    """Each endpoint's name with its configurations; those that are being deleted need none."""
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
    """Each configuration's name with its models."""
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
