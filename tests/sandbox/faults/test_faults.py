"""Faults on request, through boto3 and through the tutorial's own client."""

import asyncio
import json
from http.client import HTTPConnection

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import ProtocolError

from helpers import catalog
from helpers.errors import ModelFailed, ModelRefused, StreamBroken, Throttled
from helpers.generate.client import Client
from helpers.sandbox import faults
from helpers.sandbox.__main__ import main
from helpers.sandbox.faults.client import CONTROL_PATH
from helpers.sandbox.faults.streams import as_utf8, ended, merged, split
from helpers.sandbox.faults.switch import Faults
from helpers.sandbox.faults.table import BadFault, checked

from ..deployed import deployed
from ..practice_world import World, error, variant

NAME = "faulty"
PROMPT = "Write a sentence about cafés in Zürich:"

POOLS = [
    {"InstanceType": "ml.g5.xlarge", "Priority": 1},
    {"InstanceType": "ml.g5.2xlarge", "Priority": 2},
]


@pytest.fixture(scope="module")
def session(sandbox):
    with deployed(NAME) as session:
        yield session


@pytest.fixture
def address(sandbox):
    """The sandbox, without a fault before and after."""
    faults.clear(sandbox)
    yield sandbox
    faults.clear(sandbox)


@pytest.fixture
def client(session, address):
    return Client(session, NAME, sleep=lambda seconds: None)


@pytest.fixture
def runtime(session, address):
    return session.boto3.client("sagemaker-runtime", config=Config(retries={"total_max_attempts": 1}))


def body(**more):
    return json.dumps({"prompt": PROMPT, "max_tokens": 12, "temperature": 0, **more})


def parts(runtime):
    stream = runtime.invoke_endpoint_with_response_stream(EndpointName=NAME, Body=body(stream=True))["Body"]
    for event in stream:
        yield event["PayloadPart"]["Bytes"]


# The switch


def test_what_is_set_is_told_and_cleared(address):
    assert faults.show(address) == []
    faults.set(address, "quota", instance_type="ml.g5.xlarge")
    both = faults.set(address, "quota", instance_type="ml.p3.2xlarge", limit=7)
    assert [setting.parameters["limit"] for setting in both] == [0, 7]
    assert len(faults.set(address, "model-error", status=503)) == 3
    assert [setting.name for setting in faults.clear(address, "quota")] == ["model-error"]
    assert faults.clear(address) == []


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("no-such", {}, "There is no fault 'no-such'; there are no-capacity, "),
        ("quota", {}, "quota needs instance_type"),
        ("quota", {"instance_type": "ml.g5.xlarge", "limit": -1}, "a whole number from 0 to 1000"),
        ("quota", {"instance_type": 7}, "it must be a text"),
        ("model-error", {"status": 200}, "from 400 to 599"),
        ("model-error", {"colour": "red"}, "model-error takes status, message, every, next, not colour"),
        ("timeout", {"seconds": "soon"}, "a number of seconds"),
        ("timeout", {"seconds": float("nan")}, "a number of seconds"),
        ("split-parts", {"sizes": "1,0"}, "from 1"),
        ("throttling", {"plane": "air"}, "one of runtime, control, both"),
    ],
)
def test_what_cannot_be_set_says_why(address, name, given, message):
    with pytest.raises(BadFault, match=message):
        faults.set(address, name, **given)
    assert faults.show(address) == []


def test_the_command_line_sets_shows_and_clears(address, capsys):
    assert main(["faults"]) == 0
    assert capsys.readouterr().out == "Nothing is set to go wrong.\n"
    assert main(["faults", "set", "no-capacity", "--next", "1", "--instance-type", "ml.g5.xlarge"]) == 0
    assert main(["status"]) == 0
    assert "no-capacity next=1 instance_type=ml.g5.xlarge (struck 0 times)" in capsys.readouterr().out
    assert main(["faults", "set", "timeout", "--seconds", "x"]) == 2
    assert "timeout: seconds is 'x'" in capsys.readouterr().err
    assert main(["faults", "clear"]) == 0
    assert faults.show(address) == []


