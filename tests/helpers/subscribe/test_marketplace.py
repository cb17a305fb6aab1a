"""Subscribing: look first, accept on purpose, once; the price is read from the offer."""

from collections.abc import Callable
from typing import Any

import pytest

from helpers import catalog
from helpers.connect.session import Session, connect
from helpers.deploy import costs
from helpers.deploy.quotas import endpoint_quota
from helpers.errors import BadInput
from helpers.subscribe import marketplace
from helpers.subscribe.offer import _hourly_prices

from ..conftest import quiet

MODEL = "command-r-plus-08-2024"


def test_subscribe_and_cancel(session: Session) -> None:
    assert marketplace.subscription(session, MODEL) is None
    told: list[str] = []
    subscription = marketplace.subscribe(session, MODEL, tell=told.append)
    assert (subscription.status, subscription.ready) == ("ACTIVE", True)
    assert told[0].startswith("Subscribed to")
    again = marketplace.subscribe(session, MODEL, tell=told.append)
    assert again.agreement_id == subscription.agreement_id
    assert marketplace.cancel(session, MODEL, confirm=False) is None
    assert marketplace.subscription(session, MODEL) is not None
    assert marketplace.cancel(session, MODEL, confirm=True) == subscription.agreement_id
    assert marketplace.subscription(session, MODEL) is None
    assert marketplace.cancel(session, MODEL, confirm=True) is None


def test_that_a_model_has_ended_is_told_where_it_matters(session: Session) -> None:
    told: list[str] = []
    marketplace.subscribe(session, "command-light", tell=told.append)
    marketplace.cancel(session, "command-light", confirm=True)
    assert not [each for each in told if "ended" in each]
    session = connect("sandbox")
    session.runtime = "aws"
    with pytest.raises(BadInput, match="accept_terms=True"):
        marketplace.subscribe(session, "command-light", tell=told.append)
    assert "expect a new subscription to be refused" in told[-1]


def test_on_aws_the_terms_are_accepted_by_word_only(session: Session) -> None:
    careful = connect("sandbox")
    careful.runtime = "aws"
    with pytest.raises(BadInput, match="accept_terms=True"):
        marketplace.subscribe(careful, "command", tell=quiet)
    assert marketplace.subscription(session, "command") is None


def test_the_offer_has_a_price_for_every_instance_type_and_a_eula(session: Session) -> None:
    found = marketplace.offer(session, "cohere-medium")
    assert set(found.usd_per_hour) == set(catalog.model("cohere-medium").instance_types)
    assert all(url.startswith("https://") for url in found.documents)
    assert found.documents
    assert found.refund_policy


class Told:
    """marketplace-discovery with something else in its answers."""

    def __init__(self, real: Any, change: Callable[[dict[str, Any]], None]) -> None:
        self._real, self._change = real, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get_listing(self, **params: Any) -> dict[str, Any]:
        listing: dict[str, Any] = self._real.get_listing(**params)
        self._change(listing)
        return listing


def test_a_listing_that_takes_no_new_subscribers_can_be_read_but_not_subscribed_to() -> None:
    closed = connect("sandbox")
    indicator = {"indicatorType": "NOT_AVAILABLE_FOR_SUBSCRIPTION"}
    closed._clients["marketplace-discovery"] = Told(
        closed.client("marketplace-discovery"), lambda listing: listing.update(purchaseIndicators=[indicator])
    )
    assert marketplace.offer(closed, "command").usd_per_hour
    with pytest.raises(marketplace.NotOffered, match="takes no new subscribers"):
        marketplace.subscribe(closed, "command", tell=quiet)
    assert marketplace.subscription(closed, "command") is None


def test_a_regions_own_price_replaces_the_default_one() -> None:
    own = [{"region": "eu-west-1", "displayName": "Ireland", "price": "3.50"}]
    rate = {"dimensionKey": "ml.g5.xlarge", "displayName": "", "price": "2.00", "regionalPrices": own}
    terms = [{"rateCards": [{"rateCard": [rate]}]}]
    medium = catalog.model("cohere-medium")
    assert _hourly_prices(terms, medium, "eu-west-1")["ml.g5.xlarge"] == 3.5
    assert _hourly_prices(terms, medium, "us-east-1")["ml.g5.xlarge"] == 2.0
    del rate["regionalPrices"]  # boto3 before 1.44.8
    assert _hourly_prices(terms, medium, "eu-west-1")["ml.g5.xlarge"] == 2.0


def test_the_price_has_two_parts_and_their_sources(session: Session) -> None:
    model = catalog.model("cohere-medium")
    price = costs.price(session, model, "ml.g5.xlarge")
    assert price.instance_usd == catalog.instance_type("ml.g5.xlarge").usd_per_hour
    assert price.software_usd == model.practice_software_usd_per_hour["ml.g5.xlarge"]
    assert price.usd_per_hour == pytest.approx(price.instance_usd + price.software_usd)  # type: ignore[operator]
    assert "an estimate" in price.instance_source
    paying = connect("sandbox")
    paying.runtime = "aws"
    assert costs.price(paying, model, "ml.g5.xlarge").instance_source == "AWS's price list, us-east-1"
    assert "made up for practice" in price.software_source
    own = costs.price(session, model, "ml.g5.xlarge", software_usd_per_hour=7)
    assert own.usd_per_hour == pytest.approx(price.instance_usd + 7)  # type: ignore[operator]


def test_a_price_that_no_source_gives_is_an_estimate_and_says_so() -> None:
    price = costs.price(connect("sandbox", "eu-west-1"), catalog.model("cohere-medium"), "ml.g5.xlarge")
    assert "an estimate" in price.instance_source


def test_the_quota_is_the_accounts(session: Session) -> None:
    quota = endpoint_quota(session, "ml.g5.xlarge")
    assert quota is not None
    assert quota >= 1
    assert endpoint_quota(session, "ml.nonsense.xlarge") is None
