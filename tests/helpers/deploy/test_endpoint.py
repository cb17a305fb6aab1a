"""Endpoints by name: made, found, waited for, deleted; every mistake before anything is created."""

import pytest

from helpers import catalog
from helpers.clean_up.delete import delete
from helpers.clean_up.leftovers import leftovers
from helpers.connect.session import Session, connect
from helpers.deploy import create, endpoint
from helpers.deploy.deadline import find_deadline
from helpers.deploy.deployment import deploy
from helpers.deploy.endpoint import describe, wait
from helpers.errors import (
    BadInput,
    CostNotAccepted,
    EndpointFailed,
    EndpointNotFound,
    EndpointNotReady,
    InstanceNotOffered,
    NotPermitted,
    NotSubscribed,
    QuotaExceeded,
    UnknownInstanceType,
    UnknownModel,
    UnsupportedRegion,
)
from helpers.generate.client import Client
from helpers.sandbox import faults, process
from helpers.subscribe import marketplace

from ..conftest import quiet


class Untouched:
    """A session that must not be used: what is wrong has to be said before any request."""

    region = "af-south-1"
    spends_money = True

    def client(self, service: str) -> None:
        raise AssertionError(f"{service} was asked")


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a_b", "é", "x" * 64, "a\n"])
def test_a_bad_name_is_refused_before_any_request(name: str) -> None:
    with pytest.raises(BadInput, match="63 letters"):
        deploy(Untouched(), "cohere-medium", name)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a", "A-b", "a--b", "0", "x" * 63])
def test_good_names_pass(name: str) -> None:
    assert endpoint.check_name(name) == name


def test_unknown_things_are_refused_before_any_request() -> None:
    untouched: Session = Untouched()  # type: ignore[assignment]
    with pytest.raises(UnknownModel):
        deploy(untouched, "cohere-huge", "a")
    with pytest.raises(UnknownInstanceType):
        deploy(untouched, "cohere-medium", "a", "ml.t3.medium")
    with pytest.raises(UnsupportedRegion):
        deploy(untouched, "cohere-medium", "a")


def test_a_role_that_sagemaker_cannot_assume(session: Session) -> None:
    marketplace.subscribe(session, "cohere-medium", tell=quiet)
    nobody = connect(role_arn=f"arn:aws:iam::{session.account}:role/nobody")
    with pytest.raises(NotPermitted, match=r"there is no role .*/nobody.*aws cloudformation deploy"):
        deploy(nobody, "cohere-medium", "nobody", tell=quiet)
    assert not [each for each in leftovers(session, "nobody") if "nobody" in each]


def test_a_region_without_the_instance_type(session: Session) -> None:
    marketplace.subscribe(session, "cohere-medium", tell=quiet)
    address = process.find()
    assert address
    faults.set(address, "not-in-region", instance_type="ml.g5.xlarge", next=1)
    with pytest.raises(InstanceNotOffered, match=r"ml\.g5\.xlarge is not supported.*region="):
        deploy(session, "cohere-medium", "not-here", "ml.g5.xlarge", tell=quiet)
    assert delete(session, "not-here", tell=quiet) == ["model not-here"]


def test_the_whole_life_of_an_endpoint(session: Session) -> None:
    told: list[str] = []
    marketplace.subscribe(session, "cohere-medium", tell=quiet)
    deploy(session, "cohere-medium", "whole-life", "ml.g5.2xlarge", tell=told.append)
    price, deadline, *statuses = told
    assert "an hour" in price
    assert "AWS deletes it by itself at" in deadline
    # it takes 0.2 s here, so a busy machine may look too late to see it being created
    assert statuses in (["whole-life: Creating", "whole-life: InService"], ["whole-life: InService"])

    found = describe(session, "whole-life")
    assert found.model is not None
    assert (found.status, found.model.id) == ("InService", "cohere-medium")
    assert (found.model_name, found.config_name) == ("whole-life", "whole-life")
    assert "endpoint whole-life" in leftovers(session)

    told.clear()
    deploy(session, "cohere-medium", "whole-life", "ml.g5.2xlarge", tell=told.append)
    assert told[0] == "whole-life: exists on ml.g5.2xlarge; attaching to it"
    assert "an hour" in told[1]
    assert "AWS deletes it by itself at" in told[2]
    assert told[3:] == ["whole-life: InService"]
    with pytest.raises(BadInput, match="serves cohere-medium"):
        deploy(session, "command-r-08-2024", "whole-life", tell=quiet)

    assert delete(session, "whole-life") == [
        "endpoint whole-life",
        "endpoint configuration whole-life",
        "model whole-life",
        "deadline of whole-life",
    ]
    assert delete(session, "whole-life") == []
    assert not [each for each in leftovers(session, "whole-life") if "whole-life" in each]


def test_a_deploy_that_fails_half_way_can_be_cleaned_up_by_name(session: Session) -> None:
    with pytest.raises(NotSubscribed, match="01_subscribe"):
        deploy(session, "command-light", "half-way", tell=quiet)
    assert delete(session, "half-way") == []


