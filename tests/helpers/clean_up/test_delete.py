"""What costs is deleted first, whatever may not be looked at; what others use or have made stays."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from helpers.clean_up.delete import delete
from helpers.clean_up.leftovers import leftovers
from helpers.connect.session import Session, connect
from helpers.deploy.deadline import find_deadline
from helpers.deploy.deployment import deploy
from helpers.deploy.endpoint import TAG, find
from helpers.errors import BadInput, EndpointNotReady, NotOurs, NotPermitted
from helpers.production import alarms, dashboard
from helpers.subscribe import marketplace

from ..conftest import quiet
from ..events import deny, refuse, watch

LOOKS = (
    *("DescribeEndpoint", "ListTags", "ListEndpoints", "ListEndpointConfigs"),
    *("DescribeEndpointConfig", "DescribeModel"),
)


@pytest.fixture(scope="module")
def sagemaker(session: Session) -> Any:
    marketplace.subscribe(session, "cohere-medium", tell=quiet)
    return session.client("sagemaker")


@pytest.fixture
def demo(session: Session, sagemaker: Any) -> Iterator[str]:
    """An endpoint of this tutorial's; nothing is left afterwards, whatever the test has made."""
    deploy(session, "cohere-medium", "demo", tell=quiet)
    yield "demo"
    for each in sagemaker.list_endpoints()["Endpoints"]:
        delete(session, each["EndpointName"], foreign=True, tell=quiet)
    for each in sagemaker.list_endpoint_configs()["EndpointConfigs"]:
        sagemaker.delete_endpoint_config(EndpointConfigName=each["EndpointConfigName"])
    for each in sagemaker.list_models()["Models"]:
        sagemaker.delete_model(ModelName=each["ModelName"])


def exists(sagemaker: Any) -> set[str]:
    """What there is, as kind and name."""
    there = [f"endpoint {each['EndpointName']}" for each in sagemaker.list_endpoints()["Endpoints"]]
    configs = sagemaker.list_endpoint_configs()["EndpointConfigs"]
    there += [f"config {each['EndpointConfigName']}" for each in configs]
    return {*there, *(f"model {each['ModelName']}" for each in sagemaker.list_models()["Models"])}


def copy_config(sagemaker: Any, source: str, name: str, tags: Any = (), **other: Any) -> None:
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=source)["ProductionVariants"]
    variants[0] |= other
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, Tags=list(tags))


def ready(sagemaker: Any, name: str) -> None:
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 0.1})


def without_tag(sagemaker: Any, name: str) -> None:
    arn = sagemaker.describe_endpoint(EndpointName=name)["EndpointArn"]
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=[TAG["Key"]])


def test_a_configuration_and_a_model_that_another_endpoint_uses_stay(sagemaker: Any, demo: str) -> None:
    session, told = connect(), []
    sagemaker.create_endpoint(EndpointName="other", EndpointConfigName=demo)
    ready(sagemaker, "other")
    assert delete(session, demo, tell=told.append) == ["endpoint demo", "deadline of demo"]
    assert {"endpoint other", "config demo", "model demo"} <= exists(sagemaker)
    assert told == [
        "The endpoint configuration demo stays, at no cost: in use by endpoint other.",
        "The model demo stays, at no cost: in use by endpoint configuration demo.",
    ]


def test_a_model_that_another_configuration_names_stays(sagemaker: Any, demo: str) -> None:
    copy_config(sagemaker, demo, "second")
    assert "model demo" not in delete(connect(), demo, tell=quiet)
    assert exists(sagemaker) == {"config second", "model demo"}


def test_a_model_stays_while_an_endpoint_may_run_on_it(sagemaker: Any, demo: str) -> None:
    told: list[str] = []
    copy_config(sagemaker, demo, "second")
    sagemaker.create_endpoint(EndpointName="other", EndpointConfigName="second")
    ready(sagemaker, "other")
    sagemaker.delete_endpoint_config(EndpointConfigName="second")
    delete(connect(), demo, tell=told.append)
    assert exists(sagemaker) == {"endpoint other", "model demo"}
    assert "perhaps endpoint other, whose configuration is gone" in told[0]


def test_a_configuration_it_is_being_updated_to_is_in_use(sagemaker: Any, demo: str) -> None:
    copy_config(sagemaker, demo, "second", InstanceType="ml.g5.2xlarge")
    sagemaker.create_endpoint(EndpointName="other", EndpointConfigName="second")
    ready(sagemaker, "other")
    sagemaker.update_endpoint(EndpointName="other", EndpointConfigName=demo)
    assert delete(connect(), demo, tell=quiet)[0] == "endpoint demo"
    assert {"config demo", "model demo"} <= exists(sagemaker)
    ready(sagemaker, "other")


