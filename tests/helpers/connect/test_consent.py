"""Nothing but True, False and real numbers is consent, and what is none is said before any request."""

from collections.abc import Callable
from typing import Any

import pytest

from helpers.clean_up.delete import delete
from helpers.connect import consent
from helpers.connect.session import Session
from helpers.deploy import costs
from helpers.deploy.costs import Price
from helpers.deploy.deadline import set_deadline
from helpers.deploy.deployment import deploy
from helpers.deploy.stack import set_up
from helpers.errors import BadInput, CostNotAccepted
from helpers.notebook import parameters
from helpers.subscribe import marketplace

from ..wrong_values import NO_AMOUNT, NO_YES_OR_NO

MODEL = "cohere-medium"


class Untouched:
    """A session that must not be used: what is wrong has to be said before any request."""

    region = "us-east-1"
    spends_money = True

    @property
    def role_arn(self) -> str:
        raise AssertionError("the role was asked for")

    def client(self, service: str) -> None:
        raise AssertionError(f"{service} was asked")


UNTOUCHED: Session = Untouched()  # type: ignore[assignment]
PRICE = Price("ml.g5.xlarge", 1.0, "", 2.0, "")


def agree(value: Any) -> None:
    costs.agree(UNTOUCHED, PRICE, value, tell=lambda _: pytest.fail("a price was shown first"))


def price(value: Any) -> None:
    costs.price(UNTOUCHED, parameters.catalog.model(MODEL), "ml.g5.xlarge", software_usd_per_hour=value)


YES_OR_NO: dict[str, Callable[[Any], object]] = {
    "accept_terms": lambda value: marketplace.subscribe(UNTOUCHED, MODEL, accept_terms=value),
    "confirm": lambda value: marketplace.cancel(UNTOUCHED, MODEL, confirm=value),
    "confirm (set_up)": lambda value: set_up(UNTOUCHED, confirm=value),
    "foreign": lambda value: delete(UNTOUCHED, "demo", foreign=value),
}
AMOUNTS: dict[str, Callable[[Any], object]] = {
    "max_usd_per_hour": lambda value: deploy(UNTOUCHED, MODEL, "demo", max_usd_per_hour=value),
    "software_usd_per_hour": lambda value: deploy(
        UNTOUCHED, MODEL, "demo", max_usd_per_hour=100, software_usd_per_hour=value
    ),
    "delete_after_hours": lambda value: deploy(
        UNTOUCHED, MODEL, "demo", delete_after_hours=value, max_usd_per_hour=100
    ),
    "hours": lambda value: set_deadline(UNTOUCHED, "demo", value),
    "budget_usd": lambda value: set_up(UNTOUCHED, confirm=True, budget_usd=value),
    "max_usd_per_hour (agree)": agree,
    "software_usd_per_hour (price)": price,
}


def refused(name: str, call: Callable[[Any], object], value: Any) -> None:
    with pytest.raises(BadInput) as error:
        call(value)
    message = str(error.value)
    assert message.startswith(f"{name.split(' ')[0]} is ")
    assert "it takes" in message
    assert "\n" not in message
    assert len(message) < 500


def test_there_are_enough_wrong_values() -> None:
    assert min(len(NO_AMOUNT), len(NO_YES_OR_NO)) >= 60


@pytest.mark.parametrize("name", YES_OR_NO)
def test_only_true_and_false_are_a_word(name: str) -> None:
    for value in NO_YES_OR_NO:
        refused(name, YES_OR_NO[name], value)


@pytest.mark.parametrize("name", AMOUNTS)
def test_only_a_finite_number_of_0_or_more_is_an_amount(name: str) -> None:
    for value in NO_AMOUNT:
        refused(name, AMOUNTS[name], value)


@pytest.mark.parametrize("hours", [0, 0.0, -0.0, 8760.01, 1e300])
def test_a_deadline_is_ahead_and_within_a_year(hours: float) -> None:
    refused("delete_after_hours", AMOUNTS["delete_after_hours"], hours)
    refused("hours", AMOUNTS["hours"], hours)


def test_what_is_consent_passes() -> None:
    assert consent.yes_or_no("a", True) is True
    assert consent.yes_or_no("a", False) is False
    assert [consent.amount("a", each) for each in (0, 10, 0.5, 1.7e308)] == [0, 10, 0.5, 1.7e308]
    assert consent.amount_or_none("a", None) is None
    with pytest.raises(BadInput):
        consent.amount("a", None)


def test_without_a_word_no_subscription_is_looked_at_even() -> None:
    assert marketplace.cancel(UNTOUCHED, MODEL, confirm=False) is None


NAN, INF = float("nan"), float("inf")
UNKNOWN: list[dict[str, Any]] = [
    *({"software_usd": each} for each in (None, NAN, INF, -1.0, -0.01, "2")),
    *({"instance_usd": each} for each in (None, NAN, INF, -1.0, -5.0, True)),
    *({"instances": each} for each in (None, 0, -1, 1.5, True)),
    {"instance_usd": 1e308, "instances": 1000},
]


@pytest.mark.parametrize("part", UNKNOWN, ids=str)
def test_a_price_is_agreed_to_only_if_all_of_it_is_known(part: dict[str, Any]) -> None:
    unknown = Price(**{**PRICE.__dict__, **part})
    assert unknown.usd_per_hour is None
    assert costs.spent(unknown, costs.datetime.now(costs.UTC)) is None
    with pytest.raises(CostNotAccepted, match="not known"):
        costs.agree(UNTOUCHED, unknown, 1e300, tell=None)


@pytest.mark.parametrize("most", [None, 0, 2.99, 2.999999])
def test_nothing_above_the_maximum_is_agreed_to(most: float | None) -> None:
    with pytest.raises(CostNotAccepted, match="Nothing was created"):
        costs.agree(UNTOUCHED, PRICE, most, tell=None)


def test_the_maximum_itself_is_agreed_to_in_every_kind_of_arithmetic() -> None:
    costs.agree(UNTOUCHED, PRICE, 3, tell=None)
    costs.agree(UNTOUCHED, Price("ml.g5.xlarge", 0.1, "", 0.2, ""), 0.3, tell=None)
    costs.agree(UNTOUCHED, Price("ml.g5.xlarge", 0.0, "", 0.0, ""), 0, tell=None)


def test_several_instances_cost_so_many_times_as_much() -> None:
    three = Price("ml.g5.xlarge", 1.0, "list", 2.0, "offer", instances=3)
    assert three.usd_per_hour == 9.0
    assert str(three).startswith("3 x ml.g5.xlarge: $9.00 an hour")
    created = costs.datetime(2026, 1, 1, tzinfo=costs.UTC)
    assert costs.spent(three, created, costs.datetime(2026, 1, 1, 2, tzinfo=costs.UTC)) == 18.0
    assert costs.spent(three, created, costs.datetime(2025, 1, 1, tzinfo=costs.UTC)) == 0.0
    with pytest.raises(CostNotAccepted):
        costs.agree(UNTOUCHED, three, 8.99, tell=None)
