"""InvokeEndpoint and its streaming twin: frames, errors, limits, and clients that go away."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from helpers import catalog
from helpers.sandbox.aws import eventstream
from helpers.sandbox.aws.service import AwsError, Context
from helpers.sandbox.container.container import Container
from helpers.sandbox.engine.engine import Engine
from helpers.sandbox.inference import Answer
from helpers.sandbox.server.body import ClientDisconnected
from helpers.sandbox.services.runtime.checks import MAX_BODY
from helpers.sandbox.services.runtime.invoke import Runtime
from helpers.sandbox.services.sagemaker import Variant

HERE = Context("eu-west-1", "123456789012")
VARIANT = Variant("AllTraffic", catalog.model("cohere-medium"), "m", "ml.g5.xlarge", "medium")


class OneEndpoint:
    def route(self, endpoint_name: str, context: Context, target_variant: str | None = None) -> Variant:
        if endpoint_name != "medium":
            raise AwsError("ValidationError", f"Endpoint {endpoint_name} of account 123456789012 not found.")
        return VARIANT


class Scripted:
    """A container that says what it was told to, and notes whether its stream was closed."""

    def __init__(self, answer: Answer | list[bytes | float | Exception], seconds: float = 0) -> None:
        self.answer, self.seconds, self.closed = answer, seconds, False

    async def invoke(
        self, model: catalog.Model, body: bytes, content_type: str
    ) -> Answer | AsyncGenerator[bytes, None]:
        await asyncio.sleep(self.seconds)
        return self.answer if isinstance(self.answer, Answer) else self._stream(self.answer)

    async def _stream(self, items: list[bytes | float | Exception]) -> AsyncGenerator[bytes, None]:
        try:
            for item in items:
                if isinstance(item, Exception):
                    raise item
                if isinstance(item, bytes):
                    yield item
                else:
                    await asyncio.sleep(item)
        finally:
            self.closed = True


class Client:
    """An HTTP client that sends `body`, and leaves after `leave_after` messages of the answer, if it does."""

    def __init__(self, body: bytes = b"{}", leave_after: int | None = None) -> None:
        self.body, self.leave_after = body, leave_after
        self.sent = False
        self.messages: list[Message] = []
        self.left = asyncio.Event()
        if leave_after == 0:
            asyncio.get_running_loop().call_later(0.3, self.left.set)

    async def receive(self) -> Message:
        if not self.sent:
            self.sent = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        if len(self.messages) == self.leave_after:
            self.left.set()

    async def ask(self, runtime: Runtime, *, stream: bool, name: str = "medium") -> "Client":
        scope = {"type": "http", "method": "POST", "headers": [], "path": "/"}
        response = await runtime.invoke(Request(scope, self.receive), name, HERE, stream)
        await response(scope, self.receive, self.send)
        return self

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def data(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def events(self) -> list[tuple[dict[str, Any], bytes]]:
        buffer = EventStreamBuffer()
        buffer.add_data(self.data)
        return [(event.headers, event.payload) for event in buffer]


def ask(container: Any, *, stream: bool, body: bytes = b"{}", name: str = "medium", **options: Any) -> Client:
    async def run() -> Client:
        return await Client(body).ask(Runtime(OneEndpoint(), container, **options), stream=stream, name=name)

    return asyncio.run(run())


@given(
    st.binary(max_size=300), st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=9), max_size=3)
)
def test_frames_are_what_botocore_reads(payload: bytes, headers: dict[str, str]) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(eventstream.frame(headers, payload))
    (event,) = list(buffer)
    assert (event.headers, event.payload) == (headers, payload)


def test_a_whole_answer_passes_as_it_is() -> None:
    client = ask(Scripted(Answer(200, b'{"a": 1}')), stream=False)
    assert client.data == b'{"a": 1}'
    assert client.headers["content-type"] == "application/json"
    assert client.headers["x-amzn-invoked-production-variant"] == "AllTraffic"


def test_each_part_is_an_event() -> None:
    client = ask(Scripted([b"one", b"\xff", b"three"]), stream=True)
    assert [payload for _, payload in client.events] == [b"one", b"\xff", b"three"]
    assert {headers[":event-type"] for headers, _ in client.events} == {"PayloadPart"}
    assert client.headers["content-type"] == "application/vnd.amazon.eventstream"
    assert client.headers["x-amzn-sagemaker-content-type"] == "application/json"
    assert "content-length" not in client.headers


def test_the_other_operation_still_answers() -> None:
    assert [payload for _, payload in ask(Scripted(Answer(200, b"whole")), stream=True).events] == [b"whole"]
    assert ask(Scripted([b"a", b"b"]), stream=False).data == b"ab"


def test_no_endpoint_takes_asynchronous_invocations() -> None:
    runtime = Runtime(OneEndpoint(), Scripted(Answer(200, b"")))
    for name, said in (("medium", "does not support asynchronous inference"), ("nobody", "not found")):
        with pytest.raises(AwsError, match=said) as caught:
            runtime.refuse_async(name, HERE)
        assert caught.value.code == "ValidationError"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("status", "side"), [(400, "client"), (500, "server")])
def test_an_error_of_the_model_s_is_wrapped(stream: bool, status: int, side: str) -> None:
    said = '{"message": "invalid request"}'
    with pytest.raises(AwsError) as caught:
        ask(Scripted(Answer(status, said.encode())), stream=stream)
    assert (caught.value.code, caught.value.status) == ("ModelError", 424)
    assert caught.value.message == (
        f'Received {side} error ({status}) from primary with message "{said}". See '
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logEventViewer:"
        "group=/aws/sagemaker/Endpoints/medium in account 123456789012 for more information."
    )
    extra = caught.value.extra
    assert (extra["OriginalStatusCode"], extra["OriginalMessage"]) == (status, said)
    assert extra["LogStreamArn"].endswith(":123456789012:log-group:/aws/sagemaker/Endpoints/medium")


def test_a_body_over_6_mib_is_refused_and_6_mib_is_not() -> None:
    container = Scripted(Answer(200, b"ok"))
    assert ask(container, stream=False, body=b" " * MAX_BODY).data == b"ok"
    with pytest.raises(AwsError) as caught:
        ask(container, stream=False, body=b" " * (MAX_BODY + 1))
    assert caught.value.status == 413


def test_an_unknown_endpoint_is_refused() -> None:
    with pytest.raises(AwsError, match=r"Endpoint nobody of account 123456789012 not found\."):
        ask(Scripted([]), stream=True, name="nobody")


@pytest.mark.parametrize("answer", [Answer(200, b"late"), [30.0]])
def test_a_model_that_takes_too_long_is_a_model_error(answer: Any) -> None:
    with pytest.raises(AwsError, match=r"Received server error \(0\).*timed out while waiting") as caught:
        ask(Scripted(answer, seconds=30), stream=False, invocation_seconds=0.1)
    assert caught.value.code == "ModelError"


def test_a_stream_that_takes_too_long_ends_in_an_exception_event() -> None:
    container = Scripted([b"one", 30.0, b"two"])
    first, last = ask(container, stream=True, stream_seconds=0.3).events
    assert first[1] == b"one"
    assert (last[0][":message-type"], last[0][":exception-type"]) == ("exception", "ModelStreamError")
    assert json.loads(last[1])["ErrorCode"] == "ModelInvocationTimeExceeded"
    assert container.closed


def test_a_stream_may_take_longer_than_a_whole_answer() -> None:
    container = Scripted([b"one", 0.3, b"two"])
    events = ask(container, stream=True, invocation_seconds=0.1, stream_seconds=60).events
    assert [payload for _, payload in events] == [b"one", b"two"]


def test_a_defect_in_a_stream_is_an_exception_event() -> None:
    container = Scripted([b"one", RuntimeError("a defect")])
    _, last = ask(container, stream=True).events
    assert last[0][":exception-type"] == "InternalStreamFailure"
    assert container.closed


def test_streams_pass_through_the_place_for_faults() -> None:
    async def halve(parts: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for part in parts:
            for half in (part[: len(part) // 2], part[len(part) // 2 :]):
                yield half

    client = ask(Scripted([b"abcd"]), stream=True, reshape=halve)
    assert [payload for _, payload in client.events] == [b"ab", b"cd"]


def invocation(**more: Any) -> bytes:
    return json.dumps({"prompt": "Tell me a very long story.", "max_tokens": 1900, **more}).encode()


async def idle(engine: Engine) -> None:
    async with asyncio.timeout(20):  # 1900 tokens take longer by far
        while engine.active:
            await asyncio.sleep(0.005)


def test_a_client_that_leaves_a_stream_ends_its_generation(engine: Engine) -> None:
    async def run() -> None:
        runtime = Runtime(OneEndpoint(), Container(engine))
        client = await Client(invocation(stream=True), leave_after=4).ask(runtime, stream=True)
        assert len(client.messages) < 50
        await idle(engine)

    asyncio.run(run())


def test_a_client_that_leaves_a_call_ends_its_generations(engine: Engine) -> None:
    async def run() -> None:
        runtime = Runtime(OneEndpoint(), Container(engine))
        with pytest.raises(ClientDisconnected):
            await Client(invocation(num_generations=3), leave_after=0).ask(runtime, stream=False)
        await idle(engine)

    asyncio.run(run())


def test_a_time_out_ends_the_generation(engine: Engine) -> None:
    async def run() -> None:
        runtime = Runtime(OneEndpoint(), Container(engine), invocation_seconds=0.5)
        with pytest.raises(AwsError, match="timed out"):
            await Client(invocation()).ask(runtime, stream=False)
        await idle(engine)

    asyncio.run(run())


@pytest.fixture(scope="module")
def endpoint(aws: Callable[..., Any]) -> str:
    """An endpoint of Cohere Medium in the started sandbox."""
    from ..practice_world import ROLE_ARN, variant
    from ..practice_world import listing as listing_of

    sold = listing_of(VARIANT.model.listing_id)
    marketplace, sagemaker = aws("marketplace-agreement"), aws("sagemaker")
    quote = marketplace.create_agreement_request(
        intent="NEW",
        agreementProposalIdentifier=sold.proposal_id,
        requestedTerms=[{"id": term["id"]} for term in sold.terms().values()],
    )
    marketplace.accept_agreement_request(agreementRequestId=quote["agreementRequestId"])
    arn = VARIANT.model.package_arn("us-east-1")
    name, made = "runtime-test", {"ExecutionRoleArn": ROLE_ARN, "EnableNetworkIsolation": True}
    sagemaker.create_model(ModelName=name, PrimaryContainer={"ModelPackageName": arn}, **made)
    spec = variant() | {"ModelName": name}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[spec])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    waiter = {"Delay": 1, "MaxAttempts": 30}
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=waiter)
    yield name
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)


def test_boto3_gets_answers_streams_and_errors(aws: Callable[..., Any], endpoint: str) -> None:
    runtime = aws("sagemaker-runtime")
    call = {"EndpointName": endpoint, "ContentType": "application/json"}
    body = {"prompt": "Hi", "max_tokens": 5, "temperature": 0}
    answer = runtime.invoke_endpoint(**call, Body=json.dumps(body))
    text = json.loads(answer["Body"].read())["generations"][0]["text"]
    assert answer["InvokedProductionVariant"]
    streamed = runtime.invoke_endpoint_with_response_stream(**call, Body=json.dumps({**body, "stream": True}))
    events = [json.loads(event["PayloadPart"]["Bytes"]) for event in streamed["Body"]]
    assert "".join(event["text"] for event in events[:-1]) == text
    with pytest.raises(runtime.exceptions.ModelError) as caught:
        runtime.invoke_endpoint(**call, Body=json.dumps({**body, "temperature": 9}))
    assert caught.value.response["OriginalStatusCode"] == 400
    assert "between 0 and 5.0" in caught.value.response["OriginalMessage"]
    ruled_out = {
        "TargetModel": ("x.tar.gz", "is not a multi-model endpoint and does not support target model header"),
        "InferenceComponentName": ("x", "Inference Component Name header is not allowed"),
        "TargetContainerHostname": ("x", "no direct invocation"),
        "SessionId": ("NEW_SESSION", "stateful sessions"),
        "InferenceId": ("x" * 65, "'inferenceId' failed to satisfy constraint: Member must have length less"),
        "CustomAttributes": ("x" * 1025, "'customAttributes' failed to satisfy constraint"),
    }
    for name, (value, told) in ruled_out.items():
        with pytest.raises(runtime.exceptions.ClientError, match=told) as refused:
            runtime.invoke_endpoint(**call, Body=json.dumps(body), **{name: value})
        assert refused.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(runtime.exceptions.ClientError, match="'endpointName' failed to satisfy constraint"):
        runtime.invoke_endpoint(EndpointName="e_2", Body=b"{}")
    with pytest.raises(runtime.exceptions.ClientError, match=r"\(413\).*content length exceeded 6291456"):
        runtime.invoke_endpoint(**call, Body=b" " * (MAX_BODY + 1))
    with pytest.raises(runtime.exceptions.ModelError, match=r"Received client error \(415\) from primary"):
        runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=json.dumps(body))
