"""DescribeEndpoint's response: the variants that serve, and those that are being deployed."""

from typing import Any

from .lifecycle import Deployment, Endpoint, Variant

# members of a configuration's variant that DescribeEndpoint returns
REPEATED = ("RoutingConfig",)


def describe(endpoint: Endpoint) -> dict[str, Any]:
    """Return the members that have a value; the SageMaker SDK rejects some empty ones."""
    shown = endpoint.current or endpoint.pending or endpoint.failed
    members = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": shown.config_name if shown else None,
        "ProductionVariants": _variants(shown, endpoint) if shown else None,
        "EndpointStatus": endpoint.status,
        "FailureReason": endpoint.failure,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        "LastDeploymentConfig": endpoint.deployment_config or None,
        "PendingDeploymentSummary": _pending(endpoint),
    }
    return {name: value for name, value in members.items() if value is not None}


def _variants(shown: Deployment, endpoint: Endpoint) -> list[dict[str, Any]]:
    """Return each variant with its current and its desired weight and instance count."""
    scaling = endpoint.pending if endpoint.pending and endpoint.pending.in_place else shown
    started = shown is endpoint.current
    status = {"Creating": "Creating", "Deleting": "Deleting"}.get(endpoint.status)
    if scaling is not shown:
        status = "Updating"
    return [
        {
            **_variant(now, desired=then, running=now.instances if started else 0),
            **({"VariantStatus": [{"Status": status}]} if status else {}),
        }
        for now, then in zip(shown.variants, scaling.variants, strict=True)
    ]


def _variant(now: Variant, *, desired: Variant, running: int) -> dict[str, Any]:
    pool = {"InstanceType": now.instance_type, "CurrentInstanceCount": running}
    return {
        "VariantName": now.name,
        "CurrentWeight": now.weight,
        "DesiredWeight": desired.weight,
        "CurrentInstanceCount": running,
        "DesiredInstanceCount": desired.instances,
        **({"InstancePools": [pool]} if "InstancePools" in now.spec else {}),
        **{name: now.spec[name] for name in REPEATED if now.spec.get(name)},
    }


def _pending(endpoint: Endpoint) -> dict[str, Any] | None:
    """Return the deployment that UpdateEndpoint has started."""
    pending = endpoint.pending
    if pending is None or endpoint.current is None or pending.in_place:
        return None
    variants = [_variant(v, desired=v, running=0) for v in pending.variants]
    return {
        "EndpointConfigName": pending.config_name,
        "ProductionVariants": variants,
        "StartTime": endpoint.modified,
    }
