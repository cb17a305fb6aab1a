"""CloudWatch's metrics and logs of invocations, as a client of AWS reads them."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from helpers import catalog
from helpers.clean_up.delete import delete
from helpers.deploy.deployment import deploy
from helpers.errors import EndpointFailed, StreamBroken
from helpers.generate.client import Client
from helpers.sandbox import faults
from helpers.sandbox.services.cloudwatch import observer
from helpers.sandbox.services.cloudwatch.observer import Observer
from helpers.sandbox.services.cloudwatch.records import Invocation, Ping, Watch
from helpers.sandbox.services.cloudwatch.writer import line, ping_line, stream_name, values
from helpers.sandbox.services.sagemaker import Variant
from helpers.sandbox.settings import Settings

from ..deployed import deployed, silent

NAME = "observed"
GROUP = f"/aws/sagemaker/Endpoints/{NAME}"
SECRET = "my mother's maiden name"
VARIANT = Variant("AllTraffic", catalog.model("cohere-medium"), "m", "ml.g5.xlarge", NAME)


@pytest.fixture(scope="module")
def session(sandbox):
    with deployed(NAME) as session:
        yield session


@pytest.fixture(scope="module")
def used(session, sandbox):
    """Two good calls, one stream, a 400, a 503, a client that leaves and a cut; the time they began."""
    began = datetime.now(UTC)
    client = Client(session, NAME)
    for _ in range(2):
        client.generate(f"Tell me {SECRET}.", max_tokens=3)
    with client.stream(f"Tell me {SECRET}.", max_tokens=5) as stream:
        assert "".join(stream)
    runtime = session.boto3.client("sagemaker-runtime", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError):
        runtime.invoke_endpoint(EndpointName=NAME, Body=json.dumps({"prompt": SECRET, "temperature": 9}))
    faults.set(sandbox, "model-error", status=503, next=1)
    with pytest.raises(ClientError):
        runtime.invoke_endpoint(EndpointName=NAME, Body=b"{}")
    with client.stream("Tell me a very long story.", max_tokens=1500) as stream:
        next(iter(stream))
    faults.set(sandbox, "cut-stream", after=1, next=1)
    with pytest.raises(StreamBroken):
        list(client.stream("Tell me a very long story.", max_tokens=5))
    until(lambda: total(session, "Invocations", "SampleCount") == 7)
    return began


def until(condition):
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert condition()


def total(session, metric, statistic="Sum", variant="AllTraffic"):
    now = datetime.now(UTC)
    points = session.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=[{"Name": "EndpointName", "Value": NAME}, {"Name": "VariantName", "Value": variant}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(point[statistic] for point in points)


def lines(session):
    pages = session.client("logs").get_paginator("filter_log_events").paginate(logGroupName=GROUP)
    return [event for page in pages for event in page["events"]]


def test_invocations_and_errors_are_counted(session, used):
    assert total(session, "Invocations") == 7
    assert total(session, "Invocation4XXErrors") == 1
    assert total(session, "Invocation5XXErrors") == 1
    assert total(session, "Invocation5XXErrors", "SampleCount") == 7
    assert total(session, "Invocations", variant="Another") == 0


def test_latencies_are_in_microseconds(session, used):
    slowest = total(session, "ModelLatency", "Maximum")
    assert 1000 < slowest < 60_000_000
    assert 0 < total(session, "OverheadLatency", "Minimum") < slowest


def test_the_metrics_are_listed(session, used):
    found = session.client("cloudwatch").list_metrics(Namespace="AWS/SageMaker")["Metrics"]
    assert {each["MetricName"] for each in found} - {"ConcurrentRequestsPerModel"} == {
        "FirstChunkLatency",
        "Invocations",
        "InvocationsPerInstance",
        "ModelLatency",
        "OverheadLatency",
        "Invocation4XXErrors",
        "Invocation5XXErrors",
    }


def test_the_load_is_published_while_nobody_asks_too(session, used):
    assert session.practise_with(clock_speed=600) == 600
    until(lambda: total(session, "ConcurrentRequestsPerModel", "SampleCount") >= 3)
    session.practise_with(clock_speed=1)
    found = session.client("cloudwatch").list_metrics(Namespace="/aws/sagemaker/Endpoints")["Metrics"]
    assert {each["MetricName"] for each in found} == {"CPUUtilization", "GPUUtilization"}


def test_the_container_has_its_lines_and_no_prompt_is_in_them(session, used):
    until(lambda: len(lines(session)) == 8)
    ping, *told = [json.loads(event["message"]) for event in lines(session)]
    assert (ping["path"], ping["status"]) == ("/ping", 200)
    assert [each["status"] for each in told] == [200, 200, 200, 400, 503, None, None]
    assert "temperature must be between" in told[3]["message"]
    assert [each["stream"] for each in told] == [False, False, True, False, False, True, True]
    assert SECRET not in json.dumps(lines(session))
    (stream,) = session.client("logs").describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert stream["logStreamName"].startswith("AllTraffic/i-")
    assert all(abs(e["timestamp"] / 1000 - used.timestamp()) < 300 for e in lines(session))


def test_a_failed_health_check_leaves_the_line_that_its_reason_sends_you_to(session, sandbox):
    faults.set(sandbox, "health-check", next=1)
    with pytest.raises(EndpointFailed, match="Please check CloudWatch logs"):
        deploy(session, "cohere-medium", "sick", "ml.g5.2xlarge", delete_after_hours=None, tell=silent)
    ask = {"logGroupName": "/aws/sagemaker/Endpoints/sick"}
    until(lambda: ask["logGroupName"] in str(session.client("logs").describe_log_groups()))
    (event,) = session.client("logs").filter_log_events(**ask)["events"]
    assert json.loads(event["message"])["status"] == 503
    delete(session, "sick", tell=silent)


def test_a_failed_health_checks_line_says_what_was_wrong():
    told = ping_line(Ping(VARIANT, "us-east-1", datetime.now(UTC), "the driver is too old"))
    assert json.loads(told) == {
        **{"level": "error", "path": "/ping", "status": 503},
        "message": "the driver is too old",
    }
    assert json.loads(ping_line(Ping(VARIANT, "us-east-1", datetime.now(UTC), "")))["status"] == 200


def invocation(status=200, **more):
    given = {"request_bytes": 9, "response_bytes": 7, "model_seconds": 0.5, "overhead_seconds": 0.001, **more}
    return Invocation(VARIANT, "us-east-1", datetime.now(UTC), False, status, **given)


@pytest.mark.parametrize(
    ("status", "errors"), [(200, (0, 0)), (404, (1, 0)), (500, (0, 1)), (0, (0, 1)), (None, (0, 0))]
)
def test_which_status_counts_as_which_error(status, errors):
    found = values(invocation(status))
    assert (found["Invocation4XXErrors"][0], found["Invocation5XXErrors"][0]) == errors
    assert found["ModelLatency"] == (500_000, "Microseconds")


def test_prompts_are_logged_only_where_a_setting_says_so():
    said = invocation(body=b'{"prompt": "hello"}')
    assert "hello" not in line(said, with_body=False)
    assert json.loads(line(said, with_body=True))["body"] == '{"prompt": "hello"}'
    assert "hello" not in repr(said)
    assert not Settings.from_environment({}).log_prompts
    assert not Settings.from_environment({"SANDBOX_LOG_PROMPTS": "0"}).log_prompts
    assert Settings.from_environment({"SANDBOX_LOG_PROMPTS": "1"}).log_prompts


def test_an_instance_keeps_its_name():
    assert stream_name(invocation()) == stream_name(invocation(500))


def test_the_waiting_room_has_an_end(monkeypatch):
    monkeypatch.setattr(observer, "MAX_WAITING", 3)
    waiting = Observer()
    for _ in range(5):
        waiting.take(invocation())
    assert waiting.lost == 2


def test_a_watch_reports_once_and_shares_out_the_time():
    now, seen = [10.0], []
    watch = Watch(seen.append, VARIANT, "us-east-1", b"body", True, clock=lambda: now[0])
    now[0] = 12.0
    watch.part(5)
    watch.part(6)
    now[0] = 12.5
    watch.answered()
    watch.disconnected()
    (report,) = seen
    assert (report.status, report.response_bytes, report.request_bytes) == (200, 11, 4)
    assert (report.model_seconds, report.overhead_seconds) == (2.0, 0.5)
