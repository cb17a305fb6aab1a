"""ARNs of SageMaker's resources, and the errors that name them (ValidationException, as AWS words them)."""

from collections.abc import Mapping
from typing import TypeVar

from helpers.sandbox.aws.service import AwsError, Context

T = TypeVar("T")
MODEL = "model"
CONFIG = "endpoint-config"
ENDPOINT = "endpoint"
WORDS = {MODEL: "model", CONFIG: "endpoint configuration", ENDPOINT: "endpoint"}


def arn(kind: str, name: str, context: Context) -> str:
    """The ARN of a resource of the caller's own account and region; in small letters, whatever the name has.

    amazon-sagemaker-examples#293 shows it for an endpoint.
    """
    return f"arn:aws:sagemaker:{context.region}:{context.account}:{kind}/{name.lower()}"


def refused(message: str) -> AwsError:
    """SageMaker's answer to nearly every bad request: ValidationException, 400."""
    return AwsError("ValidationException", message)


def not_found(kind: str, name: str, context: Context) -> AwsError:
    """No resource of that name."""
    return refused(f'Could not find {WORDS[kind]} "{arn(kind, name, context)}".')


def named(kind: str, resources: Mapping[str, T], name: str, context: Context) -> T:
    """Return the resource of that name. Raises ValidationException if there is none."""
    if name not in resources:
        raise not_found(kind, name, context)
    return resources[name]


def taken(kind: str, name: str, context: Context) -> AwsError:
    """The name is in use; for a model the wording is by analogy with the other two."""
    return refused(f'Cannot create already existing {WORDS[kind]} "{arn(kind, name, context)}".')


def in_progress(name: str, context: Context) -> AwsError:
    """The endpoint is in progress: neither UpdateEndpoint nor DeleteEndpoint works."""
    return refused(f'Cannot update in-progress endpoint "{arn(ENDPOINT, name, context)}".')
