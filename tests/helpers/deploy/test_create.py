"""No endpoint starts without a price that was agreed to, nor without its end."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest

from helpers import catalog
from helpers.clean_up.delete import delete
from helpers.connect.session import Session, connect
from helpers.deploy import costs, create
from helpers.deploy.capacity import Capacity
from helpers.deploy.deadline import GROUP, find_deadline, set_deadline
from helpers.deploy.deployment import deploy
from helpers.deploy.endpoint import TAG, describe, find
from helpers.errors import (
    BadInput,
    CostNotAccepted,
    NotPermitted,
    QuotaExceeded,
    TutorialError,
)
from helpers.subscribe import marketplace

from ..conftest import quiet
from ..events import deny, refuse, watch

MEDIUM = catalog.model("cohere-medium")
NAMES = ("demo", "Demo", "other")


@pytest.fixture
def clear(session: Session) -> Iterator[Any]:
    """SageMaker's client, with nothing of these tests there before and after."""
    marketplace.subscribe(session, MEDIUM.id, tell=quiet)
    yield session.client("sagemaker")
    for name in NAMES:
        delete(session, name, foreign=True, tell=quiet)


def paying() -> Session:
    """As far as money is concerned on AWS; the requests still go to the sandbox."""
    session = connect()
    session.runtime = "aws"
    return session


def ahead(session: Session, name: str = "demo") -> float:
    """Hours until the endpoint's deadline."""
    moment = find_deadline(session, name)
    assert moment is not None
    return (moment - datetime.now(UTC)) / timedelta(hours=1)


def there(sagemaker: Any) -> bool:
    """Whether there is anything by the name of demo."""
    made = [
        *sagemaker.list_models(NameContains="demo")["Models"],
        *sagemaker.list_endpoint_configs(NameContains="demo")["EndpointConfigs"],
        *sagemaker.list_endpoints(NameContains="demo")["Endpoints"],
    ]
    return bool(made)


@pytest.mark.parametrize(("given", "hours"), [({}, 8), ({"delete_after_hours": 2}, 2)])
def test_the_deadline_is_set_before_anything_is_created(
    clear: Any, given: dict[str, Any], hours: float
) -> None:
    session, told = connect(), []
    asked = watch(session, "sagemaker", "scheduler")
    deploy(session, MEDIUM.id, "demo", tell=told.append, **given)
    wanted = ["CreateSchedule", "CreateModel", "CreateEndpointConfig", "CreateEndpoint"]
    assert [each for each in asked if each in wanted] == wanted
    assert hours - 0.02 < ahead(session) <= hours
    assert "demo: AWS deletes it by itself at " in told[1]


@pytest.mark.parametrize("operation", ["GetScheduleGroup", "GetSchedule", "CreateSchedule"])
def test_without_the_deadline_nothing_is_created(clear: Any, operation: str) -> None:
    session = connect()
    deny(session, "scheduler", operation)
    with pytest.raises(NotPermitted, match="set a deadline"):
        deploy(session, MEDIUM.id, "demo", tell=quiet)
    assert not there(clear)


