"""Errors of the port itself, written as the service that was called would write its own."""

import uuid
from xml.sax.saxutils import escape  # nosec B406: writes XML, reads none

from ..aws.service import AwsError, Reply, error_reply


def refusal(error: AwsError, family: str) -> Reply:
    """The error as JSON, or as the XML of S3 or of the query services (see signing.Signable.family).

    The connection ends with it: the request may not have been read to its end.
    """
    reply = error_reply(error) if family == "json" else _xml_reply(error, family)
    return Reply(reply.status, reply.body, {**reply.headers, "Connection": "close"})


def _xml_reply(error: AwsError, family: str) -> Reply:
    fields = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    request_id = f"<RequestId>{uuid.uuid4()}</RequestId>"
    if family == "s3":
        xml = f"<Error>{fields}{request_id}</Error>"
    else:
        xml = f"<ErrorResponse><Error>{fields}</Error>{request_id}</ErrorResponse>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}'.encode()
    return Reply(error.status, body, {"Content-Type": "text/xml"})
