"""Checks of an invocation that SageMaker makes before the container sees it."""

from starlette.requests import Request

from helpers.sandbox.aws.service import AwsError, load_model
from helpers.sandbox.aws.validation import violation_message

MAX_BODY = 6291456  # bytes; botocore: BodyBlob (AWS's FAQ now says 25 MB)
_ROUTING = {
    # amazon-sagemaker-examples#1026
    "x-amzn-sagemaker-target-model": (
        "Endpoint {} is not a multi-model endpoint and does not support target model header."
    ),
    # quoted in public test files
    "x-amzn-sagemaker-inference-component": (
        "Inference Component Name header is not allowed for endpoints to which you dont plan to deploy "
        "inference components. Please remove the Inference Component Name header and try again."
    ),
    # wordings (not established)
    "x-amzn-sagemaker-target-container-hostname": "Endpoint {} has one container and no direct invocation.",
    "x-amzn-sagemaker-session-id": "The sandbox does not practise stateful sessions.",
}


def check_members(request: Request, endpoint_name: str, stream: bool) -> None:
    """Raise ValidationError for a name or header that violates the service model; boto3 does not check them.

    The wording is the control plane's; that the runtime uses the same: (not established).
    """
    operation = "InvokeEndpointWithResponseStream" if stream else "InvokeEndpoint"
    shape = load_model("sagemaker-runtime").operation_model(operation).input_shape
    headers = {name: each.serialization.get("name", name) for name, each in shape.members.items()}
    given = {name: request.headers[header] for name, header in headers.items() if header in request.headers}
    types = {name: each.type_name for name, each in shape.members.items()}
    sent = [("EndpointName", endpoint_name, "string"), ("Body", b"", "blob")]
    sent += [(name, text, "string") for name, text in given.items()]
    as_typed = {name: value for name, value, kind in sent if types.get(name) == kind}
    if message := violation_message(shape, as_typed):
        raise AwsError("ValidationError", message)


def check_routing(request: Request, endpoint_name: str) -> None:
    """Raise ValidationError for a header that an endpoint with one model a variant does not support."""
    for header, message in _ROUTING.items():
        if header in request.headers:
            raise AwsError("ValidationError", message.format(endpoint_name))


def check_size(body: bytes) -> None:
    """Raise AwsError 413 for a body of more than 6,291,456 bytes."""
    if len(body) > MAX_BODY:
        # wording: sagemaker-python-sdk#171, with that time's limit; botocore takes the code from the status
        raise AwsError("413", f"HTTP content length exceeded {MAX_BODY} bytes.", 413)
