"""Endpoints by name: deploy, look at, wait for.

Three constructs of SageMaker's make one endpoint, and all three get the endpoint's name: the Model (which
package, which role), the EndpointConfig (on which instances, as production variants), the Endpoint (running).
Names are fixed before anything is created, so whatever happens, clean_up.delete finds it all again.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from . import catalog, marketplace
from .costs import agree, price
from .errors import BadInput, EndpointFailed, EndpointNotFound, EndpointNotReady
from .explain import explained
from .quota import check_quota
from .session import Session

TAG = {"Key": "made-by", "Value": "cohere-on-sagemaker"}
VARIANT = "AllTraffic"
# A container of this size loads its weights from disk first; SageMaker's default of 10 minutes is too short.
STARTUP_SECONDS = 1800
CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack")


@dataclass(frozen=True)
class Endpoint:
    """What SageMaker knows of an endpoint; `model` is None for a package the catalogue lacks."""

    name: str
    arn: str
    status: str
    model: catalog.Model | None
    model_name: str
    config_name: str
    instance_type: str
    instance_count: int
    created: datetime
    failure_reason: str = ""


def deploy(
    session: Session,
    model_id: str,
    endpoint_name: str,
    instance_type: str | None = None,
    *,
    max_usd_per_hour: float | None = None,
    software_usd_per_hour: float | None = None,
    wait_seconds: float = 2700,
    tell: Callable[[str], object] = print,
) -> Endpoint:
    """Create the endpoint and wait until it is InService; when it is there already, attach to it.

    `max_usd_per_hour` is the most you agree to pay (instance plus software); on AWS nothing is created
    without it. `software_usd_per_hour` stands in for a software price that can't be read. Everything that
    can be checked is checked before the first thing is created.
    """
    model = catalog.model(model_id)
    check_name(endpoint_name)
    instance_type = model.check_instance_type(instance_type)
    package_arn = model.package_arn(session.region, instance_type)
    existing = find(session, endpoint_name)
    if existing is not None:
        return _attach(session, existing, model, wait_seconds, tell)
    cost = price(session, model, instance_type, software_usd_per_hour=software_usd_per_hour)
    agree(session, cost, max_usd_per_hour, tell)
    marketplace.check_subscribed(session, model.id)
    check_quota(session, instance_type)
    create(session, model, package_arn, endpoint_name, instance_type)
    return wait(session, endpoint_name, wait_seconds, tell)


def create(
    session: Session, model: catalog.Model, package_arn: str, endpoint_name: str, instance_type: str
) -> None:
    """Create Model, EndpointConfig and Endpoint without waiting; what a failed deploy left is used again.

    Raises BadInput if a configuration of that name is there and is for another instance type.
    """
    sagemaker = session.client("sagemaker")
    variant = _variant(model, endpoint_name, instance_type)
    container = {"ModelPackageName": package_arn}
    with explained(f"create the endpoint {endpoint_name!r} (06_clean_up deletes what was made so far)"):
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
        )
        config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint_name)
        found = config["ProductionVariants"][0]["InstanceType"]
        if found != instance_type:
            raise BadInput(
                f"A configuration {endpoint_name!r} for {found} is left from before, at another price. "
                f"Delete it first, in 06_clean_up."
            )
        sagemaker.create_endpoint(EndpointName=endpoint_name, EndpointConfigName=endpoint_name, Tags=[TAG])


def find(session: Session, endpoint_name: str) -> Endpoint | None:
    """The endpoint of that name, or None."""
    try:
        return describe(session, endpoint_name)
    except EndpointNotFound:
        return None


def describe(session: Session, endpoint_name: str) -> Endpoint:
    """What SageMaker says of the endpoint now; raises EndpointNotFound."""
    check_name(endpoint_name)
    sagemaker = session.client("sagemaker")
    with explained(f"look at the endpoint {endpoint_name!r} in {session.region}"):
        endpoint = sagemaker.describe_endpoint(EndpointName=endpoint_name)
        config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
        variant = config["ProductionVariants"][0]
        model = sagemaker.describe_model(ModelName=variant["ModelName"])
    package = model.get("PrimaryContainer", {}).get("ModelPackageName", "")
    return Endpoint(
        name=endpoint_name,
        arn=endpoint["EndpointArn"],
        status=endpoint["EndpointStatus"],
        model=catalog.model_of_package(package),
        model_name=variant["ModelName"],
        config_name=endpoint["EndpointConfigName"],
        instance_type=variant["InstanceType"],
        instance_count=variant["InitialInstanceCount"],
        created=endpoint["CreationTime"],
        failure_reason=endpoint.get("FailureReason", ""),
    )


def wait(
    session: Session,
    endpoint_name: str,
    seconds: float = 2700,
    tell: Callable[[str], object] = print,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Endpoint:
    """Wait until the endpoint is InService, telling each change of its status and each minute that passes.

    Interrupt it whenever you like and call it again: the endpoint goes on by itself. Raises EndpointFailed
    with SageMaker's reason, or EndpointNotReady after `seconds`.
    """
    started, told, minutes = clock(), "", 0
    while True:
        endpoint = describe(session, endpoint_name)
        if endpoint.status != told:
            tell(f"{endpoint_name}: {endpoint.status}")
        told = endpoint.status
        if endpoint.status not in CHANGING:
            return _ready(endpoint)
        waited = clock() - started
        if waited > seconds:
            raise EndpointNotReady(
                f"{endpoint_name} is still {endpoint.status} after {waited / 60:.0f} minutes, and it bills. "
                f"Wait on with wait(session, {endpoint_name!r}), or delete(session, {endpoint_name!r})."
            )
        if waited // 60 > minutes:
            minutes = int(waited // 60)
            tell(f"{endpoint_name}: {endpoint.status}, {minutes} min")
        sleep(min(15.0, 0.25 + waited / 10))


def check_name(name: str) -> str:
    """Return `name`, or raise BadInput: SageMaker takes up to 63 letters, digits and single inner hyphens."""
    if not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name) or len(name) > 63:
        raise BadInput(
            f"{name!r} cannot be an endpoint's name: up to 63 letters, digits and hyphens, "
            f"beginning and ending with a letter or digit."
        )
    return name


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


def _attach(
    session: Session,
    existing: Endpoint,
    model: catalog.Model,
    wait_seconds: float,
    tell: Callable[[str], object],
) -> Endpoint:
    if existing.model is not None and existing.model.id != model.id:
        raise BadInput(
            f"{existing.name!r} exists and serves {existing.model.id}, not {model.id}. "
            f"Choose another endpoint_name, or delete it in 06_clean_up."
        )
    tell(f"{existing.name}: exists on {existing.instance_type}; attaching to it")
    return wait(session, existing.name, wait_seconds, tell)


def _ready(endpoint: Endpoint) -> Endpoint:
    if endpoint.status == "InService":
        return endpoint
    raise EndpointFailed(
        f"{endpoint.name} is {endpoint.status}: {endpoint.failure_reason or 'SageMaker gives no reason.'} "
        f"A failed endpoint can only be deleted: delete(session, {endpoint.name!r})."
    )


def _unless_there(operation: Callable[..., Any], **arguments: Any) -> None:
    try:
        operation(**arguments)
    except ClientError as error:
        if "Cannot create already existing" not in error.response["Error"]["Message"]:
            raise