@pytest.mark.parametrize("name", faults.FAULTS)
def test_every_fault_has_help(name, capsys):
    with pytest.raises(SystemExit):
        main(["faults", "set", name, "--help"])
    shown = capsys.readouterr().out
    for parameter in faults.FAULTS[name].parameters:
        assert f"--{parameter.name.replace('_', '-')}" in shown


def test_without_a_sandbox_the_command_line_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SANDBOX_HOME", str(tmp_path))
    assert main(["faults", "clear"]) == 1
    assert "No sandbox is running" in capsys.readouterr().err


def test_nobody_sets_a_fault_without_the_key(address):
    connection = HTTPConnection(address.url.removeprefix("http://"), timeout=20)
    order = json.dumps({"do": "set", "name": "timeout", "parameters": {}})
    connection.request("POST", CONTROL_PATH, order, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 403
    assert faults.show(address) == []


@given(
    st.sampled_from(sorted(faults.FAULTS)) | st.text(),
    st.dictionaries(
        st.sampled_from(["next", "after", "limit", "status", "sizes", "x"]), st.integers() | st.text()
    ),
)
def test_any_setting_is_taken_or_refused(name, given):
    try:
        setting = checked(name, given)
    except BadFault:
        return
    assert setting == checked(setting.name, setting.parameters)
    assert setting.name in str(setting)


# Deployments


def world_with(name, **parameters):
    switch = Faults()
    world = World(switch)
    world.subscribe()
    world.create_model()
    switch.set(name, parameters)
    return world, switch


def outcome(world, name):
    world.create_endpoint(name)
    world.clock.wait(3)
    return world.describe(name).get("FailureReason", "InService")


def test_the_next_deployment_finds_no_capacity():
    world, switch = world_with("no-capacity", next=1)
    world.create_config("c", variant("a"), variant("b"))
    assert "InsufficientInstanceCapacity" in outcome(world, "first")
    assert switch.settings == []
    world.sagemaker("DeleteEndpoint", EndpointName="first")
    world.clock.wait(1)
    assert outcome(world, "second") == "InService"


def test_a_type_without_capacity_makes_pools_fall_back():
    world, switch = world_with("no-capacity", instance_type="ml.g5.xlarge")
    world.create_config("c", variant(instance_type=None, InstancePools=POOLS))
    assert outcome(world, "e") == "InService"
    assert world.route().instance_type == "ml.g5.2xlarge"
    assert switch.settings[0].struck == 1


def test_without_any_capacity_pools_do_not_help():
    world, _ = world_with("no-capacity", next=1)
    world.create_config("c", variant(instance_type=None, InstancePools=POOLS))
    assert "InsufficientInstanceCapacity" in outcome(world, "e")


def test_a_health_check_fails_for_one_endpoint_only():
    world, _ = world_with("health-check", endpoint="bad")
    world.create_config("c")
    assert "did not pass the ping health check" in outcome(world, "bad")
    assert outcome(world, "good") == "InService"
    assert world.started == [("bad", "AllTraffic", False), ("good", "AllTraffic", True)]


def test_a_quota_can_be_taken_away():
    world, _ = world_with("quota", instance_type="ml.g5.xlarge")
    world.create_config("c")
    assert "'ml.g5.xlarge for endpoint usage' is 0 Instances" in error(world.create_endpoint)


def test_a_pool_does_not_help_where_one_of_its_types_has_no_quota():
    world, _ = world_with("quota", instance_type="ml.g5.2xlarge")
    world.create_config("c", variant(instance_type=None, InstancePools=POOLS))
    assert "'ml.g5.2xlarge for endpoint usage' is 0 Instances" in error(world.create_endpoint)


def test_the_quota_of_what_was_deleted_can_come_back_late():
    world, switch = world_with("quota", instance_type="ml.g5.xlarge", limit=1)
    switch.set("quota-lag", {"seconds": 60, "next": 1})
    world.create_config("c")
    assert outcome(world, "first") == "InService"
    world.sagemaker("DeleteEndpoint", EndpointName="first")
    world.clock.wait(59)
    assert "Could not find" in error(world.describe, "first")
    assert "current utilization of 1 Instances" in error(world.create_endpoint, "second")
    assert switch.settings[-1].name == "quota"  # it struck once and is cleared
    world.clock.wait(1)
    assert outcome(world, "second") == "InService"
    world.sagemaker("DeleteEndpoint", EndpointName="second")
    world.create_endpoint("third")


def test_a_quota_shows_in_service_quotas_too(address, aws):
    faults.set(address, "quota", instance_type="ml.g5.xlarge", limit=5)
    pages = aws("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    values = {each["QuotaName"]: each["Value"] for page in pages for each in page["Quotas"]}
    assert values["ml.g5.xlarge for endpoint usage"] == 5


def test_a_subscription_can_be_out_of_sight():
    world, _ = world_with("not-subscribed", next=1)
    assert "Caller is not subscribed to the marketplace offering." in error(world.create_model, "m2")
    world.create_model("m2")


# Invocations


def test_one_call_in_three_is_throttled(runtime, address):
    faults.set(address, "throttling", every=3, plane="runtime")
    codes = []
    for _ in range(6):
        try:
            runtime.invoke_endpoint(EndpointName=NAME, Body=body(max_tokens=1))
            codes.append("ok")
        except ClientError as refused:
            codes.append(refused.response["Error"]["Code"])
    assert codes == ["ok", "ok", "ThrottlingException"] * 2
    assert faults.show(address)[0].struck == 2


def test_the_control_plane_is_throttled_apart(session, runtime, address):
    faults.set(address, "throttling", plane="control")
    once = session.boto3.client("sagemaker", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match="ThrottlingException"):
        once.list_endpoints()
    runtime.invoke_endpoint(EndpointName=NAME, Body=body(max_tokens=1))


def test_the_tutorials_client_tries_again(client, address):
    faults.set(address, "throttling", plane="runtime", next=3)
    assert client.generate(PROMPT, max_tokens=3).text
    faults.set(address, "throttling", plane="runtime")
    with pytest.raises(Throttled):
        client.generate(PROMPT, max_tokens=3)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("status", "kind"), [(429, ModelRefused), (503, ModelFailed)])
def test_the_model_errs(client, address, status, kind, stream):
    faults.set(address, "model-error", status=status, message="out of memory, café", next=1)
    ask = client.stream if stream else client.generate
    with pytest.raises(kind) as caught:
        ask(PROMPT, max_tokens=3)
    assert (caught.value.status, caught.value.model_message) == (status, "out of memory, café")
    assert client.generate(PROMPT, max_tokens=3).text


@pytest.mark.parametrize("operation", ["invoke_endpoint", "invoke_endpoint_with_response_stream"])
def test_the_model_does_not_answer(runtime, address, operation):
    faults.set(address, "timeout", seconds=0.1)
    with pytest.raises(runtime.exceptions.ModelError, match="invocation timed out") as caught:
        getattr(runtime, operation)(EndpointName=NAME, Body=body())
    assert caught.value.response["OriginalStatusCode"] == 0


def test_the_first_token_is_slow(client, address):
    faults.set(address, "slow-first-token", seconds=1, next=1)
    with client.stream(PROMPT, max_tokens=3) as stream:
        assert "".join(stream) == stream.response.text
    assert stream.time_to_first_token_seconds >= 1
    faults.set(address, "slow-first-token", seconds=0.5, next=1)
    assert client.generate(PROMPT, max_tokens=3).latency_seconds >= 0.5


# Streams


def test_the_connection_is_cut(runtime, address):
    faults.set(address, "cut-stream", after=2)
    received = []
    with pytest.raises(ProtocolError):
        received.extend(map(json.loads, parts(runtime)))
    assert len(received) == 2
    assert not received[-1]["is_finished"]


@pytest.mark.parametrize(
    ("name", "code", "given"),
    [
        ("stream-error", "ModelStreamError", {"message": "lost the GPU"}),
        ("stream-failure", "InternalStreamFailure", {"message": "lost the GPU"}),
    ],
)
def test_a_stream_ends_in_an_exception(runtime, address, name, code, given):
    faults.set(address, name, after=1, **given)
    received = []
    with pytest.raises(EventStreamError, match="lost the GPU") as caught:
        received.extend(parts(runtime))
    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("name", ["cut-stream", "stream-error", "stream-failure"])
@pytest.mark.parametrize("after", [0, 4])
def test_the_tutorials_client_keeps_the_partial_text(client, address, name, after):
    whole = client.generate(PROMPT, max_tokens=8, temperature=0).text
    faults.set(address, name, after=after, next=1)
    stream, pieces = client.stream(PROMPT, max_tokens=8, temperature=0), []
    with pytest.raises(StreamBroken) as caught:
        pieces.extend(stream)
    assert caught.value.partial_text == stream.text == "".join(pieces)
    assert len(pieces) == after
    assert whole.startswith(stream.text)
    assert client.generate(PROMPT, max_tokens=1).text


@pytest.mark.parametrize("name", ["cut-stream", "stream-error", "stream-failure"])
def test_a_fault_after_the_last_event_takes_nothing_from_the_tutorials_client(client, address, name):
    whole = client.generate(PROMPT, max_tokens=8, temperature=0).text
    faults.set(address, name, after=1000, next=1)
    stream = client.stream(PROMPT, max_tokens=8, temperature=0)
    assert "".join(stream) == whole == stream.response.text
    assert faults.show(address) == []  # it did strike


@pytest.mark.parametrize(
    "given", [{"sizes": "1"}, {"sizes": "1,2,3,5,7"}, {"sizes": 1000}, {"objects": 2}, {"objects": 500}]
)
def test_the_tutorials_client_reads_parts_cut_anywhere(client, address, given):
    prompt = "Repeat this: «Zürich — naïve café 😀»"
    whole = client.generate(prompt, max_tokens=20, temperature=0).text
    faults.set(address, "split-parts" if "sizes" in given else "merge-parts", **given)
    with client.stream(prompt, max_tokens=20, temperature=0) as stream:
        assert "".join(stream) == whole
    assert stream.response.text == whole
    assert stream.response.raw["prompt"] == prompt


def test_parts_end_inside_characters_and_objects(runtime, address):
    faults.set(address, "split-parts", sizes="1")
    received = list(parts(runtime))
    assert {len(part) for part in received} == {1}
    assert any(part >= b"\x80" for part in received)
    faults.clear(address)
    faults.set(address, "merge-parts", objects=4)
    counts = [len(part.splitlines()) for part in parts(runtime)]
    assert set(counts[:-1]) == {4}


async def source(items, closed):
    try:
        for item in items:
            yield item
    finally:
        closed.append(True)


@given(st.lists(st.binary(min_size=1)), st.lists(st.integers(1, 9), min_size=1), st.integers(2, 5))
def test_reshaping_keeps_every_byte(items, sizes, objects):
    async def run(reshape):
        closed = []
        got = [part async for part in reshape(source(items, closed))]
        assert closed == [True]
        return b"".join(got)

    assert asyncio.run(run(lambda parts: merged(parts, objects))) == b"".join(items)
    assert asyncio.run(run(lambda parts: split(parts, sizes))) == b"".join(map(as_utf8, items))


@given(st.lists(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False))))
def test_utf8_means_the_same(events):
    part = b"".join(json.dumps(event).encode() + b"\n" for event in events)
    assert [json.loads(line) for line in as_utf8(part).split(b"\n")[:-1]] == events


def test_half_a_character_that_utf8_does_not_have_stays_as_it_is():
    assert as_utf8(b'{"text": "\\ud800"}\n') == b'{"text": "\\ud800"}\n'


def test_an_ending_comes_even_after_the_last_part():
    async def run():
        closed = []
        with pytest.raises(ZeroDivisionError):
            async for _ in ended(source([b"a"], closed), 9, ZeroDivisionError()):
                pass
        return closed

    assert asyncio.run(run()) == [True]


def test_models_other_than_medium_have_the_same_faults(address):
    name = "faulty-chat"
    with deployed(name, "command-r-08-2024") as session:
        assert catalog.model("command-r-08-2024").api == "chat-v1"
        client = Client(session, name, sleep=lambda seconds: None)
        faults.set(address, "split-parts", sizes="3,1")
        with client.chat_stream("Say hello to Zoë.", max_tokens=8, temperature=0) as stream:
            assert "".join(stream) == stream.response.text
        faults.clear(address)
        faults.set(address, "stream-error", after=3, next=1)
        with pytest.raises(StreamBroken) as caught:
            "".join(client.chat_stream("Say hello.", max_tokens=8, temperature=0))
        assert caught.value.partial_text
