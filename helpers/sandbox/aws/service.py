"""AWS's JSON protocols (awsJson 1.0 and 1.1, rest-json), driven by botocore's service models.

A service of the sandbox is a subclass of `Service` with one method an operation, named as in boto3
(`create_model`). The method takes the validated parameters and the caller's context, and returns the answer
as boto3 shows it. Names, types and limits come from the model.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, ClassVar, NoReturn

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, StructureShape

from . import drift, values
from .caller import Caller
from .validation import missing_message, violation_message


class AwsError(Exception):
    """An error as AWS's clients see it; `extra` holds more members of the modelled error shape."""

    def __init__(
        self, code: str, message: str, status: int = 400, extra: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.extra = extra or {}


@dataclass(frozen=True)
class Context:
    """The region that the request is signed for, the practice account, and the caller."""

    region: str
    account: str
    caller: Caller = field(default_factory=Caller)


@dataclass(frozen=True)
class HttpReply:
    """An HTTP response, independent of any web framework."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


JSON = "application/json"
JSON_TYPES = ("", JSON, "application/x-amz-json-1.0", "application/x-amz-json-1.1")
Handler = Callable[[dict[str, Any], Context], dict[str, Any] | None]


@cache
def load_model(service_name: str) -> ServiceModel:
    """Return botocore's model of a service; ~/.aws/models is never read."""
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return ServiceModel(loader.load_service_model(service_name, "service-2"), service_name)


class Service:
    """A service of the sandbox; a subclass sets `service_name` and has a method for each operation."""

    service_name: ClassVar[str]
    regions: ClassVar[frozenset[str]] = frozenset()  # that have an endpoint of it; empty: all
    content_types: ClassVar[tuple[str, ...]] = JSON_TYPES
    by_moto: ClassVar[bool] = False  # whether moto answers the operations that it lacks

    @cached_property
    def model(self) -> ServiceModel:
        """The service model, loaded on first use and shared by all instances."""
        return load_model(self.service_name)

    def operation_of(self, method: str, path: str, target: str | None, body: bytes = b"") -> str | None:
        """Return the operation that X-Amz-Target or the path names; None if it is not this service's."""
        if "targetPrefix" in self.model.metadata:
            prefix, _, operation = (target or "").rpartition(".")
            return operation if prefix == self.model.metadata["targetPrefix"] else None
        return self._routes.get((method, path))

    @cached_property
    def _routes(self) -> dict[tuple[str, str], str]:
        # Our rest-json services have neither path nor query parameters.
        models = (self.model.operation_model(name) for name in self.model.operation_names)
        return {(each.http["method"], each.http["requestUri"]): each.name for each in models}

    def call(self, operation: str, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Check the parameters against the model, run the operation, and return its answer.

        Raises AwsError (UnknownOperationException, SerializationException, ValidationException, or the
        operation's own) and, if SANDBOX_STRICT=1, drift.NotInTheModel for an answer that does not match the
        model.
        """
        return self._run(operation, params, context)[0]

    def handle(self, operation: str, body: bytes, context: Context) -> HttpReply:
        """Run `call` on a request's JSON body; return its answer as JSON. Raises as `call` does."""
        return self._reply(200, self._run(operation, self.params(body), context)[1])

    def params(self, body: bytes) -> dict[str, Any]:
        """Return the parameters of a request as they were sent. Raises AwsError SerializationException."""
        return parse_json(body)

    def _run(
        self, operation: str, params: dict[str, Any], context: Context
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the answer in Python's types and in JSON's."""
        model, handler = self._find(operation)
        try:
            answer = handler(_checked(model, params), context) or {}
        except values.Missing as error:
            raise AwsError("ValidationException", missing_message(str(error))) from error
        return answer, _serialised(model, answer)

    def error_reply(self, error: AwsError) -> HttpReply:
        """Return the error in this service's protocol, with the model's status and member names."""
        shape = self.model.shape_for_error_code(error.code) if error.code in self._error_codes else None
        return error_reply(error, shape, content_type=self._content_type)

    @cached_property
    def _error_codes(self) -> frozenset[str]:
        return frozenset(shape.error_code for shape in self.model.error_shapes)

    @cached_property
    def _content_type(self) -> str:
        version = self.model.metadata.get("jsonVersion")
        return (
            f"application/x-amz-json-{version}"
            if "targetPrefix" in self.model.metadata
            else "application/json"
        )

    def _reply(self, status: int, members: dict[str, Any]) -> HttpReply:
        headers = {"Content-Type": self._content_type, "x-amzn-RequestId": str(uuid.uuid4())}
        return HttpReply(status, json.dumps(members).encode(), headers)

    def _find(self, operation: str) -> tuple[OperationModel, Handler]:
        if operation not in self.model.operation_names:
            unknown_operation(operation)
        handler: Handler | None = getattr(self, xform_name(operation), None)
        if handler is None:
            unknown_operation(operation)
        return self.model.operation_model(operation), handler


def unknown_operation(operation: str) -> NoReturn:
    """Raise UnknownOperationException, for an operation that the sandbox does not have."""
    # wording (not established): AWS sends no message with this error
    message = f"The sandbox does not practise {operation or 'a request without an operation'}."
    raise AwsError("UnknownOperationException", message, 404)


def check_region(service: Service, region: str) -> None:
    """Raise AwsError if the service has no endpoint in the region; on AWS its host name does not exist."""
    if service.regions and region not in service.regions:
        where = ", ".join(sorted(service.regions))
        message = f"AWS has no {service.service_name} in {region}: the address does not exist. Use {where}."
        raise AwsError("NoSuchEndpoint", message)


def check_type(service: Service, content_type: str) -> None:
    """Raise AwsError (415) for a body whose content type is not that of the service's protocol.

    The code is that of Smithy's tests for REST JSON; SageMaker's own answer: (not established).
    """
    named = content_type.partition(";")[0].strip().lower()
    if named not in service.content_types:
        wanted = service.content_types[1]
        message = f"The content type is {named}, not {'JSON' if wanted == JSON else wanted}."
        raise AwsError("UnsupportedMediaTypeException", message, 415)


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the request's JSON object; an empty body is {}. Raises AwsError SerializationException."""
    try:
        value = json.loads(body or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        # wording (not established): AWS sends this error with an empty message
        raise AwsError("SerializationException", f"The request body is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise AwsError("SerializationException", "The request body is not a JSON object.")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _checked(model: OperationModel, params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters in Python's types. Raises AwsError Serialization- or ValidationException."""
    if not isinstance(model.input_shape, StructureShape):
        return {}
    try:
        parsed: dict[str, Any] = values.parse(model.input_shape, params)
    except (values.NotOfThatType, RecursionError) as error:
        raise AwsError("SerializationException", str(error)) from error
    if message := violation_message(model.input_shape, parsed):
        raise AwsError("ValidationException", message)
    return parsed


def _serialised(model: OperationModel, answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer in JSON's types; `drift.note` receives what the model does not allow."""
    if not isinstance(model.output_shape, StructureShape):
        if answer:
            drift.note(f"{model.name} has no output, but the answer has {sorted(answer)}")
        return {}
    members: dict[str, Any] = values.serialise(model.output_shape, answer, model.name)
    if drift.is_strict() and (message := _violations(model.output_shape, members)):
        drift.note(f"{model.name}: {message}")
    return members


def _violations(shape: StructureShape, members: dict[str, Any]) -> str | None:
    return violation_message(shape, values.parse(shape, members))


def error_reply(error: AwsError, shape: StructureShape | None = None, content_type: str = JSON) -> HttpReply:
    """Return an error in JSON: __type, the message under its shape's name for it, and the extra members."""
    message_key = next(
        (name for name in (shape.members if shape else ()) if name.lower() == "message"), "message"
    )
    named = {} if error.code.isdigit() else {"__type": error.code}  # then the code is the HTTP status
    body = {**named, message_key: error.message, **error.extra}
    status = (shape.metadata.get("error", {}).get("httpStatusCode") if shape else None) or error.status
    headers = {
        "Content-Type": content_type,
        "x-amzn-RequestId": str(uuid.uuid4()),
        **({"x-amzn-ErrorType": error.code} if named else {}),
    }
    return HttpReply(status, json.dumps(body).encode(), headers)