def test_a_role_that_does_not_trust_the_scheduler_creates_nothing(
    clear: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpers.deploy.deadline.PAUSES", ())
    session = connect()
    words = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    refuse(session, "scheduler", "CreateSchedule", "ValidationException", words)
    with pytest.raises(NotPermitted, match="delete_after_hours = None"):
        deploy(session, MEDIUM.id, "demo", tell=quiet)
    assert not there(clear)


def test_none_in_so_many_words_sets_none_and_takes_back_an_old_one(clear: Any) -> None:
    session, told = connect(), []
    set_deadline(session, "demo", 1)
    deploy(session, MEDIUM.id, "demo", delete_after_hours=None, tell=told.append)
    assert find_deadline(session, "demo") is None
    assert "demo has no deadline: it runs, and bills, until you delete it." in told


@pytest.mark.parametrize("operation", ["CreateModel", "CreateEndpointConfig"])
def test_what_never_asked_for_an_endpoint_leaves_no_deadline(clear: Any, operation: str) -> None:
    session = connect()
    deny(session, "sagemaker", operation)
    with pytest.raises(NotPermitted):
        deploy(session, MEDIUM.id, "demo", tell=quiet)
    assert find_deadline(session, "demo") is None


def test_an_endpoint_that_may_yet_come_keeps_its_deadline(clear: Any) -> None:
    session = connect()
    refuse(session, "sagemaker", "CreateEndpoint", "ResourceLimitExceeded", "no more")
    with pytest.raises(QuotaExceeded):
        deploy(session, MEDIUM.id, "demo", tell=quiet)
    assert ahead(session) > 7


def test_a_name_that_is_taken_in_other_letters(clear: Any) -> None:
    session = connect()
    deploy(session, MEDIUM.id, "demo", tell=quiet)
    with pytest.raises(BadInput, match="other capital or small letters"):
        deploy(session, MEDIUM.id, "Demo", tell=quiet)
    assert find_deadline(session, "Demo") is None
    assert find(session, "demo") is not None


def test_attaching_sets_the_deadline_anew(clear: Any) -> None:
    session, told = connect(), []
    deploy(session, MEDIUM.id, "demo", delete_after_hours=1, tell=quiet)
    deploy(session, MEDIUM.id, "demo", tell=told.append)
    assert ahead(session) > 7
    assert any("AWS deletes it by itself" in each for each in told)
    deploy(session, MEDIUM.id, "demo", delete_after_hours=None, tell=told.append)
    assert find_deadline(session, "demo") is None
    assert told[-2] == "demo has no deadline: it runs, and bills, until you delete it."


def test_attaching_to_somebody_elses_says_that_it_has_no_deadline(clear: Any) -> None:
    session, told = connect(), []
    deploy(session, MEDIUM.id, "demo", delete_after_hours=None, tell=quiet)
    arn = clear.describe_endpoint(EndpointName="demo")["EndpointArn"]
    clear.delete_tags(ResourceArn=arn, TagKeys=[TAG["Key"]])
    deploy(session, MEDIUM.id, "demo", tell=told.append)
    assert "demo has no deadline: it runs, and bills, until you delete it." in told[-2]
    assert find_deadline(session, "demo") is None


@pytest.mark.parametrize(
    ("denied", "told"),
    [
        (("UpdateSchedule",), "no deadline was set; an old one stays, "),
        (("UpdateSchedule", "GetSchedule"), "whether it has an old one could not be told"),
    ],
)
def test_attaching_where_no_deadline_can_be_set_says_so(
    clear: Any, denied: tuple[str, ...], told: str
) -> None:
    session, said = connect(), []
    deploy(session, MEDIUM.id, "demo", delete_after_hours=1, tell=quiet)
    deny(session, "scheduler", *denied)
    assert deploy(session, MEDIUM.id, "demo", tell=said.append).status == "InService"
    assert told in said[-2]


def test_a_deadline_that_may_not_be_taken_back_is_told(clear: Any) -> None:
    session, told = connect(), []
    deploy(session, MEDIUM.id, "demo", tell=quiet)
    deny(session, "scheduler", "DeleteSchedule")
    deploy(session, MEDIUM.id, "demo", delete_after_hours=None, tell=told.append)
    assert "an old one stays" in told[-2]


def test_the_price_of_what_exists_counts_its_instances(clear: Any) -> None:
    session = paying()
    deploy(session, MEDIUM.id, "demo", "ml.g5.xlarge", max_usd_per_hour=3.41, tell=quiet)
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}]
    clear.update_endpoint_weights_and_capacities(EndpointName="demo", DesiredWeightsAndCapacities=wanted)
    set_deadline(session, "demo", 1)
    found = describe(session, "demo")
    assert found.capacity == Capacity(2, ("ml.g5.xlarge",))
    price = costs.price_at(session, MEDIUM, found.capacity)
    assert price.usd_per_hour == pytest.approx(2 * 3.408)
    assert costs.spent(price, datetime.now(UTC) - timedelta(hours=3)) == pytest.approx(6 * 3.408, rel=1e-3)
    with pytest.raises(CostNotAccepted, match=r"demo exists already, and bills.*deadline was left"):
        deploy(session, MEDIUM.id, "demo", "ml.g5.xlarge", max_usd_per_hour=6.8, tell=quiet)
    assert ahead(session) < 1
    deploy(session, MEDIUM.id, "demo", "ml.g5.xlarge", max_usd_per_hour=6.82, tell=quiet)
    assert ahead(session) > 7


def test_a_configuration_made_elsewhere_that_scales_is_not_used() -> None:
    sagemaker = Mock()  # the sandbox refuses managed scaling, as AWS does by now
    package = MEDIUM.package_arn("us-east-1")
    sagemaker.describe_model.return_value = {"PrimaryContainer": {"ModelPackageName": package}}
    wanted = {"ModelName": "demo", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}
    scaling = {"ManagedInstanceScaling": {"Status": "ENABLED", "MaxInstanceCount": 9}}
    for more, refused in (({}, nullcontext()), (scaling, pytest.raises(BadInput, match="another kind"))):
        sagemaker.describe_endpoint_config.return_value = {"ProductionVariants": [wanted | more]}
        with refused:
            create._check_leftovers(sagemaker, package, wanted, lambda _: None)


