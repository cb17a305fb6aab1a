"""A package that the catalogue lacks: deployed, attached to, and told apart by its ARN alone."""

from collections.abc import Iterator

import pytest

from helpers import catalog
from helpers.deploy import endpoint
from helpers.deploy.deployment import deploy
from helpers.errors import BadInput, NotOffered, UnknownModel
from helpers.generate.client import Client
from helpers.sandbox.settings import ACCOUNT
from helpers.subscribe import marketplace

from ..aws_in_process import REGION, Account
from ..test_money_path import patched_clock

PREFIX = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/"
V2, V1 = PREFIX + "practice-chat-v2", PREFIX + "practice-chat-v1"
MODEL = catalog.choose("cohere-medium", V2, "chat-v2", "ml.g5.xlarge")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("SANDBOX_STRICT", "0")
    account = Account()
    patched_clock(account.clock)
    yield account
    patched_clock(None)


def deployed(account: Account, model: str | catalog.Model = MODEL, told: list[str] | None = None) -> None:
    tell = [].append if told is None else told.append
    deploy(account.session, model, "demo", max_usd_per_hour=100, software_usd_per_hour=2, tell=tell)


def test_it_is_deployed_with_the_subscription_left_to_create_model(account: Account) -> None:
    told: list[str] = []
    deployed(account, told=told)
    assert endpoint.describe(account.session, "demo").package_arn == V2
    assert [
        each for each in told if "practice-chat-v2: can't tell whether this account is subscribed" in each
    ]
    deployed(account)


def test_another_package_of_that_name_is_not_attached_to(account: Account) -> None:
    deployed(account)
    other = catalog.choose("cohere-medium", V1, "chat-v1", "ml.g5.xlarge")
    for asked, named in ((other, V1), ("cohere-medium", "cohere-medium")):
        with pytest.raises(BadInput, match=f"serves {V2}, not {named}"):
            deployed(account, asked)


def test_a_package_that_does_not_exist_is_refused_as_aws_does(account: Account) -> None:
    unknown = catalog.choose("cohere-medium", PREFIX + "command-a", "chat-v2", "ml.g5.xlarge")
    with pytest.raises(Exception, match=r"ModelPackage .*command-a does not exist"):
        deployed(account, unknown)
    assert endpoint.find(account.session, "demo") is None


def test_a_client_finds_it_with_the_name_and_the_api(account: Account) -> None:
    deployed(account)
    for expected in ({}, {"model_id": "cohere-medium"}, {"model_package_arn": V2}):
        model = Client(account.session, "demo", api="chat-v2", **expected).model
        assert (model.id, model.arn, model.api) == ("practice-chat-v2", V2, "chat-v2")
    with pytest.raises(UnknownModel, match="api = 'chat-v2' for Command A"):
        Client(account.session, "demo", model_id="cohere-medium")
    with pytest.raises(BadInput, match=f"serves {V2}: set model_package_arn to that"):
        Client(account.session, "demo", model_package_arn=V1, api="chat-v2")


def test_an_endpoint_whose_model_is_gone_is_what_is_said_of_it(account: Account) -> None:
    deployed(account)
    account.ask("DeleteModel", ModelName="demo")
    expected = {"model_id": "cohere-medium", "model_package_arn": V2}
    model = Client(account.session, "demo", api="chat-v2", **expected).model
    assert (model.arn, model.api) == (V2, "chat-v2")
    assert Client(account.session, "demo", model_id="cohere-medium").model.id == "cohere-medium"
    with pytest.raises(UnknownModel, match="model_id="):
        Client(account.session, "demo", api="chat-v2")


def test_a_client_of_a_listed_package_may_choose_the_version_of_chat(account: Account) -> None:
    marketplace.subscribe(
        account.session, "command-r-08-2024", accept_terms=True, tell=[].append, sleep=account.clock.wait
    )
    deployed(account, "command-r-08-2024")
    arn = endpoint.describe(account.session, "demo").package_arn
    for expected in (
        {},
        {"model_id": "command-r-08-2024"},
        {"model_id": "cohere-medium", "model_package_arn": arn},
    ):
        client = Client(account.session, "demo", api="chat-v2", **expected)
        assert (client.model.id, client.model.api) == ("command-r-08-2024", "chat-v2")
        assert client.supports("seed")
    with pytest.raises(BadInput, match="talked to by chat-v1"):
        Client(account.session, "demo", api="generate")


def test_no_offer_is_made_up_for_it(account: Account) -> None:
    with pytest.raises(NotOffered, match=r"knows no listing of practice-chat-v2: .*console"):
        marketplace.offer(account.session, MODEL)


def test_what_has_ended_is_told_once_when_subscribing_and_once_when_deploying(account: Account) -> None:
    told: list[str] = []
    for _ in range(2):
        marketplace.subscribe(
            account.session, "cohere-medium", accept_terms=True, tell=told.append, sleep=account.clock.wait
        )
        assert len([each for each in told if "Cohere Medium v1-5: ended since 2024-02" in each]) == 1
    told.clear()
    for _ in range(2):
        deployed(account, "cohere-medium", told)
        assert len([each for each in told if "Cohere Medium v1-5: ended since 2024-02" in each]) == 1
