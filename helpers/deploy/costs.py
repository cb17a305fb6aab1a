"""The cost of an endpoint: its price an hour, before it is created, and what it has cost since.

An hour of an endpoint is the instance (AWS) plus the software (Cohere, through Marketplace), from creation
to deletion, whether or not anyone calls it. An endpoint of several instances costs that many times as much.
"""

import json
import math
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .. import catalog
from ..connect import consent
from ..connect.session import Session
from ..errors import CostNotAccepted, NotConnected, NotPermitted, UnknownInstanceType
from ..subscribe import marketplace
from .capacity import Capacity, one


@dataclass(frozen=True)
class Price:
    """USD an hour for one instance, each part with its source, and how many instances there may be.

    A part is None where no source gave the figure, `instances` where it can't be told.
    """

    instance_type: str
    instance_usd: float | None
    instance_source: str
    software_usd: float | None
    software_source: str
    instances: int | None = 1

    @property
    def usd_per_hour(self) -> float | None:
        """Instance plus software, for all instances; None unless each is known, finite and 0 or more."""
        if not (consent.is_amount(self.instance_usd) and consent.is_amount(self.software_usd)):
            return None
        if type(self.instances) is not int or self.instances < 1:
            return None
        total = round((self.instance_usd + self.software_usd) * self.instances, 9)  # type: ignore[operator]
        return total if consent.is_amount(total) else None

    @property
    def in_short(self) -> str:
        """The price in one line, without its parts and their sources."""
        count = "not known how many x " if self.instances is None else f"{self.instances} x "
        return f"{count if self._each else ''}{self.instance_type}: {_dollars(self.usd_per_hour)} an hour"

    def __str__(self) -> str:
        parts = [
            f"  instance{self._each}  {_dollars(self.instance_usd)}  ({self.instance_source})",
            f"  software{self._each}  {_dollars(self.software_usd)}  ({self.software_source})",
        ]
        return "\n".join([self.in_short, *map(_wrapped, parts)])

    @property
    def _each(self) -> str:
        return "" if self.instances == 1 else ", each"


def price(
    session: Session,
    model: catalog.Model,
    instance_type: str,
    *,
    software_usd_per_hour: float | None = None,
) -> Price:
    """Return one instance's price an hour: the instance from AWS's price list, the software from the offer.

    `software_usd_per_hour` is what you have read on the listing yourself, where the offer can't be read: a
    finite number of 0 or more (BadInput).
    """
    return price_at(session, model, one(instance_type), software_usd_per_hour=software_usd_per_hour)


def price_at(
    session: Session, model: catalog.Model, most: Capacity, *, software_usd_per_hour: float | None = None
) -> Price:
    """Return the most that an endpoint costs an hour: all its instances, each as if of the dearest type.

    `describe(...)` of an endpoint has its capacity (`most`). Raises BadInput as `price` does.
    """
    own = consent.amount_or_none("software_usd_per_hour", software_usd_per_hour)
    prices = [_price(session, model, kind, own, most.instances) for kind in most.types or ("not known",)]
    unknown = [each for each in prices if each.usd_per_hour is None]
    return unknown[0] if unknown else max(prices, key=lambda each: each.usd_per_hour or 0.0)


def agree(session: Session, price: Price, max_usd_per_hour: float | None, tell: object = print) -> None:
    """Show the price, and return only if it is known, finite and at most what the caller agreed to.

    Raises CostNotAccepted otherwise; BadInput for a `max_usd_per_hour` that is no finite number of 0 or more.
    In the sandbox nothing is spent, so nothing needs agreeing to, and the price is shown in short.
    """
    most = consent.amount_or_none("max_usd_per_hour", max_usd_per_hour)
    if callable(tell):
        tell(str(price) if session.spends_money else f"{price.in_short}; nothing is paid in the sandbox")
    if not session.spends_money:
        return
    known = price.usd_per_hour
    if most is not None and known is not None and known <= most:
        return
    raise CostNotAccepted(f"Nothing was created: {_why_not(most, known)}\n{price}")


def _why_not(most: float | None, known: float | None) -> str:
    if most is None:
        return (
            "on AWS this costs money from its creation to its deletion. "
            "To agree, set max_usd_per_hour to the most you would pay an hour."
        )
    if known is None:
        return (
            "a part of the price is not known. The software's you can look up on the listing and pass as "
            "software_usd_per_hour; for the instance's you need the permission pricing:GetProducts."
        )
    return f"you agreed to ${most:.10g} an hour at most, and it costs ${known:.10g}."


def spent(price: Price, created: datetime, now: datetime | None = None) -> float | None:
    """Return the USD spent since `created` (now: UTC) on all instances; None where the price is unknown."""
    if price.usd_per_hour is None:
        return None
    hours = ((now or datetime.now(UTC)) - created).total_seconds() / 3600
    return price.usd_per_hour * max(hours, 0.0)


def _price(
    session: Session, model: catalog.Model, instance_type: str, own: float | None, instances: int | None
) -> Price:
    instance_usd, instance_source = _instance_price(session, instance_type)
    software_usd, software_source = own, "as you say"
    if own is None:
        software_usd, software_source = _software_price(session, model, instance_type)
    return Price(instance_type, instance_usd, instance_source, software_usd, software_source, instances)


def _instance_price(session: Session, instance_type: str) -> tuple[float | None, str]:
    """Return AWS's list price and its source; without one, the catalogue's estimate, marked as such."""
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
        if 0 < float(dimension["pricePerUnit"].get("USD", 0)) < math.inf
    ]


def _estimate(session: Session, instance_type: str, why: str) -> tuple[float | None, str]:
    if session.spends_money and session.region != "us-east-1":
        return None, f"{why}; estimates are for us-east-1 only"
    try:
        known = catalog.instance_type(instance_type)
    except UnknownInstanceType:
        return None, f"{why}; the catalogue has no such type"
    return known.usd_per_hour, f"an estimate of {known.as_of} for us-east-1, {known.source}; {why}"


def _software_price(session: Session, model: catalog.Model, instance_type: str) -> tuple[float | None, str]:
    try:
        offer = marketplace.offer(session, model)
    except (marketplace.NotOffered, NotPermitted, NotConnected, ClientError) as error:
        return None, f"see {model.listing_url}; the offer could not be read: {error}"
    usd = offer.usd_per_hour.get(instance_type)
    if not consent.is_amount(usd):
        return None, f"see {model.listing_url}"
    made_up = "made up for practice, not Cohere's price"
    return usd, f"the listing's offer {offer.offer_id}" if session.spends_money else made_up


def _wrapped(line: str) -> str:
    """Break a printed line at spaces; JupyterLab would break it inside a word."""
    return textwrap.fill(line, 80, subsequent_indent=" " * 4, break_long_words=False, break_on_hyphens=False)


def _dollars(usd: float | None) -> str:
    return f"${usd:.2f}" if consent.is_amount(usd) else "not known"
