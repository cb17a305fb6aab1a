"""Bodies that are on their way: a budget over all connections, and nothing of strangers."""

import asyncio
import hashlib

import pytest

from helpers.sandbox.aws.service import AwsError
from helpers.sandbox.server import body
from helpers.sandbox.server.body import Bodies, ClientDisconnected, drain


def client(*chunks, then="silence"):
    """A `receive` that tells these chunks; then the body ends, the client leaves, or nothing comes."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    last = {"end": {"type": "http.request", "body": b""}, "leaves": {"type": "http.disconnect"}}.get(then)

    async def receive():
        if messages:
            return messages.pop(0)
        if last:
            return last
        await asyncio.Event().wait()

    return receive


def test_a_body_is_kept_up_to_its_limit_and_hashed_whole():
    body = asyncio.run(Bodies().read(client(b"abc", b"def", then="end"), 4))
    assert (body.data, body.size, body.sha256) == (b"abcd", 6, hashlib.sha256(b"abcdef").hexdigest())


def test_the_largest_unfinished_body_gives_way():
    async def run():
        bodies = Bodies(budget=100)
        large = asyncio.create_task(bodies.read(client(b"x" * 80), 1000))
        await asyncio.sleep(0)
        small = [asyncio.create_task(bodies.read(client(b"x" * 15), 1000)) for _ in range(6)]
        with pytest.raises(AwsError, match="Reduce your request rate") as refused:
            await large
        assert (refused.value.code, refused.value.status) == ("SlowDown", 503)
        whole = await bodies.read(client(b"y" * 5, then="end"), 1000)
        assert whole.data == b"y" * 5
        assert not any(each.done() for each in small)
        for each in small:
            each.cancel()
        await asyncio.gather(*small, return_exceptions=True)
        assert bodies._total == 0

    asyncio.run(run())


def test_a_body_that_is_given_up_as_it_ends_is_refused_too():
    with pytest.raises(AwsError, match="Reduce"):
        asyncio.run(Bodies(budget=10).read(client(b"x" * 11, then="end"), 1000))


@pytest.mark.parametrize("then", ["leaves", "silence"])
def test_what_ends_badly_holds_nothing(then, monkeypatch):
    monkeypatch.setattr(body, "BODY_SECONDS", 0.01)
    bodies = Bodies()
    with pytest.raises((ClientDisconnected, AwsError)):
        asyncio.run(bodies.read(client(b"abc", then=then), 10))
    assert bodies._total == 0
    assert not bodies._partial


def test_draining_takes_little_and_not_long(monkeypatch):
    monkeypatch.setattr(body, "LINGER_SECONDS", 0.01)
    asyncio.run(drain(client(b"abc")))
    receive = client(*[b"x" * 600_000] * 3)
    asyncio.run(drain(receive))
    assert asyncio.run(receive())["body"]  # the third was not read
