"""Nothing that a client sends breaks the sandbox: never a 500, never a hang, the next request is answered.

`tests/benchmarks/fuzz.py` sends 10,000 of the same requests.
"""

import asyncio
import random

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.sandbox.server import body
from helpers.sandbox.services import moto
from helpers.sandbox.services.iam import Roles

from . import fuzzing
from .fuzz_values import Known
from .in_process import Call, InProcess


@pytest.fixture(scope="module")
def loop():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def sandboxed(engine, loop):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body, "BODY_SECONDS", 0.02)  # half a request, and silence
        inside = InProcess(engine, moto.load(Roles()))
        loop.run(inside.deploy())
        yield inside


# One seed for ten requests: what is drawn depends on the answers, which Hypothesis must not see.
@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_any_request_gets_an_answer(sandboxed, loop, seed):
    chance, known = random.Random(seed), Known()
    loop.run(sandboxed.deploy_again())
    for _ in range(10):
        call = fuzzing.any_call(chance, known)
        heard = loop.run(sandboxed.send(call))
        assert heard.status < 500, (call, heard)
        assert heard.status or call.bad == "leaves"
        known.learn(heard.json())
        if heard.status == 200 and b":exception-type" in heard.body:
            buffer = EventStreamBuffer()
            buffer.add_data(heard.body)
            assert [e.headers.get(":exception-type") for e in buffer].count("InternalStreamFailure") == 0
        loop.run(sandboxed.clear())


@pytest.mark.parametrize("bad", fuzzing.BAD)
def test_what_is_spoiled_is_refused_and_the_next_request_is_answered(sandboxed, loop, bad):
    body = b'{"prompt": "Hi", "max_tokens": 1}'
    headers = {"Content-Type": "application/json"}
    good = Call("sagemaker", "POST", "/endpoints/e/invocations", body, headers)
    expected = {"leaves": {0}, "large": {413}, "silence": {400}, "target": {200}, "region": {400}}
    spoiled = Call(good.service, good.method, good.path, body, headers, bad)
    loop.run(sandboxed.deploy_again())
    assert loop.run(sandboxed.send(spoiled)).status in expected.get(bad, {403})
    assert loop.run(sandboxed.send(good)).status == 200
