"""As many requests at once as a sweep likes, each over a connection that is used again."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest

from helpers.connect.session import RUNTIME_CONFIG

AT_ONCE = 30


class Server(ThreadingHTTPServer):
    """Answers when all that were to come at once are there; counts connections."""

    daemon_threads = True
    request_queue_size = AT_ONCE
    together = threading.Barrier(AT_ONCE)
    connections = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        Server.connections += 1

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        Server.together.wait(20)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_no_request_of_many_at_once_connects_anew(url: str) -> None:
    session = boto3.Session("key", "secret", region_name="us-east-1")
    runtime = session.client("sagemaker-runtime", endpoint_url=url, config=RUNTIME_CONFIG)

    def ask(_: int) -> bytes:
        return bytes(runtime.invoke_endpoint(EndpointName="e", Body=b"{}")["Body"].read())

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(3):
            assert list(pool.map(ask, range(AT_ONCE))) == [b"{}"] * AT_ONCE
    assert Server.connections == AT_ONCE
