"""The sandbox's server around toy services, in a thread of the test's process."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from starlette.responses import JSONResponse, StreamingResponse

from helpers.sandbox import serve
from helpers.sandbox.aws.service import AwsError, Service
from helpers.sandbox.server.gateway import build_app

ONCE = {"retries": {"total_max_attempts": 1}}
LIMIT = 6 * 1024 * 1024


class ToySageMaker(Service):
    service_name = "sagemaker"

    def create_model(self, params, context):
        return {
            "ModelArn": f"arn:aws:sagemaker:{context.region}:{context.account}:model/{params['ModelName']}"
        }

    def describe_model(self, params, context):
        return {"Colour": "red"}

    def delete_model(self, params, context):
        raise AwsError("ValidationException", "Could not find model.")

    def list_models(self, params, context):
        raise RuntimeError("a defect")


class ToyRuntime:
    def __init__(self):
        self.streams_ended = threading.Event()

    async def invoke(self, request, endpoint_name, context, stream):
        if stream:
            return StreamingResponse(self._ticks(), media_type="application/octet-stream")
        body = await request.body()
        if endpoint_name == "broken":
            raise AwsError("ModelError", "Received ...", 424, {"OriginalStatusCode": 400})
        if len(body) > LIMIT:
            return JSONResponse({"Message": f"kept {len(body)}"}, 413)
        return JSONResponse({"name": endpoint_name, "region": context.region, "body": body.decode()})

    def refuse_async(self, endpoint_name, context):
        raise AwsError("ValidationError", f"Endpoint {endpoint_name} takes none.")

    async def _ticks(self):
        try:
            while True:
                yield b"tick"
                await asyncio.sleep(0.01)
        finally:
            self.streams_ended.set()


async def echo(scope, receive, send):
    """What stands for moto here: tells what reached it."""
    message = await receive()
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    told = {"path": scope["raw_path"].decode(), "body": message["body"].decode(), "headers": headers}
    await JSONResponse(told)(scope, receive, send)


@contextmanager
def address_unpublished():
    """Leave the file with the sandbox's address alone while servers of tests start and end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serve, "publish", lambda address: None)
        patch.setattr(serve, "forget", lambda address: None)
        patch.setattr(serve, "is_published", lambda address: True)
        yield


class Toy:
    """A server in a thread of this process."""

    def __init__(self, others=lambda: echo):
        listener = serve.loopback_socket()
        self.port = listener.getsockname()[1]
        self.address = serve.new_address(self.port, Path("Writer-1B.Q4_K_M.gguf"))
        self.runtime = ToyRuntime()
        self.app = build_app(self.address, [ToySageMaker()], self.runtime, others)
        self.server = serve.Server(self.app, self.address, idle_seconds=3600)
        self._thread = threading.Thread(target=self.server.run, args=([listener],))

    def __enter__(self):
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    def client(self, service, region="us-east-1", **config):
        return boto3.client(
            service,
            region,
            endpoint_url=self.address.url,
            aws_access_key_id=self.address.access_key_id,
            aws_secret_access_key=self.address.secret_access_key,
            config=Config(**ONCE, **config),
        )

    @property
    def credentials(self):
        return Credentials(self.address.access_key_id, self.address.secret_access_key)

    @contextmanager
    def connection(self, *sent):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as link:
            for part in sent:
                link.sendall(part)
            yield link

    def answer_to(self, *sent):
        """All that comes back until the server closes the connection."""
        with self.connection(*sent) as link:
            received = b""
            while part := link.recv(65536):
                received += part
        return received

    def stream(self):
        runtime = self.client("sagemaker-runtime")
        return runtime.invoke_endpoint_with_response_stream(EndpointName="e", Body=b"{}")

    def is_well(self):
        return self.client("sagemaker").create_model(ModelName="m")["ModelArn"].endswith("model/m")


def head(toy, length, *, key=None, method="POST", path="/", service="sagemaker"):
    """A request's head; it names the sandbox's key, which lets its body be read, unless told another."""
    request = AWSRequest(method, f"{toy.address.url}{path}")
    SigV4Auth(Credentials(key or toy.address.access_key_id, "s"), service, "us-east-1").add_auth(request)
    fields = {"Host": f"127.0.0.1:{toy.port}", "Content-Length": length, **request.headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()
