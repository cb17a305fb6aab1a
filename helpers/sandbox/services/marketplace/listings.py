"""The catalogue's listings as AWS Marketplace products, with an offer, terms and practice prices.

Identifiers are derived from the listing's id, so they are the same on every machine; Cohere's real ones are
not public. The prices are made up, and say so wherever they are shown.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Any

from helpers import catalog

CATALOG = "AWSMarketplace"
SELLER = {"sellerProfileId": "87af0c85-6cf9-4ed8-bee0-b40ce65167e0", "displayName": "Cohere"}
# the seller's account (not established)
SELLER_ACCOUNT = "000000000000"
EULA_URL = "https://cohere.com/terms-of-use"
CURRENCY = "USD"
DAYS = 365  # length of an agreement (not established)


def identifier(prefix: str, *parts: str) -> str:
    """Return an id in AWS's format: the prefix and 13 hexadecimal digits derived from the parts."""
    return f"{prefix}-{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:13]}"


@dataclass(frozen=True)
class Listing:
    """One page of AWS Marketplace; several models can share it."""

    id: str
    models: tuple[catalog.Model, ...]

    @property
    def name(self) -> str:
        """The model's name, or the words with which the names of all its models begin."""
        if len(self.models) == 1:
            return self.models[0].name
        words = zip(*(model.name.split() for model in self.models), strict=False)
        return " ".join(same[0] for same in takewhile(lambda same: len(set(same)) == 1, words))

    @property
    def product_id(self) -> str:
        """The id of the product, which agreements and entitlements refer to."""
        return identifier("prod", self.id)

    @property
    def offer_id(self) -> str:
        """The id of the one public offer."""
        return identifier("offer", self.id)

    @property
    def proposal_id(self) -> str:
        """The id of the agreement proposal that a buyer accepts."""
        return identifier("at", self.id)

    @property
    def prices(self) -> dict[str, float]:
        """Instance type -> practice price of the software, in USD an hour."""
        return {
            k: price for model in self.models for k, price in model.practice_software_usd_per_hour.items()
        }

    @property
    def instance_type(self) -> str:
        """The instance type that the listing recommends."""
        return self.models[0].instance_types[0]

    def terms(self) -> dict[str, dict[str, Any]]:
        """Return the offer's terms as in GetOfferTerms, by the member name of the term's type."""
        return {
            "usageBasedPricingTerm": {
                **self._term("UsageBasedPricingTerm"),
                "currencyCode": CURRENCY,
                "rateCards": [{"rateCard": [_rate(k, price) for k, price in self.prices.items()]}],
            },
            "legalTerm": {
                **self._term("LegalTerm"),
                "documents": [{"type": "CustomEula", "url": EULA_URL}],
            },
            "supportTerm": {
                **self._term("SupportTerm"),
                "refundPolicy": "Practice listing: nothing is charged, so nothing is refunded.",
            },
            "validityTerm": {**self._term("ValidityTerm"), "agreementDuration": f"P{DAYS}D"},
        }

    def _term(self, kind: str) -> dict[str, str]:
        return {"id": identifier("term", self.id, kind), "type": kind}


def _rate(instance_type: str, price: float) -> dict[str, Any]:
    # dimension keys of real SageMaker listings (not established)
    return {
        "dimensionKey": f"{instance_type}-Inference",
        "displayName": f"{instance_type}, real-time inference (practice price, not Cohere's)",
        "description": "A made-up figure of the sandbox: software, for each instance and hour",
        "unit": "HostHrs",
        "price": f"{price:.2f}",
        "regionalPrices": [],  # none, as the practice price is the same everywhere
    }


@cache
def listings() -> dict[str, Listing]:
    """Return listing id -> listing, in the catalogue's order."""
    models: dict[str, list[catalog.Model]] = {}
    for model in catalog.models():
        if model.listing_id is not None:
            models.setdefault(model.listing_id, []).append(model)
    return {listing_id: Listing(listing_id, tuple(group)) for listing_id, group in models.items()}


def listing(listing_id: str) -> Listing:
    """Return the listing of that id. Raises KeyError if the catalogue has none."""
    return listings()[listing_id]