def test_pools_and_managed_scaling_count_at_their_maximum(session: Session) -> None:
    most = Capacity(4, ("ml.g5.xlarge", "ml.p3.2xlarge"))
    price = costs.price_at(session, MEDIUM, most)
    assert (price.instance_type, price.usd_per_hour) == ("ml.p3.2xlarge", pytest.approx(4 * 8.825))
    unknown = costs.price_at(session, MEDIUM, Capacity(1, ("ml.g5.xlarge", "ml.unheard.of")))
    assert unknown.usd_per_hour is None
    assert costs.price_at(session, MEDIUM, Capacity(None, ())).usd_per_hour is None


@pytest.mark.parametrize(
    "more",
    [
        {"InitialInstanceCount": 2},
        {"InstanceType": None, "InstancePools": [{"InstanceType": "ml.g5.2xlarge", "Priority": 1}]},
    ],
)
def test_a_configuration_from_before_at_another_price_is_not_used(clear: Any, more: dict[str, Any]) -> None:
    session = paying()
    create.prepare(session, MEDIUM, MEDIUM.package_arn("us-east-1"), "demo", "ml.g5.xlarge")
    (before,) = clear.describe_endpoint_config(EndpointConfigName="demo")["ProductionVariants"]
    clear.delete_endpoint_config(EndpointConfigName="demo")
    another = {name: value for name, value in (before | more).items() if value is not None}
    clear.create_endpoint_config(EndpointConfigName="demo", ProductionVariants=[another])
    with pytest.raises(BadInput, match="another kind is left from before"):
        deploy(session, MEDIUM.id, "demo", "ml.g5.xlarge", max_usd_per_hour=4, tell=quiet)
    assert find(session, "demo") is None
    assert find_deadline(session, "demo") is None


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1.0])
def test_an_offer_with_a_nonsensical_price_is_no_price(
    clear: Any, monkeypatch: pytest.MonkeyPatch, wrong: float
) -> None:
    session = paying()
    found = marketplace.offer(session, MEDIUM.id)
    found.usd_per_hour["ml.g5.xlarge"] = wrong
    monkeypatch.setattr(marketplace, "offer", lambda *_: found)
    with pytest.raises(CostNotAccepted, match="not known"):
        deploy(session, MEDIUM.id, "demo", "ml.g5.xlarge", max_usd_per_hour=1e6, tell=quiet)
    assert not there(clear)


@pytest.mark.parametrize(
    "defect",
    [
        {"max_usd_per_hour": float("nan")},
        {"max_usd_per_hour": "100"},
        {"max_usd_per_hour": 100, "software_usd_per_hour": -1000},
        {"max_usd_per_hour": 100, "delete_after_hours": float("nan")},
        {"max_usd_per_hour": 100, "delete_after_hours": "8"},
        {"max_usd_per_hour": True},
    ],
    ids=str,
)
def test_what_once_created_an_endpoint(clear: Any, defect: dict[str, Any]) -> None:
    session = paying()
    asked = watch(session, "sagemaker", "scheduler", "pricing", "marketplace-discovery")
    with pytest.raises(BadInput, match=r"it takes"):
        deploy(session, MEDIUM.id, "demo", tell=quiet, **defect)
    assert asked == []
    assert not there(clear)


def test_text_never_subscribed_nor_cancelled() -> None:
    session = paying()
    asked = watch(session, "marketplace-agreement", "marketplace-discovery")
    with pytest.raises(TutorialError, match="accept_terms is 'false'"):
        marketplace.subscribe(session, "command", accept_terms="false", tell=quiet)  # type: ignore[arg-type]
    with pytest.raises(TutorialError, match="confirm is 'false'"):
        marketplace.cancel(session, MEDIUM.id, confirm="false")  # type: ignore[arg-type]
    assert asked == []


def test_a_schedule_is_in_a_group_of_its_own(clear: Any) -> None:
    session = connect()
    deploy(session, MEDIUM.id, "demo", tell=quiet)
    found = session.client("scheduler").get_schedule(GroupName=GROUP, Name="demo")
    assert found["ActionAfterCompletion"] == "DELETE"
