"""CreateModel, DescribeModel, DeleteModel and ListModels, for models made of a package and a role."""

from typing import Any

from helpers.sandbox.aws.service import Context

from ..iam import SAGEMAKER
from . import listing
from .errors import MODEL, arn, refused, taken
from .model_packages import find
from .state import Record, State, tags_of


class ModelOperations(State):
    """The operations on models."""

    def create_model(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Create a model from a package that the account is subscribed to."""
        models, name = self._region(context).models, params["ModelName"]
        if name in models:
            raise taken(MODEL, name, context)
        self._check_container(container_of(params), params, context)
        models[name] = Record(name, arn(MODEL, name, context), self._clock(), params, tags_of(params))
        return {"ModelArn": models[name].arn}

    def describe_model(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the model as it was created."""
        return self._model(params["ModelName"], context).described("Model")

    def delete_model(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Delete the model; endpoints that run it keep running."""
        record = self._model(params["ModelName"], context)
        del self._region(context).models[record.name]
        return {}

    def list_models(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the region's models."""
        return listing.records("Model", self._region(context).models.values(), params)

    def _check_container(self, container: dict[str, Any], params: dict[str, Any], context: Context) -> None:
        if "ModelPackageName" not in container:
            raise refused(
                "The sandbox hosts AWS Marketplace model packages only: a container needs a ModelPackageName."
            )
        package = find(container["ModelPackageName"], context)
        if container.get("Environment"):
            raise refused("Environment variable map cannot be specified when using a ModelPackage.")
        if not package.own and not params.get("EnableNetworkIsolation"):
            # wording for models (not established): by analogy with training jobs
            raise refused(
                "EnableNetworkIsolation must be true for models using SageMaker Marketplace model packages."
            )
        if not package.own:
            self._check_subscribed(package.model.listing_id, context)
        # what SageMaker gives as aws:SourceArn for a model: its ARN (not established)
        source = arn(MODEL, params["ModelName"], context)
        role = params.get("ExecutionRoleArn")
        if role and not self._roles.trusts(role, SAGEMAKER, source):
            # users quote it for training and transform jobs; for models (not established)
            raise refused(
                f"Could not assume role {role}. Please ensure that the role exists and allows principal "
                f"'{SAGEMAKER}' to assume the role."
            )


def container_of(params: dict[str, Any]) -> dict[str, Any]:
    """Return the model's one container: `PrimaryContainer`, or the only item of `Containers`."""
    containers = params.get("Containers") or []
    if bool(containers) == ("PrimaryContainer" in params):
        # wording (not established)
        raise refused("Exactly one of PrimaryContainer and Containers must be specified.")
    if len(containers) > 1:
        raise refused("The sandbox hosts models of one container only.")
    container: dict[str, Any] = containers[0] if containers else params["PrimaryContainer"]
    return container
