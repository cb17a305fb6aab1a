"""Many connections, and bodies of strangers, at a real socket."""

import json
import socket
import time
from contextlib import ExitStack, suppress

import pytest

from helpers.sandbox.server import body, connections
from helpers.sandbox.server.health import HEALTH_PATH

from ..toy import Toy, head


@pytest.fixture
def narrow(unpublished, monkeypatch):
    """A server that has room for ten connections."""
    monkeypatch.setattr(connections, "connection_limit", lambda: 10)
    monkeypatch.setattr("helpers.sandbox.serve.connection_limit", lambda: 10)
    with Toy() as toy:
        yield toy


def closed(link):
    """Whether the server has hung up."""
    link.settimeout(0.01)
    try:
        return link.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def until_closed(links, count):
    deadline = time.monotonic() + 10
    while (gone := sum(map(closed, links))) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return gone


def test_idle_connections_give_way_to_new_ones_the_oldest_first(narrow):
    with ExitStack() as stack:
        links = [stack.enter_context(narrow.connection()) for _ in range(30)]
        assert until_closed(links[:20], 20) == 20
        assert narrow.is_well()
        assert not closed(links[-1])


def test_who_sends_a_body_gives_way_after_who_sends_nothing(narrow):
    with ExitStack() as stack:
        bodies = [stack.enter_context(narrow.connection(head(narrow, 1000), b"half")) for _ in range(5)]
        time.sleep(0.2)
        idle = [stack.enter_context(narrow.connection()) for _ in range(8)]
        assert until_closed(idle, 3) == 3
        assert not any(map(closed, bodies))


def test_streams_stay(narrow):
    streams = [narrow.stream() for _ in range(9)]
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(narrow.connection())
        for each in streams:
            assert each["Body"]._raw_stream.read(4) == b"tick"
        assert narrow.is_well()
    for each in streams:
        each["Body"].close()


def test_the_body_of_a_stranger_is_not_waited_for(toy, monkeypatch):
    monkeypatch.setattr(body, "LINGER_SECONDS", 0.1)
    started = time.monotonic()
    answer = toy.answer_to(head(toy, 60_000_000, key="AKIAOTHER"), b"x" * 1000)
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"security token included in the request is invalid" in answer
    assert time.monotonic() - started < 5
    assert toy.is_well()


def test_a_small_body_of_a_stranger_does_not_hide_the_answer(toy):
    for _ in range(20):
        with toy.connection(head(toy, 50_000, key="AKIAOTHER")) as link:
            time.sleep(0.005)
            link.sendall(b"x" * 50_000)
            assert link.recv(12) == b"HTTP/1.1 403"


def test_the_file_limit_is_raised_and_never_lowered():
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert 100 <= connections.connection_limit() <= connections.MAX_CONNECTIONS
    after = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert after[1] == before[1]
    assert after[0] == -1 or after[0] >= before[0] or before[0] == -1


def test_the_health_check_proves_the_key_to_who_asks(toy):
    from helpers.sandbox.server.health import is_alive

    with suppress(OSError), socket.create_connection(("127.0.0.1", toy.port)):
        pass
    assert is_alive(toy.address)
    nonce = "0" * 32
    request = f"GET {HEALTH_PATH}?nonce={nonce} HTTP/1.1\r\nHost: localhost:{toy.port}\r\n"
    answer = toy.answer_to((request + "Connection: close\r\n\r\n").encode())
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert set(told) == {"status", "pid", "proof"}
    assert toy.address.secret_access_key not in answer.decode()
