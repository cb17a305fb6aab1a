"""Metrics in moto's CloudWatch: what is published, how often, and percentiles, in this process."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from moto.cloudwatch.models import MetricAggregatedDatum, MetricDatum

from helpers.sandbox.services.clock import Clock
from helpers.sandbox.services.cloudwatch import percentiles
from helpers.sandbox.services.cloudwatch.percentiles import Point, percentile
from helpers.sandbox.services.cloudwatch.records import Invocation, Load
from helpers.sandbox.services.cloudwatch.writer import CloudWatch
from helpers.sandbox.services.runtime.instances import Instances
from helpers.sandbox.services.runtime.sampling import Sampler

from ..load import variant
from ..virtual_time import run

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
DIMENSIONS = [{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "AllTraffic"}]


@pytest.fixture
def client():
    """A client of moto's CloudWatch, with our percentiles."""
    with mock_aws():
        percentiles.connect()
        yield boto3.client("cloudwatch", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")


def invocation(at=NOON, instances=1, **more):
    given = {"status": 200, "request_bytes": 9, "response_bytes": 7, "model_seconds": 0.5, **more}
    return Invocation(variant(instances), "us-east-1", at, False, overhead_seconds=0.001, **given)


def statistics(client, metric, *statistics, period=60, hours=1, namespace="AWS/SageMaker"):
    extended = [each for each in statistics if each[0] == "p" or each[0] == "t"]
    given = {"ExtendedStatistics": extended} if extended else {"Statistics": list(statistics)}
    points = client.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=DIMENSIONS,
        StartTime=NOON,
        EndTime=NOON + timedelta(hours=hours),
        Period=period,
        **given,
    )["Datapoints"]
    return sorted(points, key=lambda point: point["Timestamp"])


def data(client, metric, statistic, period=60, dimensions=DIMENSIONS, more=(), order="Ascending"):
    stat = {"Metric": {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions}}
    answer = client.get_metric_data(
        MetricDataQueries=[{"Id": "a", "MetricStat": {**stat, "Period": period, "Stat": statistic}}, *more],
        StartTime=NOON,
        EndTime=NOON + timedelta(minutes=5),
        ScanBy=f"Timestamp{order}",
    )["MetricDataResults"]
    return answer[0]["Values"]


def test_percentiles_are_answered_by_both_operations(client):
    writer = CloudWatch(Clock())
    for hundredth in range(100):
        writer.write(invocation(model_seconds=(hundredth + 1) / 100))
    (point,) = statistics(client, "ModelLatency", "p50", "p95", "p100")
    found = point["ExtendedStatistics"]
    assert found == {
        "p50": pytest.approx(500_000, rel=0.006),
        "p95": pytest.approx(950_000, rel=0.006),
        "p100": pytest.approx(1_000_000, rel=0.006),
    }
    assert data(client, "ModelLatency", "p95") == [found["p95"]]
    assert data(client, "ModelLatency", "Maximum") == [1_000_000]
    (simple,) = statistics(client, "ModelLatency", "SampleCount", "Average")
    assert (simple["SampleCount"], simple["Average"]) == (100, pytest.approx(505_000))
    assert "ExtendedStatistics" not in simple
    with pytest.raises(ClientError, match="does not practise the statistic tm99"):
        statistics(client, "ModelLatency", "tm99")
    with pytest.raises(ClientError, match="does not practise the statistic IQM"):
        data(client, "ModelLatency", "IQM")


def test_readers_own_metrics_have_percentiles_where_aws_has_them(client):
    def put(**more):
        datum = {"MetricName": "Own", "Dimensions": DIMENSIONS, "Timestamp": NOON, **more}
        client.put_metric_data(Namespace="AWS/SageMaker", MetricData=[datum])

    put(Values=[1, 2, 3], Counts=[1, 1, 2])
    assert data(client, "Own", "p50") == [2]
    put(StatisticValues={"SampleCount": 1, "Sum": 9, "Minimum": 9, "Maximum": 9})
    assert data(client, "Own", "p99") == [9]
    put(StatisticValues={"SampleCount": 2, "Sum": 9, "Minimum": 4, "Maximum": 5})
    assert data(client, "Own", "p50") == []
    assert statistics(client, "Own", "p50") == []


@given(
    st.lists(st.floats(0, 1e9, allow_subnormal=False), min_size=1, max_size=50),
    st.floats(0, 100),
    st.integers(1, 4),
)
def test_a_percentile_is_one_of_the_values_within_half_a_percent(given_values, percent, parts):
    points = [Point("n", "m", {}, NOON, "None") for _ in range(parts)]
    for number, value in enumerate(given_values):
        points[number % parts].add(value)
    raw = [MetricDatum("n", "m", value, [], NOON) for value in given_values]
    exact = percentile(raw, percent)
    assert exact in given_values
    assert sum(value <= exact for value in given_values) >= len(given_values) * percent / 100
    assert percentile([p for p in points if p.sample_count], percent) == pytest.approx(exact, rel=0.006)


