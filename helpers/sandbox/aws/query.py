"""AWS's query protocol (STS, IAM): parameters in a form, answers in XML, by botocore's service models."""

import uuid
from datetime import UTC
from typing import Any, ClassVar
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape  # nosec B406: writes XML, reads none

from botocore import xform_name
from botocore.model import ListShape, Shape, StructureShape

from .service import AwsError, Context, HttpReply, Service, parse_json

FORM = "application/x-www-form-urlencoded"
_MOST_ITEMS = 1000  # of a list in a form


class QueryService(Service):
    """A service that speaks the query protocol, with methods as `Service` has."""

    content_types: ClassVar[tuple[str, ...]] = ("", FORM)

    def operation_of(self, method: str, path: str, target: str | None, body: bytes = b"") -> str | None:
        """Return the operation that the form names, if there is a method for it."""
        operation = self.params(body).get("Action", "")
        known = operation in self.model.operation_names and hasattr(self, xform_name(operation))
        return operation if known else None

    def params(self, body: bytes) -> dict[str, Any]:
        """Return the fields of the form, by their flat names such as Tags.member.1.Key."""
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))

    def handle(self, operation: str, body: bytes, context: Context) -> HttpReply:
        """Run the operation on a request's form; return its answer as XML. Raises as `call` does."""
        shape = self.model.operation_model(operation).input_shape
        form = self.params(body)
        answer, _ = self._run(operation, _read(shape, form, "") if shape else {}, context)
        result = _members(self.model.operation_model(operation).output_shape, answer)
        name = f"{operation}Result"
        return _reply(200, f"{operation}Response", f"<{name}>{result}</{name}>")

    def error_reply(self, error: AwsError) -> HttpReply:
        """Return the error as XML."""
        kind = "Sender" if error.status < 500 else "Receiver"
        fields = f"<Type>{kind}</Type><Code>{escape(error.code)}</Code>"
        return _reply(
            error.status,
            "ErrorResponse",
            f"<Error>{fields}<Message>{escape(error.message)}</Message></Error>",
        )


def _reply(status: int, root: str, inner: str) -> HttpReply:
    request_id = str(uuid.uuid4())
    metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{inner}{metadata}</{root}>'
    return HttpReply(status, body.encode(), {"Content-Type": "text/xml", "x-amzn-RequestId": request_id})


def _read(shape: Shape, form: dict[str, str], name: str) -> Any:
    """Return the JSON value that the fields below `name` stand for; None if there are none."""
    if isinstance(shape, StructureShape):
        inside = {
            each: _read(member, form, f"{name}.{each}".lstrip(".")) for each, member in shape.members.items()
        }
        found = {each: value for each, value in inside.items() if value is not None}
        return found or (None if name else {})
    if isinstance(shape, ListShape):
        numbered = (_read(shape.member, form, f"{name}.member.{number}") for number in range(1, _MOST_ITEMS))
        items = []
        for item in numbered:
            if item is None:
                break
            items.append(item)
        return items or None
    text = form.get(name)
    if text is None or shape.type_name in ("string", "timestamp", "blob"):
        return text
    # numbers and true or false are written as in JSON; `values.parse` refuses what is of another type
    try:
        return parse_json(f'{{"value": {text}}}'.encode())["value"]
    except (AwsError, KeyError):
        return text


def _members(shape: StructureShape | None, answer: dict[str, Any]) -> str:
    if shape is None:
        return ""
    return "".join(
        f"<{name}>{_written(member, answer[name])}</{name}>"
        for name, member in shape.members.items()
        if answer.get(name) is not None
    )


def _written(shape: Shape, value: Any) -> str:
    if isinstance(shape, StructureShape):
        return _members(shape, value)
    if isinstance(shape, ListShape):
        return "".join(f"<member>{_written(shape.member, item)}</member>" for item in value)
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.type_name == "timestamp":
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return escape(str(value))
