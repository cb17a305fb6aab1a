"""CreateEndpointConfig, DescribeEndpointConfig, DeleteEndpointConfig and ListEndpointConfigs."""

from dataclasses import dataclass
from typing import Any

from helpers.sandbox.aws.service import Context

from . import listing
from .errors import CONFIG, MODEL, arn, named, not_found, refused, taken
from .model_packages import Package, find
from .models import container_of
from .state import Record, State, tags_of

_NOT_PRACTISED = ("DataCaptureConfig", "ExplainerConfig", "ShadowProductionVariants")


@dataclass(frozen=True)
class Option:
    """One way to run a variant: an instance type, and a model with its package."""

    instance_type: str
    model_name: str
    package: Package


class ConfigOperations(State):
    """The operations on endpoint configurations."""

    def create_endpoint_config(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Store the configuration if its models can run on its instance types."""
        configs, name = self._region(context).configs, params["EndpointConfigName"]
        if name in configs:
            raise taken(CONFIG, name, context)
        if params.get("AsyncInferenceConfig"):
            # sagemaker-python-sdk#3969
            raise refused("Marketplace images are not supported when specifying an AsyncInferenceConfig.")
        for member in _NOT_PRACTISED:
            if params.get(member):
                raise refused(f"The sandbox does not practise {member}.")
        variants = [{"InitialVariantWeight": 1.0, **spec} for spec in params["ProductionVariants"]]
        self._check_variants(variants, context)
        stored = {**params, "ProductionVariants": variants}
        configs[name] = Record(name, arn(CONFIG, name, context), self._clock(), stored, tags_of(params))
        return {"EndpointConfigArn": configs[name].arn}

    def describe_endpoint_config(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the configuration as it was created."""
        return self._config(params["EndpointConfigName"], context).described("EndpointConfig")

    def delete_endpoint_config(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Delete the configuration; endpoints that use it keep running."""
        record = self._config(params["EndpointConfigName"], context)
        del self._region(context).configs[record.name]
        return {}

    def list_endpoint_configs(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the region's endpoint configurations."""
        return listing.records("EndpointConfig", self._region(context).configs.values(), params)

    def _config(self, name: str, context: Context) -> Record:
        return named(CONFIG, self._region(context).configs, name, context)

    def _check_variants(self, variants: list[dict[str, Any]], context: Context) -> None:
        names = [spec["VariantName"] for spec in variants]
        if len(set(names)) < len(names):
            raise refused("Production variant names must be unique.")  # wording (not established)
        for spec in variants:
            _check_variant(spec)
            if not self._faults.is_known():
                raise not_found(MODEL, spec["ModelName"], context)
            for option in self._options(spec, context):
                self._check_instance_type(option, context)

    def _check_instance_type(self, option: Option, context: Context) -> None:
        kind, supported = option.instance_type, option.package.instance_types
        if kind not in supported:
            # wording (not established)
            raise refused(
                f"Instance type {kind} is not supported by model package {option.package.arn}. "
                f"Supported instance types: [{', '.join(supported)}]"
            )
        if not self._faults.is_offered(kind, context.region):
            raise refused(
                f"Instance type {kind} is not supported for the chosen region. "
                "Please choose some other instance type."
            )

    def _options(self, spec: dict[str, Any], context: Context) -> list[Option]:
        """Return the ways to run a variant, by priority: its instance type, or its instance pools."""
        pools = spec.get("InstancePools") or [{"InstanceType": spec["InstanceType"], "Priority": 1}]
        options = []
        for pool in sorted(pools, key=lambda pool: int(pool["Priority"])):
            model = self._model(pool.get("ModelNameOverride", spec["ModelName"]), context)
            package = find(container_of(model.params)["ModelPackageName"], context)
            options.append(Option(pool["InstanceType"], model.name, package))
        return options


def _check_variant(spec: dict[str, Any]) -> None:
    """Raise ValidationException for what no Marketplace package supports.

    Wordings without a source beside them: (not established).
    """
    name = spec["VariantName"]
    if "ServerlessConfig" in spec:
        raise refused(f"Variant {name}: serverless inference does not support Marketplace model packages.")
    if "ModelName" not in spec:
        raise refused(f"Variant {name}: ModelName is required.")
    if ("InstanceType" in spec) == ("InstancePools" in spec):
        raise refused(f"Variant {name}: exactly one of InstanceType and InstancePools is required.")
    if "ManagedInstanceScaling" in spec:
        # terraform-provider-aws#45926; whether also with Status DISABLED (not established)
        raise refused("ManagedInstanceScaling is only supported for inference component endpoints.")
    if "InitialInstanceCount" not in spec:
        raise refused(f"Variant {name}: InitialInstanceCount is required.")
