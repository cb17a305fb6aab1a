"""CreateEndpoint, DescribeEndpoint, ListEndpoints, UpdateEndpoint, weights and capacities, DeleteEndpoint."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from helpers.sandbox.aws.service import Context
from helpers.sandbox.settings import ACCOUNT

from . import guardrails, listing
from .endpoint_views import describe
from .errors import ENDPOINT, arn, in_progress, named, refused, taken
from .lifecycle import DELETABLE, Deployment, Endpoint, Variant
from .placement import NO_CAPACITY, Deploying
from .state import Record, tags_of


class EndpointOperations(Deploying):
    """The operations on endpoints."""

    def create_endpoint(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Start an endpoint, which is InService or Failed `endpoint_seconds` later."""
        guardrails.check(params)
        endpoints, name = self._region(context).endpoints, params["EndpointName"]
        # botocore: names ignore case in CreateEndpoint, but not in InvokeEndpoint
        if name.lower() in {each.lower() for each in endpoints}:
            raise taken(ENDPOINT, name, context)
        deployment, now = self._deploy(name, params["EndpointConfigName"], context), self._clock()
        endpoints[name] = Endpoint(name, arn(ENDPOINT, name, context), now, now, tags_of(params), deployment)
        endpoints[name].deployment_config = params.get("DeploymentConfig", {})
        return {"EndpointArn": endpoints[name].arn}

    def describe_endpoint(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the endpoint's current state."""
        return describe(self._endpoint(params["EndpointName"], context))

    def list_endpoints(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the region's endpoints."""
        rows = map(_row, self._region(context).endpoints.values())
        return listing.answer("Endpoints", rows, params)

    def update_endpoint(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Deploy another configuration beside the one that serves, then switch to it."""
        guardrails.check(params)
        endpoint = self._in_service(params["EndpointName"], context)
        if self.scaling is not None:
            changed = _changed_types(endpoint, self._config(params["EndpointConfigName"], context))
            self.scaling.check_update(endpoint.name, changed, context)
        retained = _retained(endpoint.serving, params)
        deployment = self._deploy(endpoint.name, params["EndpointConfigName"], context, retained)
        if not params.get("RetainDeploymentConfig"):
            endpoint.deployment_config = params.get("DeploymentConfig", {})
        self._start(endpoint, deployment)
        return {"EndpointArn": endpoint.arn}

    def update_endpoint_weights_and_capacities(
        self, params: dict[str, Any], context: Context
    ) -> dict[str, Any]:
        """Change weights and instance counts of the serving variants; all or none, if AWS lacks instances."""
        endpoint = self._in_service(params["EndpointName"], context)
        desired = {each["VariantName"]: each for each in params["DesiredWeightsAndCapacities"]}
        if len(desired) < len(params["DesiredWeightsAndCapacities"]):
            # wording (not established)
            raise refused(f"A variant may be given once only; given are {_names(params)}.")
        if unknown := desired.keys() - {variant.name for variant in endpoint.serving}:
            # wording (not established)
            raise refused(f"Variant(s) {sorted(unknown)} not found in endpoint {endpoint.name}.")
        variants = tuple(_changed(v, desired.get(v.name, {})) for v in endpoint.serving)
        self._check_growth(endpoint, variants, context)
        ready = self._clock() + timedelta(seconds=self._settings.endpoint_seconds)
        config_name = endpoint.current.config_name if endpoint.current else ""
        failure = None if self._can_grow(endpoint, variants) else NO_CAPACITY
        self._start(endpoint, Deployment(config_name, variants, ready, failure, in_place=True))
        return {"EndpointArn": endpoint.arn}

    def delete_endpoint(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Begin to delete; the name stays in use for a third of `endpoint_seconds`."""
        endpoint = self._endpoint(params["EndpointName"], context)
        if endpoint.status == "Deleting":
            return {}  # AWS's answer to a second delete (not established)
        if endpoint.status not in DELETABLE:
            raise in_progress(endpoint.name, context)
        if self.scaling is not None:
            self.scaling.check_delete(endpoint.name, context)
            self.scaling.deleted(endpoint.name, context.region)
        self._delete(self._region(context), endpoint, self._clock())
        return {}

    def serving(self) -> list[tuple[str, Variant]]:
        """Return the variants that answer invocations now, each with its region."""
        return [
            (region, variant)
            for region in tuple(self._regions)
            for endpoint in self._region(Context(region, ACCOUNT)).endpoints.values()
            for variant in endpoint.serving
        ]

    def _endpoint(self, name: str, context: Context) -> Endpoint:
        return named(ENDPOINT, self._region(context).endpoints, name, context)

    def _in_service(self, name: str, context: Context) -> Endpoint:
        endpoint = self._endpoint(name, context)
        if endpoint.status == "Failed":
            # wording (not established); botocore's documentation: only DeleteEndpoint works
            raise refused(f'Cannot update endpoint "{endpoint.arn}" in status Failed. Delete it instead.')
        if endpoint.status != "InService":
            raise in_progress(name, context)
        return endpoint

    def _start(self, endpoint: Endpoint, deployment: Deployment) -> None:
        endpoint.pending, endpoint.failure, endpoint.modified = deployment, None, self._clock()

    def _check_growth(self, endpoint: Endpoint, variants: tuple[Variant, ...], context: Context) -> None:
        used = self._used(context)
        for new, old in zip(variants, endpoint.serving, strict=True):
            growth = new.instances - old.instances
            if growth > self._quota_left(new.instance_type, used):
                raise self._over_quota(new.instance_type, used, growth)
            used[new.instance_type] += growth

    def _can_grow(self, endpoint: Endpoint, variants: tuple[Variant, ...]) -> bool:
        """Return whether AWS has the instances that are added; what it does without: (not established)."""
        pairs = zip(variants, endpoint.serving, strict=True)
        growing = {new.instance_type for new, old in pairs if new.instances > old.instances}
        if growing:
            self._faults.begin_deployment()
        return all([self._faults.has_capacity(each) for each in growing])


def _names(params: dict[str, Any]) -> str:
    return ", ".join(each["VariantName"] for each in params["DesiredWeightsAndCapacities"])


def _changed(variant: Variant, desired: dict[str, Any]) -> Variant:
    if desired.get("DesiredInstanceCount") == 0:
        # wording (not established)
        raise refused(f"Variant {variant.name}: DesiredInstanceCount must be at least 1.")
    return replace(
        variant,
        weight=float(desired.get("DesiredWeight", variant.weight)),
        instances=int(desired.get("DesiredInstanceCount", variant.instances)),
    )


def _changed_types(endpoint: Endpoint, config: Record) -> list[str]:
    """Return the names of the serving variants to which a configuration gives another instance type."""
    given = {each["VariantName"]: each.get("InstanceType") for each in config.params["ProductionVariants"]}
    return [v.name for v in endpoint.serving if given.get(v.name) not in (None, v.instance_type)]


def _retained(serving: tuple[Variant, ...], params: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return, by variant name, the current properties that UpdateEndpoint is asked to retain."""
    if not params.get("RetainAllVariantProperties"):
        return {}
    excluded = {each["VariantPropertyType"] for each in params.get("ExcludeRetainedVariantProperties", [])}
    properties = {"DesiredWeight", "DesiredInstanceCount"} - excluded
    return {
        variant.name: {
            **({"InitialVariantWeight": variant.weight} if "DesiredWeight" in properties else {}),
            **({"InitialInstanceCount": variant.instances} if "DesiredInstanceCount" in properties else {}),
        }
        for variant in serving
    }


def _row(endpoint: Endpoint) -> listing.Row:
    summary = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        "EndpointStatus": endpoint.status,
    }
    return listing.Row(endpoint.name, endpoint.created, endpoint.modified, endpoint.status, summary)