def test_a_query_s_data_are_those_of_its_metric_period_by_period(client):
    writer = CloudWatch(Clock())
    for minute in (0, 1, 3, 6):  # the last is after the query's end
        for _ in range(minute + 1):
            writer.write(invocation(NOON + timedelta(minutes=minute)))
    assert data(client, "Invocations", "Sum") == [1, 2, 4]
    assert data(client, "Invocations", "Sum", order="Descending") == [4, 2, 1]
    assert data(client, "Invocations", "Sum", period=120) == [3, 4]
    assert data(client, "Invocations", "Sum", dimensions=DIMENSIONS[:1]) == []
    for wrong in ("a * 2", "a / c", "a"):
        with pytest.raises(ClientError, match="practises no expressions but m1 / m2"):
            data(client, "Invocations", "Sum", more=[{"Id": "b", "Expression": wrong}])


def test_the_quotient_of_two_metrics_is_the_number_of_instances(client):
    writer = CloudWatch(Clock())
    for minute, instances in enumerate([1, 3, 3, 2]):
        for _ in range(5):
            writer.write(invocation(NOON + timedelta(minutes=minute), instances))
    where = {"Namespace": "AWS/SageMaker", "Dimensions": DIMENSIONS}
    asked = [
        {"Id": key, "MetricStat": {"Metric": {**where, "MetricName": name}, "Period": 60, "Stat": "Sum"}}
        for key, name in (("a", "Invocations"), ("b", "InvocationsPerInstance"))
    ]
    hidden = [{**each, "ReturnData": False} for each in asked]
    (answer,) = client.get_metric_data(
        MetricDataQueries=[*hidden, {"Id": "c", "Expression": "a / b"}],
        StartTime=NOON,
        EndTime=NOON + timedelta(minutes=5),
        ScanBy="TimestampAscending",
    )["MetricDataResults"]
    assert answer["Values"] == pytest.approx([1, 3, 3, 2])
    assert len(answer["Timestamps"]) == 4


def test_what_has_no_percentile_says_so():
    assert percentile([], 50) is None
    assert percentile([MetricDatum("n", "m", -1.0, [], NOON)], 50) is None
    assert percentile([MetricAggregatedDatum("n", "m", 1, 2, 3, 4, [], NOON)], 50) is None
    assert percentiles.percent_of("p99.9") == 99.9
    for wrong in ("p101", "P50", "p", "p5.", "Average", "tm50"):
        assert percentiles.percent_of(wrong) is None


def test_an_instance_s_share_of_invocations_is_a_sum(client):
    writer = CloudWatch(Clock())
    for _ in range(6):
        writer.write(invocation(instances=3))
    assert statistics(client, "InvocationsPerInstance", "Sum")[0]["Sum"] == pytest.approx(2)
    assert statistics(client, "Invocations", "Sum")[0]["Sum"] == 6


def test_a_minute_has_one_point_and_a_sped_up_minute_one_second(client):
    for speed, minute in ((1, 60), (60, 1)):
        writer = CloudWatch(Clock(speed))
        shift = timedelta(minutes=10) if speed == 60 else timedelta()
        for part in range(8):
            writer.write(invocation(NOON + shift + timedelta(seconds=part * minute / 4)))
    points = statistics(client, "Invocations", "Sum", period=1)
    assert [(p["Timestamp"] - NOON, p["Sum"]) for p in points] == [
        (timedelta(minutes=0), 4),
        (timedelta(minutes=1), 4),
        (timedelta(minutes=10), 4),
        (timedelta(minutes=10, seconds=1), 4),
    ]


def test_load_is_counted_for_each_instance_and_utilisation_is_a_share(client):
    writer = CloudWatch(Clock())
    for ten in range(6):
        load = ((5, 1.0), (1, 0.5))
        writer.write(Load(variant(2), "us-east-1", NOON + timedelta(seconds=10 * ten), load))
    ten_seconds = statistics(client, "ConcurrentRequestsPerModel", "Maximum", "Minimum", period=10)
    assert [(p["Maximum"], p["Minimum"]) for p in ten_seconds] == [(5, 1)] * 6
    for name in ("CPUUtilization", "GPUUtilization"):
        used = statistics(client, name, "Average", "Maximum", namespace="/aws/sagemaker/Endpoints")
        assert [(p["Average"], p["Maximum"], p["Unit"]) for p in used] == [(75, 100, "Percent")]


class Variants:
    def __init__(self, *serving):
        self.all = [("us-east-1", each) for each in serving]

    def serving(self):
        return self.all


def test_each_interval_is_looked_at_once_idle_or_not():
    async def main():
        loop, seen = asyncio.get_running_loop(), []
        clock = Clock(now=lambda: NOON + timedelta(seconds=3 + loop.time()))
        instances = Instances(2, random.Random(1))
        variants = Variants(variant(2))
        task = asyncio.create_task(Sampler(variants, instances, clock, seen.append).run())
        await asyncio.sleep(40)
        assert {each.instances for each in seen} == {((0, 0.0), (0, 0.0))}
        places = [instances.route("us-east-1", variants.all[0][1]) for _ in range(9)]
        await asyncio.sleep(10)
        assert sum(outstanding for outstanding, _ in seen[-1].instances) == 9
        for place in places:
            place.leave()
        variants.all = []
        await asyncio.sleep(10)
        task.cancel()
        intervals = [(each.at - NOON) // timedelta(seconds=10) for each in seen]
        assert intervals == [1, 2, 3, 4]
        assert not instances._fleets

    run(main())
