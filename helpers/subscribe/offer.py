"""A model's offer on AWS Marketplace: listing, price terms for each instance type, documents.

Read through marketplace-discovery (us-east-1 only); nothing is changed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import UnknownServiceError

from .. import catalog
from ..connect.aws_errors import explained
from ..connect.session import Session
from ..errors import NotConnected, NotOffered

# Badges of offers that are not for everybody, or not yet (botocore 1.44.5, PurchaseOptionBadgeType).
NOT_PUBLIC = {"PRIVATE_PRICING", "REPLACEMENT_OFFER", "FUTURE_DATED"}


@dataclass(frozen=True)
class Offer:
    """A listing and its public offer: prices in USD an hour for each instance type, and the terms to read.

    `takes_subscribers` is False if only accounts that are already subscribed can use the listing.
    """

    title: str
    listing_url: str
    product_id: str
    offer_id: str
    proposal_id: str
    usd_per_hour: dict[str, float]
    documents: tuple[str, ...]
    refund_policy: str
    terms: tuple[tuple[str, str], ...]
    takes_subscribers: bool


def offer(session: Session, model_id: str | catalog.Model) -> Offer:
    """Return the listing's title, price terms and EULA link, as AWS Marketplace has them now.

    Raises NotOffered where the catalogue knows no listing, or the listing has no offer to accept.
    """
    model = catalog.model(model_id)
    discovery = client(session, "marketplace-discovery", model)
    with explained(f"read the listing of {model.name}; its page is {model.listing_url}"):
        listing = discovery.get_listing(listingId=listing_of(model))
        product_id = product_of(listing)
        offer_id = public_offer(listing, _options(discovery, product_id), model, datetime.now(UTC))
        proposal_id = discovery.get_offer(offerId=offer_id)["agreementProposalId"]
        terms = [next(iter(term.values())) for term in _offer_terms(discovery, offer_id)]
    return Offer(
        title=listing["listingName"],
        listing_url=model.listing_url,
        product_id=product_id,
        offer_id=offer_id,
        proposal_id=proposal_id,
        usd_per_hour=_hourly_prices(terms, model, session.region),
        documents=tuple(document["url"] for term in terms for document in term.get("documents", [])),
        refund_policy=next((term["refundPolicy"] for term in terms if "refundPolicy" in term), ""),
        terms=tuple((term["type"], term["id"]) for term in terms),
        takes_subscribers=_takes_subscribers(listing),
    )


def public_offer(
    listing: dict[str, Any], options: list[dict[str, Any]], model: catalog.Model, now: datetime
) -> str:
    """Return the id of the one offer that anybody can accept now, or of several the listing's own.

    A private offer, one that replaces an agreement, and one that begins later are accepted in the console.
    Raises NotOffered where there is no public offer, or no telling which of several.
    """
    offers = [each for each in options if each["purchaseOptionType"] == "OFFER"]
    public = [each["purchaseOptionId"] for each in offers if _is_public(each, now)]
    default = listing["associatedEntities"][0].get("offer", {}).get("offerId")
    if len(public) == 1 or default in public:
        return str(default if default in public else public[0])
    if public:
        what = f"has several public offers ({', '.join(public)})"
    elif offers:
        ids = ", ".join(each["purchaseOptionId"] for each in offers)
        what = f"has no public offer that is open now, only others ({ids})"
    else:
        what = "has no offer for this account"
    raise NotOffered(f"{listing['listingName']} {what}: see its page, {model.listing_url}")


def _is_public(option: dict[str, Any], now: datetime) -> bool:
    badges = {badge["badgeType"] for badge in option.get("badges") or ()}
    end = option.get("expirationTime")
    return not badges & NOT_PUBLIC and (end is None or now < end)


def _options(discovery: Any, product_id: str) -> list[dict[str, Any]]:
    wanted = [{"filterType": "PRODUCT_ID", "filterValues": [product_id]}]
    pages = discovery.get_paginator("list_purchase_options").paginate(filters=wanted)
    return [option for page in pages for option in page["purchaseOptions"]]


def _offer_terms(discovery: Any, offer_id: str) -> list[dict[str, Any]]:
    pages = discovery.get_paginator("get_offer_terms").paginate(offerId=offer_id)
    return [term for page in pages for term in page["offerTerms"]]


def _takes_subscribers(listing: dict[str, Any]) -> bool:
    # boto3 before 1.44.8 lacks the member: then the request for an agreement fails.
    told = [each["indicatorType"] for each in listing.get("purchaseIndicators", [])]
    return "NOT_AVAILABLE_FOR_SUBSCRIPTION" not in told


def _hourly_prices(terms: list[dict[str, Any]], model: catalog.Model, region: str) -> dict[str, float]:
    """Return instance type -> USD an hour in that region, from the rate cards that name the type.

    The keys of a SageMaker model's rate card are not documented (as of 2026-11), so the instance type is
    searched in key and display name; batch transform has a separate price and is left out. Of several rates
    the highest counts, as it is what one agrees to.
    """
    rates = [
        (f"{rate['dimensionKey']} {rate['displayName']}", _rate(rate, region))
        for term in terms
        for card in term.get("rateCards", [])
        for rate in card["rateCard"]
    ]
    return {
        instance_type: max(price for name, price in rates if _is_hourly(name, instance_type))
        for instance_type in model.instance_types
        if any(_is_hourly(name, instance_type) for name, _ in rates)
    }


def _rate(rate: dict[str, Any], region: str) -> float:
    """Return the region's own price, or else the default (botocore 1.44.8: RateCardItem.regionalPrices)."""
    own = (each["price"] for each in rate.get("regionalPrices", []) if each["region"] == region)
    return float(next(own, rate["price"]))


def _is_hourly(name: str, instance_type: str) -> bool:
    return instance_type in name and "batch" not in name.lower()


def listing_of(model: catalog.Model) -> str:
    """Return the id of the model's listing. Raises NotOffered where the catalogue knows none."""
    if model.listing_id is None:
        raise NotOffered(
            f"The catalogue knows no listing of {model.name}: its offer and your subscription are in the "
            f"console, {model.listing_url}"
        )
    return model.listing_id


def product_of(listing: dict[str, Any]) -> str:
    """Return the id of the product that a listing sells."""
    return str(listing["associatedEntities"][0]["product"]["productId"])


def client(session: Session, service: str, model: catalog.Model) -> Any:
    """Return the client of one of the buyer APIs. Raises NotConnected if boto3 is too old to have it."""
    try:
        return session.client(service)
    except UnknownServiceError as error:
        raise NotConnected(
            f"This boto3 is too old to know {service}. Upgrade it (pip install -U 'boto3>=1.43.49'), "
            f"or subscribe in the console: {model.listing_url}"
        ) from error
