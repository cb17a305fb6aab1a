"""The three resources that make up an endpoint, all of its name: Model, EndpointConfig, Endpoint."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from botocore.exceptions import ClientError

from .. import catalog
from ..connect.aws_errors import explained, if_there, is_missing
from ..connect.session import Session
from ..errors import BadInput
from .capacity import capacity, one
from .endpoint import TAG

VARIANT = "AllTraffic"
# A container of this size loads its weights from disk first; SageMaker's default of 10 minutes is too short.
STARTUP_SECONDS = 1800
# What was just made may not be found for a moment: API_CreateEndpoint asks to try again then.
KNOWN_AFTER = (1.0, 2.0, 4.0, 8.0)
Sleep = Callable[[float], object]


def prepare(
    session: Session,
    model: catalog.Model,
    package_arn: str,
    endpoint_name: str,
    instance_type: str,
    *,
    sleep: Sleep = time.sleep,
) -> None:
    """Create the Model and the EndpointConfig, which cost nothing; reuse what a failed deploy left.

    Raises BadInput if what was left is for another package, instance type or number of instances.
    """
    sagemaker = session.client("sagemaker")
    variant = _variant(model, endpoint_name, instance_type)
    container = {"ModelPackageName": package_arn}
    with _creating(endpoint_name):
        # Marketplace packages run without network access: CreateModel insists on it.
        _unless_there(
            sagemaker.create_model,
            ModelName=endpoint_name,
            PrimaryContainer=container,
            ExecutionRoleArn=session.role_arn,
            EnableNetworkIsolation=True,
            Tags=[TAG],
        )
        _unless_there(
            sagemaker.create_endpoint_config,
            EndpointConfigName=endpoint_name,
            ProductionVariants=[variant],
            Tags=[TAG],
            sleep=sleep,
        )
        _check_leftovers(sagemaker, package_arn, variant, sleep)


def start(session: Session, endpoint_name: str, *, sleep: Sleep = time.sleep) -> None:
    """Create the Endpoint from what `prepare` made, without waiting; it costs money from now on.

    Raises BadInput if the name is taken in another case: to CreateEndpoint, "Demo" and "demo" are the same.
    """
    sagemaker = session.client("sagemaker")
    with _creating(endpoint_name):
        created = _unless_there(
            sagemaker.create_endpoint,
            EndpointName=endpoint_name,
            EndpointConfigName=endpoint_name,
            Tags=[TAG],
            sleep=sleep,
        )
        # boto3 may retry a request that had got through: then the endpoint exists.
        if not created and if_there(sagemaker.describe_endpoint, EndpointName=endpoint_name) is None:
            raise BadInput(
                f"An endpoint {endpoint_name!r} exists in other capital or small letters: take another name."
            )


def _creating(endpoint_name: str) -> AbstractContextManager[None]:
    return explained(f"create the endpoint {endpoint_name!r} (06_clean_up deletes what was made so far)")


def _variant(model: catalog.Model, endpoint_name: str, instance_type: str) -> dict[str, Any]:
    variant: dict[str, Any] = {
        "VariantName": VARIANT,
        "ModelName": endpoint_name,
        "InstanceType": instance_type,
        "InitialInstanceCount": 1,
        "ModelDataDownloadTimeoutInSeconds": STARTUP_SECONDS,
        "ContainerStartupHealthCheckTimeoutInSeconds": STARTUP_SECONDS,
    }
    if model.inference_ami_version:
        variant["InferenceAmiVersion"] = model.inference_ami_version
    return variant


def _check_leftovers(sagemaker: Any, package_arn: str, wanted: dict[str, Any], sleep: Sleep) -> None:
    """Raise BadInput if an earlier model or configuration differs from what was just agreed to."""
    name = wanted["ModelName"]
    model = _when_known(sagemaker.describe_model, sleep, ModelName=name)
    config = _when_known(sagemaker.describe_endpoint_config, sleep, EndpointConfigName=name)
    variants = [*config["ProductionVariants"], *config.get("ShadowProductionVariants", [])]
    same_model = [each.get("ModelName") for each in variants] == [name]
    same_price = capacity(variants) == one(wanted["InstanceType"])
    same_package = model.get("PrimaryContainer", {}).get("ModelPackageName") == package_arn
    if not (same_model and same_price and same_package):
        raise BadInput(
            f"A model or configuration {name!r} of another kind is left from before, at another price. "
            f"Delete it first, in 06_clean_up."
        )


def _unless_there(operation: Callable[..., Any], *, sleep: Sleep = time.sleep, **arguments: Any) -> bool:
    """Return True once it is created; False if there is one of that name already."""
    try:
        _when_known(operation, sleep, **arguments)
    except ClientError as error:
        if "Cannot create already existing" not in error.response["Error"]["Message"]:
            raise
        return False
    return True


def _when_known(operation: Callable[..., Any], sleep: Sleep, **arguments: Any) -> Any:
    """Return AWS's answer; while what the call names is not found, call again, for 15 seconds in all."""
    for pause in KNOWN_AFTER:
        try:
            return operation(**arguments)
        except ClientError as error:
            if not is_missing(error):
                raise
        sleep(pause)
    return operation(**arguments)
