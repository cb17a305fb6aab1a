import json
import socket
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from botocore import UNSIGNED
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.sandbox import serve
from helpers.sandbox.server import body, connections
from helpers.sandbox.server.health import HEALTH_PATH
from helpers.sandbox.settings import ACCOUNT

from ..toy import LIMIT, Toy, echo, head


def refused(call, **parameters):
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_the_region_of_the_signature_is_the_callers(toy):
    arn = toy.client("sagemaker", "eu-west-1").create_model(ModelName="m")["ModelArn"]
    assert arn == f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model/m"


def test_errors_reach_the_client(toy):
    sagemaker = toy.client("sagemaker")
    assert refused(sagemaker.create_model, ModelName="a_b")[0]["Code"] == "ValidationException"
    error, status = refused(sagemaker.delete_model, ModelName="m")
    assert (error["Code"], error["Message"], status) == ("ValidationException", "Could not find model.", 400)
    error, status = refused(sagemaker.list_training_jobs)
    assert (error["Code"], status) == ("UnknownOperationException", 404)


@pytest.mark.parametrize(("operation", "word"), [("describe_model", "Colour"), ("list_models", "a defect")])
def test_a_defect_of_the_sandbox_is_loud(toy, operation, word, monkeypatch):
    monkeypatch.setenv("SANDBOX_STRICT", "1")
    parameters = {"ModelName": "m"} if operation == "describe_model" else {}
    error, status = refused(getattr(toy.client("sagemaker"), operation), **parameters)
    assert (error["Code"], status) == ("InternalFailure", 500)
    assert word in error["Message"]
    assert toy.is_well()


def test_invocations_are_posted(toy):
    request = AWSRequest("GET", f"{toy.address.url}/endpoints/e/invocations")
    SigV4Auth(toy.credentials, "sagemaker", "us-east-1").add_auth(request)
    connection = HTTPConnection("127.0.0.1", toy.port, timeout=20)
    connection.request("GET", "/endpoints/e/invocations", headers=dict(request.headers.items()))
    assert connection.getresponse().status == 404
    connection.close()


def test_a_body_that_says_it_is_no_json_is_refused(toy):
    sagemaker = toy.client("sagemaker")

    def as_xml(params, **_):
        params["headers"]["Content-Type"] = "text/xml"

    sagemaker.meta.events.register("before-call.sagemaker.CreateModel", as_xml)
    error, status = refused(sagemaker.create_model, ModelName="m")
    assert (error["Code"], status) == ("UnsupportedMediaTypeException", 415)
    assert toy.is_well()


def test_asynchronous_invocations_are_refused_by_the_runtime(toy):
    runtime = toy.client("sagemaker-runtime")
    with pytest.raises(ClientError) as caught:
        runtime.invoke_endpoint_async(EndpointName="a b", InputLocation="s3://bucket/key")
    assert caught.value.response["Error"] == {
        "Code": "ValidationError",
        "Message": "Endpoint a b takes none.",
    }


def test_invocations_go_to_the_runtime(toy):
    body = toy.client("sagemaker-runtime").invoke_endpoint(EndpointName="my-endpoint", Body=b'{"a": 1}')[
        "Body"
    ]
    assert json.load(body) == {"name": "my-endpoint", "region": "us-east-1", "body": '{"a": 1}'}


def test_the_runtimes_errors_have_their_modelled_members(toy):
    runtime = toy.client("sagemaker-runtime")
    with pytest.raises(runtime.exceptions.ModelError) as error:
        runtime.invoke_endpoint(EndpointName="broken", Body=b"{}")
    assert error.value.response["OriginalStatusCode"] == 400
    assert error.value.response["Error"]["Message"] == "Received ..."
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424


def test_a_body_that_is_too_large_reaches_the_runtime_cut_off(toy):
    runtime = toy.client("sagemaker-runtime")
    error, status = refused(runtime.invoke_endpoint, EndpointName="e", Body=b"x" * (3 * LIMIT))
    assert status == 413
    assert error["Message"] == f"kept {LIMIT + 1}"
    assert toy.is_well()


def test_a_client_that_leaves_ends_its_stream(toy):
    toy.runtime.streams_ended.clear()
    answer = toy.stream()
    answer["Body"].close()
    assert toy.runtime.streams_ended.wait(5)


def test_everything_else_goes_to_the_others(toy):
    told = json.load(toy.client("s3").get_object(Bucket="b", Key="a b%/ü")["Body"])
    assert told["path"] == "/b/a%20b%25/%C3%BC"
    assert told["headers"]["content-length"] == "0"


def test_a_body_in_chunks_reaches_the_others_whole(toy):
    request = AWSRequest("PUT", f"{toy.address.url}/b/k", data=b"some bytes")
    S3SigV4Auth(toy.credentials, "s3", "us-east-1").add_auth(request)
    headers = {**request.headers, "Transfer-Encoding": "chunked"}
    connection = HTTPConnection("127.0.0.1", toy.port, timeout=20)
    connection.request("PUT", "/b/k", iter([b"some ", b"bytes"]), headers, encode_chunked=True)
    told = json.load(connection.getresponse())
    assert told["body"] == "some bytes"
    assert told["headers"]["content-length"] == "10"
    assert "transfer-encoding" not in told["headers"]


