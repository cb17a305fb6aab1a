"""Scaling, variants and alarms of an endpoint in the started sandbox."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from helpers.connect.roles import DEADLINE_ROLE
from helpers.connect.session import Session
from helpers.deploy.endpoint import describe
from helpers.errors import BadInput, CostNotAccepted, NotOurs, NotPermitted, QuotaExceeded
from helpers.generate.client import Client
from helpers.production import alarms, scaling, variants

from ..events import deny, watch
from ..wrong_values import NO_AMOUNT


def quiet(_: str) -> None:
    """Tell nobody."""


def targets(session: Session) -> list[dict[str, Any]]:
    found = session.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    return list(found["ScalableTargets"])


def track(client: Client, **given: Any) -> None:
    wanted = {"requests_at_once": 1.5, "most_instances": 2, "tell": quiet, **given}
    session = wanted.pop("session", client.session)
    scaling.track(session, client.model, client.endpoint_name, **wanted)


def test_on_aws_nothing_scales_before_its_highest_price_is_agreed_to(medium: Client) -> None:
    on_aws = replace(medium.session, runtime="aws")
    asked = watch(on_aws, "application-autoscaling")
    for most in (None, 0, 5.0):
        with pytest.raises(CostNotAccepted, match="2 x"):
            track(medium, session=on_aws, max_usd_per_hour=most)
    assert asked == []
    assert targets(medium.session) == []


WRONG: dict[str, list[Any]] = {
    "max_usd_per_hour": NO_AMOUNT,
    "requests_at_once": [0, *NO_AMOUNT],
    "most_instances": [0, -1, 1.5, "2", True, None, 1001],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_number_is_refused_before_any_request(medium: Client, name: str) -> None:
    session = replace(medium.session)
    asked = watch(session, "application-autoscaling", "sagemaker")
    for value in WRONG[name]:
        with pytest.raises(BadInput, match=name):
            track(medium, session=session, **{name: value})
    assert asked == []


def test_nothing_scales_that_its_deadline_could_not_end(medium: Client) -> None:
    """`medium` has a deadline; the role of data/account.yaml may end scaling, this one may not."""
    session, iam = medium.session, medium.session.client("iam")
    policy = {"RoleName": DEADLINE_ROLE, "PolicyName": "delete"}
    before = json.dumps(iam.get_role_policy(**policy)["PolicyDocument"])
    deleting = {"Effect": "Allow", "Action": "sagemaker:DeleteEndpoint", "Resource": "*"}
    iam.put_role_policy(**policy, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": deleting}))
    try:
        with pytest.raises(
            NotPermitted, match=r"lacks the permission .*:DeregisterScalableTarget\. aws iam put-"
        ):
            track(medium)
        deny(blind := replace(session, _clients={}), "iam", "SimulatePrincipalPolicy")
        told: list[str] = []
        track(medium, session=blind, tell=told.append)
        assert len([each for each in told if "DeregisterScalableTarget can't be told" in each]) == 1
    finally:
        iam.put_role_policy(**policy, PolicyDocument=before)
        scaling.stop(session, medium.endpoint_name)
    assert targets(session) == []


def test_it_is_registered_seen_and_taken_back(medium: Client) -> None:
    session, name = medium.session, medium.endpoint_name
    track(medium)
    (target,) = targets(session)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 2)
    assert target["ResourceId"] == f"endpoint/{name}/variant/AllTraffic"
    assert scaling.activities(session, name).empty
    assert scaling.stop(session, name) is True
    assert scaling.stop(session, name) is False
    assert targets(session) == []
    assert session.client("cloudwatch").describe_alarms()["MetricAlarms"] == []  # the policy's own are gone


def test_equal_activities_in_a_row_are_one_row(medium: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    session, name = medium.session, medium.endpoint_name
    session.practise_with(clock_speed=600)
    kind = describe(session, name).instance_type
    session.set_fault("quota", instance_type=kind, limit=1)
    track(medium, requests_at_once=0.1)
    try:
        work = asyncio.to_thread(medium.generate, "Bees", max_tokens=60)
        asyncio.run(scaling.watch(session, name, work))
        found = scaling.activities(session, name)
    finally:
        scaling.stop(session, name)
        session.clear_faults()
        session.practise_with(clock_speed=1)
    assert list(found["status"]) == ["Failed"]
    assert "service limit" in found["why"][0]
    assert "Request ID" not in found["why"][0]
    assert scaling.instances(session, name) == (1, 1)


def test_what_the_watched_work_raises_is_raised(medium: Client) -> None:
    async def fails() -> None:
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        asyncio.run(scaling.watch(medium.session, medium.endpoint_name, fails()))


def test_alarms_ring_and_are_deleted_with_no_other(medium: Client) -> None:
    session, name = medium.session, medium.endpoint_name
    session.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{name}-slower",
        Namespace="a",
        MetricName="b",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    made = alarms.set_alarms(session, name, slow_seconds=60)
    assert made == [f"{name}-slow", f"{name}-failing", f"{name}-idle"]
    assert sorted(alarms.states(session, name).index) == sorted(made)
    session.practise_with(clock_speed=60)
    session.set_fault("model-error")
    try:
        for _ in range(400):
            time.sleep(0.05)  # the alarm looks each tenth of a second
            with pytest.raises(Exception, match="model failed"):
                medium.without_retries().generate("Bees", max_tokens=1)
            if alarms.ringing(session, name) == ["failing"]:
                break
        else:
            pytest.fail("it never rang")
        session.clear_faults()
        asyncio.run(alarms.quiet(session, name, speed=60))
        assert asyncio.run(alarms.rung(session, name, 60)) == ""
    finally:
        session.clear_faults()
        session.practise_with(clock_speed=1)
    assert sorted(alarms.delete_alarms(session, name)) == sorted(made)
    assert alarms.delete_alarms(session, name) == []
    left = session.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert [each["AlarmName"] for each in left] == [f"{name}-slower"]


TWO = {"steady": 9, "trial": 1}
LEAST = {"routing": variants.ROUTING[1]}


def split(client: Client, weights: dict[str, float], **given: Any) -> list[str]:
    """What it says."""
    said: list[str] = []
    session = given.pop("session", client.session)
    variants.split(session, client.model, client.endpoint_name, weights, tell=said.append, **given)
    return said


def sizes(client: Client) -> dict[str, tuple[float, int]]:
    found = client.session.client("sagemaker").describe_endpoint(EndpointName=client.endpoint_name)
    return {
        each["VariantName"]: (each["DesiredWeight"], each["DesiredInstanceCount"])
        for each in found["ProductionVariants"]
    }


@pytest.fixture
def much_quota(medium: Client) -> Iterator[None]:
    kind = describe(medium.session, medium.endpoint_name).instance_type
    medium.session.set_fault("quota", instance_type=kind, limit=3)
    yield
    split(medium, {"AllTraffic": 1})
    medium.session.clear_faults()


def test_variants_share_the_requests_within_a_quota_of_three(medium: Client, much_quota: None) -> None:
    already = [f"{medium.endpoint_name} has these variants already"]
    assert split(medium, {"AllTraffic": 1}) == already  # as deploy makes it
    split(medium, {"AllTraffic": 1}, instances=2)
    assert sizes(medium) == {"AllTraffic": (1, 2)}
    split(medium, TWO, **LEAST)
    assert sizes(medium) == {"steady": (9, 1), "trial": (1, 1)}
    assert split(medium, TWO, **LEAST) == already
    assert medium.generate("Bees", max_tokens=2).text


def test_what_runs_counts_and_not_what_was_configured(medium: Client, much_quota: None) -> None:
    """After a scale-out, or after weights were changed by hand."""
    change = medium.session.client("sagemaker").update_endpoint_weights_and_capacities
    name = medium.endpoint_name
    change(
        EndpointName=name,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
    )
    split(medium, {"AllTraffic": 1})  # which waits until that is done
    assert sizes(medium) == {"AllTraffic": (1, 1)}
    split(medium, TWO)
    change(EndpointName=name, DesiredWeightsAndCapacities=[{"VariantName": "steady", "DesiredWeight": 1.0}])
    split(medium, TWO)
    assert sizes(medium) == {"steady": (9, 1), "trial": (1, 1)}


def test_no_endpoint_configuration_is_left(medium: Client, much_quota: None) -> None:
    split(medium, TWO)
    with pytest.raises(QuotaExceeded):
        split(medium, TWO, **LEAST)  # two beside two: one more than the quota
    split(medium, {"AllTraffic": 1}, **LEAST)
    split(medium, {"AllTraffic": 1})
    listed = medium.session.client("sagemaker").list_endpoint_configs(NameContains=medium.endpoint_name)
    assert [each["EndpointConfigName"] for each in listed["EndpointConfigs"]] == [medium.endpoint_name]


def test_on_aws_no_variant_starts_before_all_that_run_are_agreed_to(medium: Client) -> None:
    on_aws = replace(medium.session, runtime="aws")
    asked = watch(on_aws, "sagemaker")
    for most in (None, 0, 5.0):
        with pytest.raises(CostNotAccepted, match="3 x"):
            split(medium, TWO, session=on_aws, max_usd_per_hour=most)
    assert not [each for each in asked if each.startswith(("Create", "Update", "Delete"))]


def test_somebody_else_s_endpoint_is_left_as_it_is(medium: Client) -> None:
    session = replace(medium.session, _clients={})
    session.client("sagemaker").meta.events.register("after-call.*.ListTags", no_tags)
    asked = watch(session, "sagemaker", "application-autoscaling")
    with pytest.raises(NotOurs):
        split(medium, TWO, session=session)
    with pytest.raises(NotOurs):
        track(medium, session=session)
    assert not [each for each in asked if each.startswith(("Create", "Update", "Register", "Put"))]


def no_tags(parsed: dict[str, Any], **_: Any) -> None:
    parsed["Tags"] = []


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": {}},
        {"weights": {"a": -1}},
        {"weights": {"a": "1"}},
        {"weights": {"a": 0}},
        {"routing": "ROUND"},
        {"instances": 0},
    ],
)
def test_variants_that_can_not_be_are_refused_before_any_request(
    medium: Client, wrong: dict[str, Any]
) -> None:
    session = replace(medium.session)
    asked = watch(session, "sagemaker")
    with pytest.raises(BadInput, match=next(iter(wrong))):
        split(medium, session=session, **{"weights": {"a": 1}, **wrong})
    assert asked == []


def test_on_aws_faults_and_capacity_change_nothing(medium: Client) -> None:
    on_aws = replace(medium.session, runtime="aws")
    assert on_aws.set_fault("model-error") is False
    assert on_aws.clear_faults() is False
    assert on_aws.practise_with(slots=1, clock_speed=60) == 1.0
    assert medium.generate("Bees", max_tokens=1).text is not None


def test_a_fault_that_there_is_not_is_refused(medium: Client) -> None:
    with pytest.raises(BadInput, match="no fault 'earthquake'"):
        medium.session.set_fault("earthquake")
