"""An endpoint grows and shrinks with its load, in the time and by the counts that its policy says."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .practice import PER_INSTANCE, TARGET, Practice

MINUTE = 60


def states(practice):
    return {name.split("-")[-6]: alarm.state_value for name, alarm in practice.cloudwatch.alarms.items()}


def codes(practice, **more):
    return [
        (each["StatusCode"], *(reason["Code"] for reason in each.get("NotScaledReasons", [])))
        for each in practice.activities(**more)
    ]


@pytest.fixture
def practice():
    practice = Practice()
    practice.register(1, 6)
    practice.track(4.0)
    return practice


@pytest.mark.parametrize("speed", [1, 60])
def test_a_load_step_scales_out_to_the_right_count_and_in_again(speed):
    practice = Practice(speed=speed)
    practice.register(1, 6)
    practice.track(4.0)
    practice.goes_on(2 * MINUTE, users=1)
    assert states(practice)["AlarmHigh"] == "OK"
    practice.goes_on(20, users=12)
    assert practice.count == 1  # two points of three
    practice.goes_on(10, users=12)
    assert states(practice)["AlarmHigh"] == "ALARM"
    assert practice.count == 3  # 12 users, of whom an instance shall have 4
    assert codes(practice) == [("InProgress",)]
    practice.goes_on(10 * MINUTE, users=12)
    assert (practice.count, practice.serving) == (3, 3)
    assert codes(practice) == [("Successful",)]
    assert states(practice)["AlarmHigh"] == "OK"
    practice.goes_on(14 * MINUTE, users=1)
    assert practice.count == 3  # AlarmLow looks at 15 minutes
    practice.goes_on(2 * MINUTE, users=1)
    assert practice.count == 1
    practice.goes_on(4 * MINUTE, users=1)  # an endpoint's start takes its 3 seconds at any speed
    cause = practice.activities()[-1]["Cause"]
    assert cause.startswith("monitor alarm TargetTracking-endpoint/e/variant/AllTraffic-AlarmLow-")
    assert cause.endswith(" in state ALARM triggered policy p")
    assert codes(practice) == [("Successful",)] * 2


def test_scaling_in_waits_for_its_cooldown(practice):
    practice.track(4.0, ScaleInCooldown=1200)
    practice.goes_on(3 * MINUTE, users=24)
    assert practice.count == 6
    practice.goes_on(17 * MINUTE, users=10)
    assert practice.count == 3
    practice.goes_on(18 * MINUTE, users=2)
    assert practice.count == 3  # AlarmLow rings, but 20 minutes have not passed
    assert states(practice)["AlarmLow"] == "ALARM"
    practice.goes_on(4 * MINUTE, users=2)
    assert practice.count == 1


def test_within_the_scale_out_cooldown_only_a_larger_step_counts(practice):
    practice.track(4.0, ScaleOutCooldown=600)
    practice.goes_on(MINUTE, users=8)
    assert practice.count == 2
    practice.goes_on(5 * MINUTE, users=16)
    assert practice.count == 2  # 8 each, counted from the one instance that there was: two
    practice.goes_on(6 * MINUTE, users=16)
    assert practice.count == 4


def test_with_a_quota_of_one_the_activity_fails_and_the_endpoint_serves_on():
    practice = Practice(quota=1)
    practice.register(1, 4)
    practice.track(4.0)
    practice.goes_on(MINUTE, users=12)
    assert practice.count == 1
    assert practice.world.status() == "InService"
    assert practice.world.route().name == "AllTraffic"
    activities = practice.activities()
    assert {each["StatusCode"] for each in activities} == {"Failed"}
    assert activities[0]["StatusMessage"].startswith(
        "Failed to set desired instance count to 3. Reason: The account-level service limit "
        "'ml.g5.xlarge for endpoint usage' is 1 Instances, with current utilization of 1 Instances and a "
        "request delta of 2 Instances."
    )
    assert "Error Code: ResourceLimitExceeded" in activities[0]["StatusMessage"]
    # measured on AWS: it tries again every ten seconds
    gaps = [b["StartTime"] - a["StartTime"] for a, b in pairwise(activities)]
    assert {gap.total_seconds() for gap in gaps} == {10}
    practice.faults.clear("quota")
    practice.faults.set("quota", {"instance_type": "ml.g5.xlarge", "limit": 3})
    practice.goes_on(MINUTE, users=12)
    assert practice.serving == 3


def test_without_capacity_it_stays_as_it_is_and_tries_again(practice):
    practice.faults.set("no-capacity", {"next": 1})
    practice.goes_on(30, users=12)
    assert practice.world.status() == "Updating"
    practice.world.clock.wait(4)
    assert (practice.serving, practice.world.status()) == (1, "InService")
    assert practice.world.route().name == "AllTraffic"
    practice.goes_on(10, users=12)
    first = practice.activities()[0]
    assert first["StatusCode"] == "Unfulfilled"
    assert "InsufficientInstanceCapacity" in first["StatusMessage"]
    practice.goes_on(20, users=12)
    assert practice.serving == 3
    assert "FailureReason" not in practice.world.describe()


def test_why_it_does_not_scale_is_told_if_asked_for(practice):
    practice.goes_on(2 * MINUTE, users=1000)
    assert practice.count == 6
    assert codes(practice) == [("Successful",)]
    told = codes(practice, IncludeNotScaledActivities=True)
    assert ("Failed", "AlreadyAtMaxCapacity") in told
    (reason,) = practice.activities(IncludeNotScaledActivities=True)[-1]["NotScaledReasons"]
    assert reason == {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 6}
    practice.goes_on(40 * MINUTE, users=0)
    assert practice.count == 1
    assert codes(practice, IncludeNotScaledActivities=True)[-1] == ("Failed", "AlreadyAtMinCapacity")


def test_nothing_scales_while_the_endpoint_changes(practice):
    practice.goes_on(20, users=12)
    practice.measured("ConcurrentRequestsPerModel", 12)
    practice.changes()
    assert (practice.world.status(), practice.count) == ("Updating", 1)
    told = codes(practice, IncludeNotScaledActivities=True)
    assert told == [("Failed", "TargetServicePutResourceAsUnscalable")]
    practice.goes_on(10, users=12)
    assert practice.count == 3


def test_suspended_scaling_does_nothing(practice):
    def suspend(**state):
        practice.client.register_scalable_target(**TARGET, SuspendedState=state)

    suspend(DynamicScalingOutSuspended=True)
    practice.goes_on(2 * MINUTE, users=12)
    assert practice.count == 1
    suspend(DynamicScalingOutSuspended=False, DynamicScalingInSuspended=True)
    practice.goes_on(2 * MINUTE, users=12)
    assert practice.count == 3
    practice.goes_on(30 * MINUTE, users=0)
    assert practice.count == 3
    suspend(DynamicScalingInSuspended=False)
    practice.goes_on(MINUTE, users=0)
    assert practice.count == 1


def test_scale_in_can_be_disabled(practice):
    practice.track(4.0, DisableScaleIn=True)
    practice.goes_on(MINUTE, users=12)
    practice.goes_on(30 * MINUTE, users=0)
    assert practice.count == 3


def test_without_data_nothing_changes(practice):
    practice.goes_on(MINUTE, users=12)
    assert practice.count == 3
    practice.goes_on(30 * MINUTE)
    assert practice.count == 3
    assert states(practice) == {"AlarmHigh": "INSUFFICIENT_DATA", "AlarmLow": "INSUFFICIENT_DATA"}


def test_invocations_per_instance_are_counted_by_the_minute():
    practice = Practice()
    practice.register(1, 6)
    practice.track(60.0, PER_INSTANCE)
    for _ in range(3 * 6):
        practice.measured("InvocationsPerInstance", 25.0)  # 150 a minute
        practice.goes_on(10)
    assert practice.count == 3


def test_of_two_policies_the_larger_count_wins_and_both_must_be_low_to_scale_in(practice):
    practice.track(10.0, PER_INSTANCE, name="q")

    def goes_on(seconds, users, invocations):
        for _ in range(seconds // 10):
            practice.measured("InvocationsPerInstance", invocations / 6 / practice.serving)
            practice.goes_on(10, users=users)

    goes_on(5 * MINUTE, 8, 50)
    assert practice.count == 5
    goes_on(30 * MINUTE, 0, 47.5)  # one is idle, the other is not below nine tenths of its target
    assert practice.count == 5
    goes_on(20 * MINUTE, 0, 1)
    assert practice.count == 1


def test_step_scaling_by_an_alarm_of_one_s_own():
    practice = Practice()
    practice.register(1, 6)
    arn = practice.step(
        AdjustmentType="ChangeInCapacity",
        StepAdjustments=[
            {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 4, "ScalingAdjustment": 1},
            {"MetricIntervalLowerBound": 4, "ScalingAdjustment": 3},
        ],
        Cooldown=120,
    )
    practice.alarm("busy", arn, 2)
    practice.goes_on(20, users=5)
    assert practice.count == 2
    practice.goes_on(10, users=5)
    practice.goes_on(60, users=10.5)
    assert practice.count == 2  # the step is one instance, which has been added
    practice.goes_on(10, users=20)
    assert practice.count == 4  # the step is three now, of which one is there
    assert practice.activities()[0]["Cause"] == "monitor alarm busy in state ALARM triggered policy s"


def test_a_target_goes_with_its_endpoint(practice):
    practice.world.service.scaling = None  # nobody tells of the deletion
    practice.world.sagemaker("DeleteEndpoint", EndpointName="e")
    practice.world.clock.wait(5)
    practice.scaling.tick()
    assert practice.client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_no_target_no_activity_goes_on(practice):
    practice.goes_on(30, users=12)
    practice.client.deregister_scalable_target(**TARGET)
    practice.goes_on(10)
    assert codes(practice) == [("Overridden",)]


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from([2, 6, 20])), min_size=1, max_size=3),
    st.tuples(st.integers(1, 3), st.integers(0, 5)),
    st.tuples(st.sampled_from([0, 60, 300]), st.sampled_from([0, 300])),
)
def test_random_loads_stay_within_the_limits_and_settle(loads, limits, cooldowns):
    """Each load lasts some minutes; then the last one goes on: the count settles where the target is kept."""
    practice = Practice(quota=50)
    low, high, target = limits[0], limits[0] + limits[1], 4.0
    practice.register(low, high)
    practice.track(target, ScaleOutCooldown=cooldowns[0], ScaleInCooldown=cooldowns[1])
    seen = [practice.count]

    def minutes(users, count):
        for _ in range(count):
            practice.goes_on(MINUTE, users=users)
            seen.append(practice.count)

    for users, lasting in loads:
        before = len(seen)
        minutes(users, lasting)
        changes = [b - a for a, b in pairwise(seen[before - 1 :]) if a != b]
        # with a steady load it goes up, and later perhaps down; never up again
        ups = [change > 0 for change in changes]
        assert ups == sorted(ups, reverse=True)
    minutes(loads[-1][0], 22)
    assert all(low <= count <= high for count in seen)
    users, count = loads[-1][0], seen[-1]
    assert users / count <= target or count == high
    assert count == low or users / (count - 1) > target * 0.9 - 1e-9 or users / count >= target * 0.9
    settled = practice.count
    practice.goes_on(20 * MINUTE, users=users)
    assert practice.count == settled
    assert {each["StatusCode"] for each in practice.activities()} <= {"Successful"}


def test_an_alarm_that_can_t_be_evaluated_stops_no_other(practice, caplog):
    alarm = dict(namespace="n", metric_name="m", comparison_operator="GreaterThanThreshold", threshold=1.0)
    alarm |= dict(evaluation_periods=1, statistic="Sum", description="", dimensions=[], alarm_actions=[])
    practice.cloudwatch.put_metric_alarm(name="bad", period=None, **alarm)
    practice.goes_on(MINUTE, users=12)
    assert practice.count == 3
    assert [each.getMessage() for each in caplog.records] == ["the alarm bad can't be evaluated"]