def test_others_that_load_slowly_keep_only_their_own_requests_waiting(unpublished):
    may_load = threading.Event()

    def load():
        may_load.wait(20)
        return echo

    with Toy(others=load) as toy:
        assert toy.is_well()
        threading.Timer(0.2, may_load.set).start()
        toy.client("s3").get_object(Bucket="b", Key="k")
        assert may_load.is_set()


def test_others_that_cannot_be_loaded_say_why(unpublished):
    def load():
        raise OSError("moto is broken")

    with Toy(others=load) as toy:
        error, status = refused(toy.client("logs").describe_log_groups)
        assert status == 500
        assert "moto is broken" in error["Message"]
        assert toy.is_well()


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2-135M-Instruct"),
        ("Writer-1B-Q4_K_M.gguf", "Writer-1B"),
        ("writer.bf16.gguf", "writer"),
        ("writer-v1.5.gguf", "writer-v1.5"),
    ],
)
def test_the_writer_is_named_after_its_file(file, name):
    assert serve.new_address(1, Path(file)).model_name == name


def test_unsigned_requests_are_refused(toy):
    for service, operation in (("sagemaker", "list_models"), ("s3", "list_buckets")):
        _, status = refused(getattr(toy.client(service, signature_version=UNSIGNED), operation))
        assert status == 403


def test_the_health_check_is_for_everybody_and_tells_little(toy):
    head = f"GET {HEALTH_PATH} HTTP/1.1\r\nHost: localhost:{toy.port}\r\nConnection: close\r\n\r\n"
    answer = toy.answer_to(head.encode())
    assert answer.startswith(b"HTTP/1.1 200")
    assert set(json.loads(answer.partition(b"\r\n\r\n")[2])) == {"status", "pid"}


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.nip.io:{port}", "[::1]:{port}"]
)
def test_other_hosts_are_refused(toy, host):
    name = host.format(port=toy.port)
    answer = toy.answer_to(f"GET {HEALTH_PATH} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403")


def test_two_hosts_are_refused(toy):
    head = f"GET {HEALTH_PATH} HTTP/1.1\r\nHost: 127.0.0.1:{toy.port}\r\nHost: evil.example\r\n\r\n"
    assert toy.answer_to(head.encode()).startswith(b"HTTP/1.1 40")


def test_half_a_body_and_silence(toy, monkeypatch):
    monkeypatch.setattr(body, "BODY_SECONDS", 0.2)
    answer = toy.answer_to(head(toy, 1000), b"half")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"RequestTimeout" in answer
    assert toy.is_well()


@pytest.mark.parametrize("sent", [b"", b"POST / HT", b"POST / HTTP/1.1\r\nHost: x\r\n"])
def test_half_a_head_and_silence(toy, monkeypatch, sent):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    with toy.connection(sent) as link, suppress(ConnectionResetError):
        assert link.recv(1) == b""
    assert toy.is_well()


def test_half_a_second_head_on_the_same_connection(toy, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    whole = f"GET {HEALTH_PATH} HTTP/1.1\r\nHost: localhost:{toy.port}\r\n\r\n".encode()
    with suppress(ConnectionResetError):
        assert toy.answer_to(whole, whole[:20]).startswith(b"HTTP/1.1 200")
    assert toy.is_well()


def test_a_slow_answer_is_not_cut_off_by_the_limit_for_heads(toy, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)
    answer = toy.stream()
    stream = answer["Body"]._raw_stream
    started = time.monotonic()
    while time.monotonic() < started + 0.4:
        assert stream.read(4) == b"tick"
    answer["Body"].close()


def test_a_client_that_leaves_in_the_middle_of_its_body(toy, caplog):
    with toy.connection(head(toy, 1000), b"half"):
        pass
    assert toy.is_well()
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("target", [b"*", b"[x", b"http://[evil/", b"/%zz", b"/?%", b"//"])
def test_odd_targets(toy, target):
    head = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: x\r\nConnection: close\r\n\r\n"
    assert toy.answer_to(head % (target, toy.port)).startswith(b"HTTP/1.1 40")


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_leave_the_server_well(toy, sent):
    with toy.connection(sent) as link:
        link.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while link.recv(65536):
                pass
    assert toy.is_well()


def test_a_server_that_nobody_can_find_any_more_ends(unpublished, monkeypatch):
    monkeypatch.setattr(serve, "PUBLISHED_CHECK_SECONDS", 0.05)
    with Toy() as toy:
        assert toy.is_well()
        monkeypatch.setattr(serve, "is_published", lambda address: False)
        toy._thread.join(20)
        assert not toy._thread.is_alive()


def test_the_end_does_not_wait_for_streams(unpublished):
    with Toy() as toy:
        answer = toy.stream()
        started = time.monotonic()
        toy.server.should_exit = True
        toy._thread.join(20)
        assert time.monotonic() - started < 10
        assert toy.runtime.streams_ended.is_set()
        answer["Body"].close()
