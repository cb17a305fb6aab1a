"""What an endpoint costs: the price an hour before it is created, and what it has come to since.

An hour of an endpoint is the instance (AWS) plus the software (Cohere, through Marketplace), from creation
to deletion, whether or not anyone calls it.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from . import catalog, marketplace
from .errors import CostNotAccepted, NotConnected, NotPermitted
from .session import Session


@dataclass(frozen=True)
class Price:
    """USD an hour for one instance, each part with its source; None where no source gave the figure."""

    instance_type: str
    instance_usd: float | None
    instance_source: str
    software_usd: float | None
    software_source: str

    @property
    def usd_per_hour(self) -> float | None:
        """Instance plus software, or None if either is not known."""
        if self.instance_usd is None or self.software_usd is None:
            return None
        return round(self.instance_usd + self.software_usd, 3)

    def __str__(self) -> str:
        total = "not known" if self.usd_per_hour is None else f"${self.usd_per_hour:.2f}"
        return (
            f"{self.instance_type}: {total} an hour\n"
            f"  instance  {_dollars(self.instance_usd)}  ({self.instance_source})\n"
            f"  software  {_dollars(self.software_usd)}  ({self.software_source})"
        )


def price(
    session: Session,
    model: catalog.Model,
    instance_type: str,
    *,
    software_usd_per_hour: float | None = None,
) -> Price:
    """The price of one endpoint an hour: the instance from AWS's price list, the software from the offer.

    `software_usd_per_hour` is what you have read on the listing yourself, where the offer can't be read.
    """
    instance_usd, instance_source = _instance_price(session, instance_type)
    if software_usd_per_hour is None:
        software_usd, software_source = _software_price(session, model, instance_type)
    else:
        software_usd, software_source = software_usd_per_hour, "as you say"
    return Price(instance_type, instance_usd, instance_source, software_usd, software_source)


def agree(session: Session, price: Price, max_usd_per_hour: float | None, tell: object = print) -> None:
    """Show the price, and raise CostNotAccepted unless it is within what the caller agreed to.

    In the sandbox nothing is spent, so nothing needs agreeing to.
    """
    if callable(tell):
        tell(str(price))
    if not session.spends_money:
        return
    if max_usd_per_hour is None:
        raise CostNotAccepted(
            "Nothing was created: on AWS this costs money from its creation to its deletion. "
            f"To agree, set max_usd_per_hour to the most you would pay an hour.\n{price}"
        )
    if price.usd_per_hour is None:
        raise CostNotAccepted(
            "Nothing was created: a part of the price is not known. The software's you can look up on the "
            "listing and pass as software_usd_per_hour; for the instance's you need the permission "
            f"pricing:GetProducts.\n{price}"
        )
    if price.usd_per_hour > max_usd_per_hour:
        raise CostNotAccepted(
            f"Nothing was created: you agreed to ${max_usd_per_hour:.2f} an hour at most.\n{price}"
        )


def spent(price: Price, created: datetime, now: datetime | None = None) -> float | None:
    """USD since the endpoint was created, for one instance; None where the price is not known."""
    if price.usd_per_hour is None:
        return None
    hours = ((now or datetime.now(UTC)) - created).total_seconds() / 3600
    return price.usd_per_hour * hours


def _instance_price(session: Session, instance_type: str) -> tuple[float | None, str]:
    """From AWS's price list; where that gives nothing, the catalogue's estimate, marked as one."""
    wanted = {"component": "Hosting", "instanceName": instance_type, "regionCode": session.region}
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
    try:
        answer = session.client("pricing").get_products(ServiceCode="AmazonSageMaker", Filters=filters)
    except (ClientError, BotoCoreError) as error:
        return _estimate(session, instance_type, f"AWS's price list did not answer: {error}")
    prices = [usd for product in answer["PriceList"] for usd in _hourly(json.loads(product))]
    if not prices:
        return _estimate(session, instance_type, f"AWS's price list has none for {session.region}")
    if not session.spends_money:
        return max(prices), _estimate(session, instance_type, "nothing is paid in the sandbox")[1]
    return max(prices), f"AWS's price list, {session.region}"


def _hourly(product: dict[str, Any]) -> list[float]:
    return [
        float(dimension["pricePerUnit"]["USD"])
        for term in product.get("terms", {}).get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
        if "USD" in dimension["pricePerUnit"]
    ]


def _estimate(session: Session, instance_type: str, why: str) -> tuple[float | None, str]:
    if session.spends_money and session.region != "us-east-1":
        return None, f"{why}; estimates are for us-east-1 only"
    known = catalog.instance_type(instance_type)
    return known.usd_per_hour, f"an estimate of {known.as_of} for us-east-1, {known.source}; {why}"


def _software_price(session: Session, model: catalog.Model, instance_type: str) -> tuple[float | None, str]:
    try:
        offer = marketplace.offer(session, model.id)
    except (marketplace.NotOffered, NotPermitted, NotConnected, ClientError) as error:
        return None, f"see {model.listing_url}; the offer could not be read: {error}"
    usd = offer.usd_per_hour.get(instance_type)
    if usd is None:
        return None, f"see {model.listing_url}"
    made_up = "made up for practice, not Cohere's price"
    return usd, f"the listing's offer {offer.offer_id}" if session.spends_money else made_up


def _dollars(usd: float | None) -> str:
    return "not known" if usd is None else f"${usd:.2f}"
