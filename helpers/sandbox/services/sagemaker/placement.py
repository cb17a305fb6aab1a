"""Deployment of an endpoint configuration: subscription, quota, capacity, health check."""

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

from helpers.sandbox.aws.service import AwsError, Context

from ..quotas import endpoint_quota, quota_name
from .endpoint_configs import ConfigOperations, Option
from .errors import CONFIG, not_found
from .lifecycle import Deployment, Variant

NO_CAPACITY = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. "
    "Please retry using a different ML instance type or after some time. Consider configuring InstancePools "
    "in your EndpointConfig with multiple instance types for priority-based fallback to improve capacity "
    "availability."
)
# aws-genai-llm-chatbot#30
NO_START = "Request to service failed. If failure persists after retry, contact customer support."
# Lines of a container's log, in the sandbox's words: what Cohere's container prints is (not established).
NOT_LOADED = "the model could not be loaded"
OLD_DRIVER = (
    f"{NOT_LOADED}: this container needs a newer GPU driver than the instance's default image has. Set "
    "InferenceAmiVersion (for example to {version}) on the production variant of a new endpoint "
    "configuration, and deploy that one."
)


def no_ping(variant_name: str) -> str:
    """Return the FailureReason of an unhealthy container; its second sentence: (not established)."""
    return (
        f"The primary container for production variant {variant_name} did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )


class Deploying(ConfigOperations):
    """The steps that CreateEndpoint and UpdateEndpoint share."""

    def _deploy(
        self,
        endpoint_name: str,
        config_name: str,
        context: Context,
        overrides: dict[str, dict[str, Any]] | None = None,
    ) -> Deployment:
        """Start to deploy a configuration. Raises AwsError where AWS refuses at once.

        `overrides` holds, by variant name, members that replace those of the configuration.
        """
        config = self._config(config_name, context)
        if not self._faults.is_known():
            raise not_found(CONFIG, config_name, context)
        self._faults.begin_deployment()
        used = self._used(context)
        variants, failures = [], []
        for configured in config.params["ProductionVariants"]:
            spec = {**configured, **(overrides or {}).get(configured["VariantName"], {})}
            variant, has_capacity = self._place(spec, endpoint_name, used, context)
            used[variant.instance_type] += variant.instances
            variants.append(variant)
            failures.append(self._start_failure(variant, context) if has_capacity else NO_CAPACITY)
        failure = next((text for text in failures if text), None)
        ready = self._clock() + timedelta(seconds=self._settings.endpoint_seconds)
        return Deployment(config_name, tuple(variants), ready, failure)

    def _used(self, context: Context) -> Counter[str]:
        """Return instance type -> number of instances that count against the region's quotas."""
        region, used = self._region(context), Counter[str]()
        for endpoint in region.endpoints.values():
            used += endpoint.instances
        region.lagging = [(until, freed) for until, freed in region.lagging if self._clock() < until]
        for _, freed in region.lagging:
            used += freed
        return used

    def _place(
        self, spec: dict[str, Any], endpoint_name: str, used: Counter[str], context: Context
    ) -> tuple[Variant, bool]:
        """Choose the variant's instance type; also return whether AWS has such instances.

        Every type of the pools needs quota; only a lack of capacity falls back to the next type.
        """
        options = self._options(spec, context)
        for option in options:
            # CreateEndpoint checks the subscription, as CreateModel does (not established)
            if not option.package.own:
                self._check_subscribed(option.package.model.listing_id, context)
        count = int(spec["InitialInstanceCount"])
        for option in options:  # measured on AWS by deepgram-devs/dg-sagemaker
            if self._quota_left(option.instance_type, used) < count:
                raise self._over_quota(option.instance_type, used, count)
        with_capacity = [o for o in options if self._faults.has_capacity(o.instance_type)]
        return _variant((with_capacity or options)[0], spec, endpoint_name), bool(with_capacity)

    def _start_failure(self, variant: Variant, context: Context) -> str | None:
        """Start the variant's container; return why it fails, or None."""
        if not self._faults.starts(variant.endpoint_name):
            return NO_START
        problem = self._problem(variant)
        self._started(variant, context.region, self._clock(), problem)
        return no_ping(variant.name) if problem else None

    def _problem(self, variant: Variant) -> str:
        """Return why the container fails its health check, for its log; empty if it passes."""
        # Cohere's newer packages need a newer GPU driver than the default image has; whether others than
        # the documented one work (not established): any named version is accepted.
        version = variant.model.inference_ami_version
        if version and "InferenceAmiVersion" not in variant.spec:
            return OLD_DRIVER.format(version=version)
        healthy = self._faults.passes_health_check(variant.endpoint_name, variant.name)
        return "" if healthy else NOT_LOADED

    def _quota_left(self, instance_type: str, used: Counter[str]) -> int:
        return endpoint_quota(instance_type, self._faults) - used[instance_type]

    def _over_quota(self, instance_type: str, used: Counter[str], delta: int) -> AwsError:
        return AwsError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{quota_name(instance_type)}' is "
            f"{endpoint_quota(instance_type, self._faults)} Instances, with current utilization of "
            f"{used[instance_type]} Instances and a request delta of {delta} Instances. "
            "Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is "
            "not available, contact AWS support to request an increase for this quota.",
        )


def _variant(option: Option, spec: dict[str, Any], endpoint_name: str) -> Variant:
    return Variant(
        name=spec["VariantName"],
        model=option.package.model,
        model_name=option.model_name,
        instance_type=option.instance_type,
        endpoint_name=endpoint_name,
        weight=float(spec["InitialVariantWeight"]),
        instances=int(spec["InitialInstanceCount"]),
        fleet=uuid.uuid4().hex,
        spec=spec,
    )
