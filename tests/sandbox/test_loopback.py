import subprocess
import sys

import pytest

from helpers.sandbox.loopback import is_loopback

TRY = "import socket; from helpers.sandbox.loopback import only_loopback; only_loopback(); {attempt}"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", b"localhost", None])
def test_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "0.0.0.0", "example.com", "localhost.example", "", "/run/x.sock", 1]
)
def test_not_this_machine(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.1', 80), timeout=5)",
        "socket.getaddrinfo('example.com', 80)",
        "socket.gethostbyname('example.com')",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))",
        "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    ],
)
def test_attempts_to_leave_fail(attempt):
    done = subprocess.run([sys.executable, "-c", TRY.format(attempt=attempt)], capture_output=True, text=True)
    assert "OutsideLoopback" in done.stderr


def test_loopback_works():
    attempt = "s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    subprocess.run([sys.executable, "-c", TRY.format(attempt=attempt)], check=True)
