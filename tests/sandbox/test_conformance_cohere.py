"""Cohere's own clients: its SDK of today, and the calls that its older SageMaker clients make."""

import json
import os

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from helpers import catalog
from helpers.sandbox import faults

from .deployed import REGION, deployed

GENERATE, CHAT = "by-cohere", "by-cohere-chat"
MEDIUM = catalog.model("cohere-medium")


@pytest.fixture(scope="module")
def session(sandbox):
    with deployed(GENERATE) as session:
        yield session


@pytest.fixture(scope="module")
def chat_session(sandbox):
    with deployed(CHAT, "command-r-08-2024") as session:
        yield session


# cohere from PyPI. Its address is fixed, and signed with the request, so the transport signs once more.


class ToTheSandbox(httpx.HTTPTransport):
    """Sends what is meant for SageMaker to the sandbox."""

    def __init__(self, address):
        super().__init__()
        self.url, self.keys = address.url, Credentials(address.access_key_id, address.secret_access_key)

    def handle_request(self, request):
        assert request.url.host == f"runtime.sagemaker.{REGION}.amazonaws.com"
        body = request.read()
        mapped = AWSRequest("POST", self.url + request.url.path, {"Content-Type": "application/json"}, body)
        SigV4Auth(self.keys, "sagemaker", REGION).add_auth(mapped)
        headers = {**mapped.headers, "Host": self.url.removeprefix("http://")}
        return super().handle_request(httpx.Request("POST", mapped.url, headers=headers, content=body))


@pytest.fixture
def cohere(sandbox, monkeypatch):
    """The package, with its clients' way to SageMaker mapped."""
    package = pytest.importorskip("cohere", reason="cohere (PyPI) is not installed")
    plain = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **given: plain(**given, transport=ToTheSandbox(sandbox)))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return package


def keys(address):
    return {
        "aws_access_key": address.access_key_id,
        "aws_secret_key": address.secret_access_key,
        "aws_region": REGION,
    }


def test_cohere_generates(cohere, session, sandbox):
    client = cohere.SagemakerClient(**keys(sandbox))
    answer = client.generate(
        model=GENERATE, prompt="Hi", max_tokens=5, temperature=0, return_likelihoods="GENERATION"
    )
    (generation,) = answer.generations
    assert generation.text
    assert generation.finish_reason == "MAX_TOKENS"
    assert generation.likelihood < 0
    assert len(generation.token_likelihoods) == 5
    assert answer.prompt == "Hi"


def test_cohere_chats(cohere, chat_session, sandbox):
    client = cohere.SagemakerClient(**keys(sandbox))
    first = client.chat(model=CHAT, message="Say hello.", max_tokens=5, temperature=0)
    assert first.text
    assert [turn.role for turn in first.chat_history] == ["USER", "CHATBOT"]
    second = client.chat(
        model=CHAT, message="Again.", chat_history=first.chat_history, preamble="Be brief.", max_tokens=5
    )
    assert len(second.chat_history) == 4
    v2 = cohere.SagemakerClientV2(**keys(sandbox))
    answer = v2.chat(model=CHAT, messages=[{"role": "user", "content": "Say hello."}], max_tokens=5)
    assert answer.message.content[0].text
    assert answer.finish_reason in ("COMPLETE", "MAX_TOKENS")


def test_cohere_gets_the_models_errors(cohere, session, sandbox):
    client = cohere.SagemakerClient(**keys(sandbox))
    with pytest.raises(cohere.core.api_error.ApiError) as caught:
        client.generate(model=GENERATE, prompt="Hi", temperature=9)
    assert caught.value.status_code == 424
    assert "temperature must be between" in caught.value.body["OriginalMessage"]


# cohere-sagemaker and cohere-aws need a SageMaker SDK that is no more (sagemaker<3): their calls, one by one.


def runtime_of(session):
    return session.client("sagemaker-runtime")


