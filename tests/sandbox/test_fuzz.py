"""Nothing that a client sends breaks the sandbox: never a 500, never a hang, the next request is answered.

`tests/benchmarks/fuzz.py` sends 10,000 of the same requests.
"""

import asyncio

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.sandbox import intake

from . import fuzzing
from .in_process import Call, InProcess


@pytest.fixture(scope="module")
def loop():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def sandboxed(engine, loop):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "BODY_SECONDS", 0.02)  # half a request, and silence
        inside = InProcess(engine)
        loop.run(inside.deploy())
        yield inside


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_any_request_gets_an_answer(sandboxed, loop, chance):
    call = fuzzing.any_call(chance)
    heard = loop.run(sandboxed.send(call))
    assert heard.status < 500, heard
    assert heard.status or call.bad == "leaves"
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
