"""Errors of the gateway, in the format of the service that was called."""

import uuid
from xml.sax.saxutils import escape  # nosec B406: writes XML, reads none

from ..aws.service import AwsError, HttpReply, error_reply
from .signature import Signable

_XML = {"s3": "<Error>{}{}</Error>", "query": "<ErrorResponse><Error>{}</Error>{}</ErrorResponse>"}


def denied(error: AwsError, request: Signable) -> AwsError:
    """Return an AccessDeniedException with the code and the status of the called service's protocol."""
    if request.family != "json":
        return AwsError("AccessDenied", error.message, 403)
    # SageMaker answers 400 (quoted in public logs); REST services 403
    return AwsError(error.code, error.message, 400 if request.header("x-amz-target") else 403)


def error_response(error: AwsError, family: str) -> HttpReply:
    """Return the error as JSON, or as XML of S3 or of a query service (`Signable.family` says which).

    It closes the connection, as the request may not have been read to its end.
    """
    reply = error_reply(error) if family == "json" else _xml_reply(error, family)
    return HttpReply(reply.status, reply.body, {**reply.headers, "Connection": "close"})


def _xml_reply(error: AwsError, family: str) -> HttpReply:
    fields = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    request_id = f"<RequestId>{uuid.uuid4()}</RequestId>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{_XML[family].format(fields, request_id)}'
    return HttpReply(error.status, body.encode(), {"Content-Type": "text/xml"})