def test_older_clients_look_before_they_create(session):
    """cohere-aws, connect_to_endpoint and create_endpoint: describe decides, by the error's text."""
    sagemaker = session.client("sagemaker")
    for operation, given, words in (
        ("describe_endpoint", {"EndpointName": "nobody"}, "Could not find endpoint"),
        ("describe_endpoint_config", {"EndpointConfigName": "nobody"}, "Could not find endpoint config"),
        ("describe_model", {"ModelName": "nobody"}, "Could not find model"),
        ("delete_endpoint", {"EndpointName": "nobody"}, "Could not find endpoint"),
        ("delete_endpoint_config", {"EndpointConfigName": "nobody"}, "Could not find endpoint config"),
        ("delete_model", {"ModelName": "nobody"}, "Could not find model"),
    ):
        with pytest.raises(ClientError, match=words) as caught:
            getattr(sagemaker, operation)(**given)
        assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_older_clients_describe_the_package(session):
    """sagemaker.ModelPackage.deploy of SDK 2 reads the package before it makes a model of it."""
    arn = MEDIUM.package_arn(REGION)
    package = session.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert package["ModelPackageStatus"] == "Completed"
    inference = package["InferenceSpecification"]
    assert "ml.g5.xlarge" in inference["SupportedRealtimeInferenceInstanceTypes"]
    assert (
        inference["SupportedContentTypes"] == inference["SupportedResponseMIMETypes"] == ["application/json"]
    )


def test_older_clients_generate_with_a_variant(session):
    """cohere-sagemaker 0.x: every parameter, those it has no value for as null, and TargetVariant."""
    nothing = dict.fromkeys(("stop_sequences", "return_likelihoods", "truncate"))
    body = {"prompt": "Hi", "max_tokens": 5, "temperature": 0.0, "k": 0, "p": 0.75, "num_generations": 1}
    given = {"EndpointName": GENERATE, "ContentType": "application/json", "Body": json.dumps(body | nothing)}
    answer = runtime_of(session).invoke_endpoint(**given, TargetVariant="AllTraffic")
    assert json.loads(answer["Body"].read().decode())["generations"][0]["text"]
    with pytest.raises(ClientError, match="Variant invalid-variant not found for Request"):
        runtime_of(session).invoke_endpoint(**given, TargetVariant="invalid-variant")
    with pytest.raises(ClientError, match=r"Endpoint nobody of account \d{12} not found\."):
        runtime_of(session).invoke_endpoint(**given | {"EndpointName": "nobody"})


def accumulated(stream):
    """cohere-aws@ab4a24f, StreamingGenerations: bytes are gathered until they are JSON."""
    held = ""
    for event in stream:
        held += event["PayloadPart"]["Bytes"].decode()
        try:
            value = json.loads(held)
        except json.JSONDecodeError:
            continue
        held = ""
        yield value
    assert not held


@pytest.mark.parametrize("sizes", [None, "3,11,7"])
def test_older_clients_stream_generations(session, sandbox, sizes):
    body = {"prompt": "Hi", "max_tokens": 8, "temperature": 0.0, "stream": True}
    if sizes:
        faults.set(sandbox, "split-parts", sizes=sizes, next=1)
    given = {"EndpointName": GENERATE, "ContentType": "application/json", "Body": json.dumps(body)}
    stream = runtime_of(session).invoke_endpoint_with_response_stream(**given)["Body"]
    *events, last = accumulated(stream)
    assert [event["is_finished"] for event in events] == [False] * len(events)
    assert last["is_finished"]
    assert "".join(event["text"] for event in events) == last["response"]["generations"][0]["text"]


def test_older_clients_stream_a_chat(chat_session):
    body = {"message": "Say hello.", "max_tokens": 8, "temperature": 0.0, "stream": True}
    given = {"EndpointName": CHAT, "ContentType": "application/json", "Body": json.dumps(body)}
    stream = runtime_of(chat_session).invoke_endpoint_with_response_stream(**given)["Body"]
    first, *events, last = accumulated(stream)
    assert (first["event_type"], last["event_type"]) == ("stream-start", "stream-end")
    assert "".join(event["text"] for event in events) == last["response"]["text"]


def test_nothing_of_this_needs_the_users_account():
    assert boto3.Session().get_credentials() is None
    assert not [name for name in os.environ if name.startswith("AWS_PROFILE")]
