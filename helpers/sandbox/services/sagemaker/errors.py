"""ARNs of SageMaker's resources, and the ValidationExceptions that name them, in AWS's wording."""

from collections.abc import Mapping
from typing import TypeVar

from helpers.sandbox.aws.service import AwsError, Context

T = TypeVar("T")
MODEL = "model"
CONFIG = "endpoint-config"
ENDPOINT = "endpoint"
WORDS = {MODEL: "model", CONFIG: "endpoint configuration", ENDPOINT: "endpoint"}


def arn(kind: str, name: str, context: Context) -> str:
    """Return the ARN of a resource in the caller's account and region; the name is in lower case.

    Source: an endpoint's ARN in amazon-sagemaker-examples#293.
    """
    return f"arn:aws:sagemaker:{context.region}:{context.account}:{kind}/{name.lower()}"


def refused(message: str) -> AwsError:
    """Return a ValidationException (400), SageMaker's answer to nearly every bad request."""
    return AwsError("ValidationException", message)


def not_found(kind: str, name: str, context: Context) -> AwsError:
    """Return the error for a name that no resource has."""
    return refused(f'Could not find {WORDS[kind]} "{arn(kind, name, context)}".')


def named(kind: str, resources: Mapping[str, T], name: str, context: Context) -> T:
    """Return the resource of that name. Raises ValidationException if there is none."""
    if name not in resources:
        raise not_found(kind, name, context)
    return resources[name]


def taken(kind: str, name: str, context: Context) -> AwsError:
    """Return the error for a name in use; the wording for models is by analogy with the other two."""
    return refused(f'Cannot create already existing {WORDS[kind]} "{arn(kind, name, context)}".')


def in_progress(name: str, context: Context) -> AwsError:
    """Return the error for UpdateEndpoint or DeleteEndpoint while the endpoint changes."""
    return refused(f'Cannot update in-progress endpoint "{arn(ENDPOINT, name, context)}".')