@pytest.mark.parametrize(("tags", "goes"), [([TAG], True), ([], False)])
def test_what_has_another_name_goes_with_the_tag_only(
    sagemaker: Any, demo: str, tags: list[Any], goes: bool
) -> None:
    told: list[str] = []
    copy_config(sagemaker, demo, "second", tags)
    sagemaker.update_endpoint(EndpointName=demo, EndpointConfigName="second")
    deleted = delete(connect(), demo, tell=told.append)
    assert ("endpoint configuration second" in deleted) is goes
    assert exists(sagemaker) == (set() if goes else {"config second", "model demo"})
    assert any("lacks this tutorial's tag" in each for each in told) is not goes


def test_an_endpoint_of_somebody_else_is_deleted_when_told_so_twice(sagemaker: Any, demo: str) -> None:
    without_tag(sagemaker, demo)
    before = exists(sagemaker)
    with pytest.raises(NotOurs, match=r"nothing was deleted.*foreign=True"):
        delete(connect(), demo, tell=quiet)
    assert issubclass(NotOurs, BadInput)
    assert exists(sagemaker) == before
    assert find_deadline(connect(), demo) is not None
    assert delete(connect(), demo, foreign=True, tell=quiet)[0] == "endpoint demo"


@pytest.mark.parametrize("denied", [*((each,) for each in LOOKS), LOOKS], ids="+".join)
def test_a_look_that_is_denied_never_keeps_an_endpoint(
    session: Session, sagemaker: Any, demo: str, denied: tuple[str, ...]
) -> None:
    told: list[str] = []
    deploy(session, "cohere-medium", "bystander", "ml.g5.2xlarge", tell=quiet)
    blind = connect()
    deny(blind, "sagemaker", *denied)
    assert delete(blind, demo, tell=told.append)[0] == "endpoint demo"
    going = find(session, demo)  # one look: it may be gone at the next
    assert going is None or going.status == "Deleting"
    assert {"endpoint bystander", "config bystander", "model bystander"} <= exists(sagemaker)
    kept = exists(sagemaker) & {"config demo", "model demo"}
    assert len([each for each in told if "demo stays, at no cost" in each]) == len(kept)


def test_it_deletes_before_it_lists(sagemaker: Any, demo: str) -> None:
    session = connect()
    asked = watch(session, "sagemaker", "scheduler")
    delete(session, demo, tell=quiet)
    before = asked[: asked.index("DeleteEndpoint")]
    assert before == ["DescribeEndpoint", "ListTags"]


def test_who_may_not_delete_keeps_everything_and_the_deadline(sagemaker: Any, demo: str) -> None:
    powerless, before = connect(), exists(sagemaker)
    deny(powerless, "sagemaker", "DeleteEndpoint")
    with pytest.raises(NotPermitted, match="runs on and bills"):
        delete(powerless, demo, tell=quiet)
    assert exists(sagemaker) == before
    assert find_deadline(powerless, demo) is not None


def test_who_may_delete_by_tag_only_can_delete_what_does_not_exist(sagemaker: Any) -> None:
    session = connect()
    deny(session, "sagemaker", "DeleteEndpoint")
    assert delete(session, "never-made", tell=quiet) == []
    deny(session, "sagemaker", "DescribeEndpoint")
    with pytest.raises(NotPermitted, match="runs on and bills"):
        delete(session, "never-made", tell=quiet)


@pytest.mark.parametrize("denied", ["DeleteEndpointConfig", "DeleteModel"])
def test_what_may_not_be_deleted_is_told_and_the_rest_goes(sagemaker: Any, demo: str, denied: str) -> None:
    told: list[str] = []
    session = connect()
    deny(session, "sagemaker", denied)
    deleted = delete(session, demo, tell=told.append)
    assert deleted[0] == "endpoint demo"
    assert deleted[-1] == "deadline of demo"
    assert "iam-policy.json" in told[0]


IN_PROGRESS = ("ValidationException", 'Cannot update in-progress endpoint "arn".')


