"""Translation of AWS's errors to TutorialErrors that say what to do next; others pass unchanged."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as ConnectionFailed

from .. import errors

THROTTLED = (
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "ModelNotReadyException",
    "ServiceUnavailable",
)
SIGN_IN = (NoCredentialsError, CredentialRetrievalError, TokenRetrievalError, SSOError)
SIGN_IN_AGAIN = "Sign in to AWS again (for example: aws sso login), then run the connect cell."
QUOTAS = "https://console.aws.amazon.com/servicequotas/home/services/sagemaker/quotas"
EXPIRED = (
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
)
MISSING = ("ResourceNotFoundException", "NoSuchEntity")  # NoSuchEntity: IAM's
DENIED = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation")
# where a message names a missing permission; that of an endpoint that scales comes without a code of its own
LACKING = re.compile(r"not authorized to perform: ([\w-]+:\w+)|does not have ([\w-]+:\w+) permission")
# in AWS's message where no policy that you attach helps (IAM User Guide, access denied error messages)
BY_OTHERS = ("explicit deny", "permissions boundary", "service control policy", "resource control policy")


@contextmanager
def explained(action: str) -> Iterator[None]:
    """Run an AWS call; raise its failure as the matching TutorialError, with `action` in the message.

    `action` completes the sentence "Could not ...", for example "create the endpoint 'demo'".
    """
    try:
        yield
    except ClientError as error:
        explanation = _explain(error, action)
        if explanation is None:
            raise
        raise explanation from error
    except (ConnectionFailed, HTTPClientError) as error:  # includes timeouts, proxies and certificates
        raise errors.NotConnected(f"Could not {action}: {error}") from error
    except SIGN_IN as error:
        raise errors.NotConnected(f"Could not {action}: {error}. {SIGN_IN_AGAIN}") from error


def _explain(error: ClientError, action: str) -> errors.TutorialError | None:
    code = error.response["Error"]["Code"]
    message = error.response["Error"].get("Message", "")
    told = f"Could not {action}. AWS says: {message}"
    if code == "ModelError":
        return _explain_model_error(error, action)
    if "not subscribed to the marketplace offering" in message:
        return errors.NotSubscribed(
            f"{told} Run 01_subscribe; a new subscription takes a few minutes to arrive."
        )
    if message.startswith("Could not assume role"):
        return errors.NotPermitted(
            f"{told} Pass another one to connect(..., role_arn=); one made just now takes a minute to arrive."
        )
    if "not supported for the chosen region" in message:
        return errors.InstanceNotOffered(f"{told} Or take another region, in connect(..., region=).")
    if code in ("ResourceLimitExceeded", "ResourceLimitExceededException"):
        return errors.QuotaExceeded(f"{told} Ask for more: {QUOTAS}")
    if code in ("ValidationException", "ValidationError") and _is_missing_endpoint(message):
        return errors.EndpointNotFound(f"{told} Run 02_deploy first, with the same endpoint_name.")
    if code in THROTTLED:
        return errors.Throttled(f"{told} Wait a moment, and send fewer requests at a time.")
    if code in EXPIRED:
        return errors.NotConnected(f"{told} {SIGN_IN_AGAIN}")
    if code in DENIED or LACKING.search(message):
        return errors.NotPermitted(f"Could not {action}: {_lacking(message)} AWS says: {message}")
    return None


def _lacking(message: str) -> str:
    """Return in a sentence which permission is missing and what to do, from AWS's message."""
    named = LACKING.search(message)
    what = (named[1] or named[2]) if named else "a permission"
    if any(each in message for each in BY_OTHERS):
        return f"a policy of your organization or account forbids you {what}: ask who administers it."
    return f"you lack {what}; attach data/iam-policy.json to your role (README, On your own AWS account)."


def is_missing(error: ClientError) -> bool:
    """Tell whether the error says that the named resource does not exist, by its code or SageMaker's text."""
    told = error.response["Error"]
    return told["Code"] in MISSING or "Could not find" in told["Message"]


def if_there(operation: Callable[..., Any], **name: str) -> dict[str, Any] | None:
    """Return AWS's answer to a call that names a resource; None if it does not exist or the name is empty."""
    if not all(name.values()):
        return None
    try:
        return dict(operation(**name))
    except ClientError as error:
        if not is_missing(error):
            raise
        return None


def _is_missing_endpoint(message: str) -> bool:
    return bool(
        re.match(r"Could not find endpoint (?!config)|Endpoint \S+ of account \d+ not found", message)
    )


def _explain_model_error(error: ClientError, action: str) -> errors.TutorialError:
    """Return the error for a ModelError (424), with the container's own status and message."""
    status = int(error.response.get("OriginalStatusCode") or 0)
    said = model_message(error.response.get("OriginalMessage") or error.response["Error"].get("Message", ""))
    if 400 <= status < 500:
        return errors.ModelRefused(
            f"Could not {action}. The model refused the request ({status}): {said}",
            status=status,
            model_message=said,
        )
    if status == 0:
        return errors.ModelFailed(
            f"Could not {action}. The model did not answer in time: {said} SageMaker waits 60 seconds for a "
            "whole answer, and the same request would take as long again, and cost as much. Ask for less "
            "(max_tokens), or stream: a stream may take 8 minutes.",
            status=status,
            model_message=said,
        )
    return errors.ModelFailed(
        f"Could not {action}. The model failed ({status}): {said} The same request may succeed later; "
        f"the endpoint's log is at {error.response.get('LogStreamArn', 'CloudWatch Logs')}.",
        status=status,
        model_message=said,
    )


def model_message(body: str) -> str:
    """Return the message in a container's error body: the value of "message", or the body itself."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return body
    said = parsed.get("message") if isinstance(parsed, dict) else None
    return said if isinstance(said, str) else body
