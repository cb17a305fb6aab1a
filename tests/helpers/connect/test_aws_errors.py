"""AWS's errors, said again with what to do next."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    HTTPClientError,
    NoCredentialsError,
    ProxyConnectionError,
    SSLError,
    SSOTokenLoadError,
    TokenRetrievalError,
)

from helpers import errors
from helpers.connect.aws_errors import explained, model_message


def told(error: Exception) -> errors.TutorialError:
    with pytest.raises(errors.TutorialError, match=r"^Could not do it") as caught, explained("do it"):
        raise error
    return caught.value


def aws(code: str, message: str = "AWS's words") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


@pytest.mark.parametrize(
    "error",
    [
        NoCredentialsError(),
        SSOTokenLoadError(error_msg="Token for s does not exist"),
        TokenRetrievalError(provider="sso", error_msg="expired"),
        aws("ExpiredToken"),
        aws("ExpiredTokenException"),
        aws("InvalidClientTokenId"),
        aws("UnrecognizedClientException"),
    ],
)
def test_a_sign_in_that_is_missing_or_over(error: Exception) -> None:
    found = told(error)
    assert isinstance(found, errors.NotConnected)
    assert "Sign in to AWS again (for example: aws sso login)" in str(found)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (aws("AccessDeniedException"), errors.NotPermitted),
        (aws("ThrottlingException"), errors.Throttled),
        (aws("ResourceLimitExceeded"), errors.QuotaExceeded),
        (aws("ValidationException", 'Could not find endpoint "arn".'), errors.EndpointNotFound),
        (aws("ValidationError", "Endpoint e of account 123456789012 not found."), errors.EndpointNotFound),
        (
            aws("ValidationException", "Caller is not subscribed to the marketplace offering."),
            errors.NotSubscribed,
        ),
        (aws("ValidationException", "Could not assume role arn:aws:iam::1:role/r."), errors.NotPermitted),
    ],
)
def test_each_error_has_its_class_and_keeps_awss_words(error: ClientError, kind: type[Exception]) -> None:
    found = told(error)
    assert type(found) is kind
    assert error.response["Error"]["Message"] in str(found)


def test_a_missing_permission_is_named_with_what_to_do() -> None:
    denied = "User: arn:aws:sts::1:assumed-role/R/S is not authorized to perform: sagemaker:CreateModel"
    found = str(told(aws("AccessDeniedException", f"{denied} because no identity-based policy allows it")))
    assert (
        "Could not do it: you lack sagemaker:CreateModel; attach data/iam-policy.json to your role" in found
    )
    assert denied in found
    forbidden = str(told(aws("AccessDenied", f"{denied} with an explicit deny in a service control policy")))
    assert "forbids you sagemaker:CreateModel: ask who administers it" in forbidden
    assert "iam-policy" not in forbidden


def test_who_may_not_end_automatic_scaling_is_told_so_too() -> None:
    found = told(
        aws(
            "ValidationException",
            "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM "
            "identity used to invoke DeleteEndpoint does not have "
            "application-autoscaling:DeregisterScalableTarget permission to deregister the scalable target.",
        )
    )
    assert isinstance(found, errors.NotPermitted)
    assert "you lack application-autoscaling:DeregisterScalableTarget; attach data/iam-policy" in str(found)


def test_what_there_is_nothing_to_add_to_passes_unchanged() -> None:
    error = aws("ValidationException", "Something new.")
    with pytest.raises(ClientError) as caught, explained("do it"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    "error",
    [
        ProxyConnectionError(proxy_url="http://192.0.2.1:3128"),
        SSLError(endpoint_url="https://x", error="certificate verify failed"),
        ConnectionClosedError(endpoint_url="https://x"),
        HTTPClientError(error="Failed to parse: '::::' is not a valid host or port"),
    ],
)
def test_what_the_network_does_is_not_connected(error: Exception) -> None:
    assert isinstance(told(error), errors.NotConnected)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"message": "too long"}', "too long"),
        ('{"message": null}', '{"message": null}'),
        ('{"message": 5}', '{"message": 5}'),
        ("[1]", "[1]"),
        ("[" * 100_000, "[" * 100_000),
        ('{"n": ' + "9" * 5000 + "}", '{"n": ' + "9" * 5000 + "}"),
    ],
)
def test_a_containers_words_are_its_own(body: str, said: str) -> None:
    assert model_message(body) == said


def test_a_timeout_is_not_called_retryable() -> None:
    error = aws("ModelError", "Received server error (0) from primary.")
    error.response["OriginalStatusCode"] = 0
    error.response["OriginalMessage"] = "Your invocation timed out."
    found = told(error)
    assert isinstance(found, errors.ModelFailed)
    assert found.status == 0
    assert "may succeed" not in str(found)
    assert "Ask for less (max_tokens), or stream" in str(found)
