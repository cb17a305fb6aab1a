"""Deleting by name, and finding what is left; no handle is needed, so a failed deploy can be cleaned up."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from .constructs import TAG
from .deadline import clear_deadline
from .endpoint import CHANGING, check_name
from .errors import EndpointNotFound, EndpointNotReady
from .explain import DENIED, explained, if_there, is_missing
from .session import Session

# kind, list operation, its list, the name's key, the ARN's key
KINDS = (
    ("endpoint", "list_endpoints", "Endpoints", "EndpointName", "EndpointArn"),
    (
        "endpoint configuration",
        "list_endpoint_configs",
        "EndpointConfigs",
        "EndpointConfigName",
        "EndpointConfigArn",
    ),
    ("model", "list_models", "Models", "ModelName", "ModelArn"),
)


def delete(
    session: Session,
    endpoint_name: str,
    *,
    wait_seconds: float = 2700,
    tell: Callable[[str], object] = print,
    sleep: Callable[[float], object] = time.sleep,
) -> list[str]:
    """Delete the endpoint, its configuration and its model; return what was deleted once it is gone.

    It needs the name only, and works for what a failed deploy left behind. Deleting twice is no error.
    SageMaker deletes no endpoint that is still being created or updated, so that is waited for.
    """
    check_name(endpoint_name)
    config_name, model_names = _parts(session, endpoint_name)
    sagemaker = session.client("sagemaker")
    _wait_while(session, endpoint_name, (*CHANGING, "Deleting"), wait_seconds, tell, sleep)
    steps = [("endpoint", endpoint_name, sagemaker.delete_endpoint, "EndpointName")]
    steps.append(
        ("endpoint configuration", config_name, sagemaker.delete_endpoint_config, "EndpointConfigName")
    )
    steps += [("model", name, sagemaker.delete_model, "ModelName") for name in model_names]
    deleted = []
    for kind, name, operation, key in steps:
        with explained(f"delete the {kind} {name!r}"):
            if if_there(operation, **{key: name}) is not None:
                deleted.append(f"{kind} {name}")
    if clear_deadline(session, endpoint_name):
        deleted.append(f"deadline of {endpoint_name}")
    _wait_while(session, endpoint_name, ("Deleting",), wait_seconds, tell, sleep)
    return deleted


def leftovers(session: Session, endpoint_name: str = "") -> list[str]:
    """What this tutorial made and has not deleted, in this region: found by tag, and by name if one is given.

    Endpoints bill while they exist; configurations and models cost nothing.
    """
    sagemaker = session.client("sagemaker")
    found = []
    for kind, operation, members, name, arn in KINDS:
        with explained(f"list what is left of kind {kind}"):
            for page in sagemaker.get_paginator(operation).paginate():
                found += [
                    f"{kind} {item[name]}"
                    for item in page[members]
                    if item.get("EndpointStatus") != "Deleting"
                    and (item[name] == endpoint_name or TAG in _tags(sagemaker, item[arn]))
                ]
    return found


def _parts(session: Session, endpoint_name: str) -> tuple[str, list[str]]:
    """The names of the endpoint's configuration and models; the endpoint's own where there is none to ask."""
    sagemaker = session.client("sagemaker")
    with explained(f"look at the endpoint {endpoint_name!r}"):
        endpoint = if_there(sagemaker.describe_endpoint, EndpointName=endpoint_name) or {}
        config_name = endpoint.get("EndpointConfigName") or endpoint_name
        config = if_there(sagemaker.describe_endpoint_config, EndpointConfigName=config_name)
    if config is None:
        return config_name, [endpoint_name]
    return config_name, [each["ModelName"] for each in config["ProductionVariants"] if "ModelName" in each]


def _wait_while(
    session: Session,
    endpoint_name: str,
    statuses: tuple[str, ...],
    seconds: float,
    tell: Callable[[str], object],
    sleep: Callable[[float], object],
) -> None:
    waited = 0.0
    while (status := _status(session, endpoint_name)) in statuses:
        if waited == 0 and status != "Deleting":
            tell(f"{endpoint_name} is {status}; it can be deleted after that. Waiting.")
        if waited > seconds:
            raise EndpointNotReady(f"{endpoint_name} is still {status}; run delete again later: it bills.")
        sleep(pause := min(10.0, 0.25 + waited / 10))
        waited += pause


def _status(session: Session, endpoint_name: str) -> str | None:
    with suppress(EndpointNotFound), explained(f"look at the endpoint {endpoint_name!r}"):
        answer = session.client("sagemaker").describe_endpoint(EndpointName=endpoint_name)
        return str(answer["EndpointStatus"])
    return None


def _tags(sagemaker: Any, arn: str) -> list[dict[str, str]]:
    try:
        return list(sagemaker.list_tags(ResourceArn=arn)["Tags"])
    except ClientError as error:
        if (
            is_missing(error) or error.response["Error"]["Code"] in DENIED
        ):  # deleted since it was listed, or not ours
            return []
        raise