def test_an_endpoint_in_progress_is_waited_for_without_a_look(sagemaker: Any, demo: str) -> None:
    told: list[str] = []
    pauses: list[float] = []
    session = connect()
    deny(session, "sagemaker", "DescribeEndpoint")
    refuse(session, "sagemaker", "DeleteEndpoint", *IN_PROGRESS, times=3)
    assert delete(session, demo, tell=told.append, sleep=pauses.append)[0] == "endpoint demo"
    assert told[0] == "demo is changing; it can be deleted after that. Waiting."
    assert len(pauses) == 3


def test_waiting_for_it_is_bounded(sagemaker: Any, demo: str) -> None:
    pauses: list[float] = []
    session = connect()
    refuse(session, "sagemaker", "DeleteEndpoint", *IN_PROGRESS)
    with pytest.raises(EndpointNotReady, match="demo is still InService; run delete again later: it bills"):
        delete(session, demo, wait_seconds=60, tell=quiet, sleep=pauses.append)
    assert 60 < sum(pauses) < 80
    assert find_deadline(session, demo) is not None


def test_alarms_are_found_by_tag_and_a_dashboard_by_the_endpoint_s_name(session: Session) -> None:
    alarms.set_alarms(session, "Watched", slow_seconds=1)
    dashboard.put(session, "Watched")
    session.client("cloudwatch").put_metric_alarm(
        AlarmName="somebody-else-s", Namespace="AWS/SageMaker", MetricName="Invocations", Threshold=1,
        ComparisonOperator="LessThanThreshold", Period=60, EvaluationPeriods=1, Statistic="Sum",
    )  # fmt: skip
    left = [f"alarm Watched-{kind}" for kind in ("failing", "idle", "slow")]
    assert sorted(leftovers(session)) == left
    assert sorted(leftovers(session, "Watched")) == [*left, "dashboard Watched-dashboard"]
    assert sorted(leftovers(session, "Watch")) == left
    blind = connect()
    deny(blind, "cloudwatch", "ListDashboards")
    assert leftovers(blind, "Watched")[-1].startswith("could not tell whether there is a dashboard: ")
    alarms.delete_alarms(session, "Watched")
    dashboard.delete(session, "Watched")
    assert leftovers(session, "Watched") == []


OURS = ["endpoint demo", "endpoint configuration demo", "model demo"]


def test_one_call_finds_what_is_tagged(sagemaker: Any, demo: str) -> None:
    session = connect()
    asked = watch(session, "sagemaker", "resourcegroupstaggingapi")
    assert leftovers(session)[:3] == OURS
    assert asked == ["GetResources", "ListEndpoints", "ListEndpointConfigs", "ListModels"]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottledException", "InternalServiceException"])
def test_without_that_call_each_is_asked_for_its_tags(sagemaker: Any, demo: str, code: str) -> None:
    session = connect()
    refuse(session, "resourcegroupstaggingapi", "GetResources", code, "no")
    asked = watch(session, "sagemaker")
    assert leftovers(session)[:3] == OURS
    assert asked.count("ListTags") == 3


def test_what_is_new_is_asked_for_its_tags_as_the_index_may_lag(
    sagemaker: Any, demo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = connect()
    monkeypatch.setattr("helpers.clean_up.leftovers._tagged", lambda _: {})
    assert leftovers(session)[:3] == OURS
    monkeypatch.setattr("helpers.clean_up.leftovers.NEW", timedelta(0))
    assert not [each for each in leftovers(session) if not each.startswith("deadline")]


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("ListEndpoints", "endpoints"),
        ("ListEndpointConfigs", "endpoint configurations"),
        ("ListModels", "models"),
    ],
)
def test_a_list_that_is_denied_is_no_empty_list(sagemaker: Any, operation: str, kind: str) -> None:
    session = connect()
    deny(session, "sagemaker", operation)
    told = next(each for each in leftovers(session) if each.startswith("could not tell"))
    assert told.startswith(f"could not tell which {kind} there are: ")
    assert operation in told


def test_tags_that_may_not_be_read_leave_a_question(sagemaker: Any, demo: str) -> None:
    session = connect()
    deny(session, "sagemaker", "ListTags")
    deny(session, "resourcegroupstaggingapi", "GetResources")
    *unknown, deadline, of_alarms = leftovers(session)
    assert of_alarms.startswith("could not tell which alarms there are")
    assert len(unknown) == 3
    assert all(each.startswith("could not tell whose these") and "demo" in each for each in unknown)
    assert deadline.startswith("deadline of demo, ")
    assert leftovers(session, demo)[0] == "endpoint demo"
    assert delete(session, demo, tell=quiet)[0] == "endpoint demo"
    assert leftovers(connect(), demo) == []