def test_a_configuration_left_from_before_is_not_used_at_another_price(session: Session) -> None:
    model = catalog.model("cohere-medium")
    marketplace.subscribe(session, model.id, tell=quiet)
    deploy(session, model.id, "left", "ml.p3.2xlarge", tell=quiet)
    session.client("sagemaker").delete_endpoint(EndpointName="left")
    assert endpoint.wait_until_gone(session, "left", tell=quiet) is None
    with pytest.raises(BadInput, match=r"of another kind is left"):
        deploy(session, model.id, "left", "ml.g5.xlarge", tell=quiet)
    assert delete(session, "left") == ["endpoint configuration left", "model left"]
    assert find_deadline(session, "left") is None


def test_a_model_left_from_before_is_not_served_instead(session: Session) -> None:
    for model_id in ("cohere-medium", "command-light"):
        marketplace.subscribe(session, model_id, tell=quiet)
    deploy(session, "cohere-medium", "other", tell=quiet)
    session.client("sagemaker").delete_endpoint(EndpointName="other")
    assert endpoint.wait_until_gone(session, "other", tell=quiet) is None
    with pytest.raises(BadInput, match="another kind is left"):
        deploy(session, "command-light", "other", tell=quiet)
    assert delete(session, "other") == ["endpoint configuration other", "model other"]


def test_an_endpoint_whose_model_and_configuration_are_gone_is_still_found(session: Session) -> None:
    marketplace.subscribe(session, "cohere-medium", tell=quiet)
    deploy(session, "cohere-medium", "bare", tell=quiet)
    session.client("sagemaker").delete_model(ModelName="bare")
    session.client("sagemaker").delete_endpoint_config(EndpointConfigName="bare")
    found = describe(session, "bare")
    assert (found.status, found.model, found.instance_type) == ("InService", None, "not known")
    with pytest.raises(UnknownModel, match="model_id="):
        Client(session, "bare")
    assert "endpoint bare" in leftovers(session)
    assert delete(session, "bare") == ["endpoint bare", "deadline of bare"]


def test_on_aws_an_unknown_price_is_not_agreed_to(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    paying = connect("sandbox")
    paying.runtime = "aws"
    monkeypatch.setattr("helpers.deploy.costs._software_price", lambda *_: (None, "nobody knows"))
    with pytest.raises(CostNotAccepted, match="software_usd_per_hour"):
        deploy(paying, "cohere-medium", "unknown", max_usd_per_hour=1000, tell=quiet)
    assert delete(session, "unknown") == []
    with pytest.raises(CostNotAccepted, match="at most"):
        deploy(paying, "cohere-medium", "unknown", max_usd_per_hour=8, software_usd_per_hour=7, tell=quiet)


def test_an_endpoint_that_is_still_creating_is_deleted_when_it_can_be(session: Session) -> None:
    told: list[str] = []
    model = catalog.model("cohere-medium")
    marketplace.subscribe(session, model.id, tell=quiet)
    create.prepare(session, model, model.package_arn("us-east-1"), "interrupted", "ml.g5.xlarge")
    create.start(session, "interrupted")
    assert len(delete(session, "interrupted", tell=told.append)) == 3
    assert told == ["interrupted is Creating; it can be deleted after that. Waiting."]
    assert endpoint.find(session, "interrupted") is None


def test_a_missing_endpoint_names_the_notebook_that_makes_one(session: Session) -> None:
    with pytest.raises(EndpointNotFound, match="02_deploy"):
        Client(session, "never-made")


def test_a_quota_of_zero_is_said_before_anything_is_created(session: Session) -> None:
    marketplace.subscribe(session, "cohere-medium", tell=quiet)
    address = process.find()
    assert address
    faults.set(address, "quota", instance_type="ml.g5.xlarge", limit=0)
    with pytest.raises(QuotaExceeded, match=r"is 0\. Nothing was created"):
        deploy(session, "cohere-medium", "no-quota", tell=quiet)
    faults.clear(address, "quota")
    assert delete(session, "no-quota") == []


def test_waiting_is_bounded_and_can_go_on_by_name(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 100_000, 40))
    creating = endpoint.Endpoint("slow", "", "Creating", None, "", "", "", 1, None)  # type: ignore[arg-type]
    monkeypatch.setattr(endpoint, "describe", lambda *_: creating)
    told: list[str] = []
    with pytest.raises(EndpointNotReady, match=r"still Creating after 10 minutes, and it bills"):
        wait(session, "slow", 590, told.append, clock=lambda: next(ticks), sleep=lambda _: None)
    assert told[0] == "slow: Creating"
    assert "slow: Creating, 9 min" in told


def test_a_failed_endpoint_says_why(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = endpoint.Endpoint("bad", "", "Failed", None, "", "", "", 1, None, "no capacity")  # type: ignore[arg-type]
    monkeypatch.setattr(endpoint, "describe", lambda *_: failed)
    with pytest.raises(EndpointFailed, match=r"no capacity.*only be deleted"):
        wait(session, "bad", tell=quiet)


@pytest.mark.parametrize("agreed", [None, 0.5])
def test_on_aws_nothing_is_created_without_consent(session: Session, agreed: float | None) -> None:
    marketplace.subscribe(session, "cohere-medium", tell=quiet)
    paying = connect("sandbox")
    paying.runtime = "aws"  # as far as money is concerned; the requests still go to the sandbox
    with pytest.raises(CostNotAccepted, match="Nothing was created"):
        deploy(paying, "cohere-medium", "consent", max_usd_per_hour=agreed, tell=quiet)
    assert delete(session, "consent") == []
    deploy(paying, "cohere-medium", "consent", max_usd_per_hour=100, tell=quiet)
    delete(session, "consent")
