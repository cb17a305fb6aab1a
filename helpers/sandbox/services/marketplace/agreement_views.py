"""An agreement, and its representations in marketplace-agreement's responses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .listings import CURRENCY, DAYS, SELLER_ACCOUNT, Listing

TYPE = "PurchaseAgreement"
RESOURCE_TYPE = "MachineLearningProduct"


@dataclass
class Agreement:
    """An account's subscription to a listing."""

    id: str
    listing: Listing
    account: str
    accepted: datetime
    provisioned: datetime
    cancelled: datetime | None = None

    @property
    def ends(self) -> datetime:
        """The time when it expires."""
        return self.accepted + timedelta(days=DAYS)

    def status(self, now: datetime) -> str:
        """Return ACTIVE, CANCELLED or EXPIRED."""
        if self.cancelled is not None:
            return "CANCELLED"
        return "ACTIVE" if now < self.ends else "EXPIRED"

    def is_usable(self, now: datetime) -> bool:
        """Tell whether CreateModel accepts the listing's packages."""
        return self.status(now) == "ACTIVE" and now >= self.provisioned


def _common(agreement: Agreement, now: datetime) -> dict[str, Any]:
    resource = {"id": agreement.listing.product_id, "type": RESOURCE_TYPE}
    return {
        "agreementId": agreement.id,
        "agreementType": TYPE,
        "acceptanceTime": agreement.accepted,
        "startTime": agreement.accepted,
        "endTime": agreement.cancelled or agreement.ends,
        "acceptor": {"accountId": agreement.account},
        "proposer": {"accountId": SELLER_ACCOUNT},
        "proposalSummary": {"resources": [resource], "offerId": agreement.listing.offer_id},
        "status": agreement.status(now),
        "initialAgreementId": agreement.id,
    }


def summary(agreement: Agreement, now: datetime) -> dict[str, Any]:
    """Return an entry of SearchAgreements."""
    return {
        **_common(agreement, now),
        "lastUpdateTime": agreement.cancelled or agreement.accepted,
        "endTimeBehaviorType": "EXPIRE",
        "endTimeBehaviorReasonCode": "NO_RENEWAL_TERM",
    }


def details(agreement: Agreement, now: datetime) -> dict[str, Any]:
    """Return DescribeAgreement's response."""
    return {
        **_common(agreement, now),
        "estimatedCharges": {"currencyCode": CURRENCY, "agreementValue": "0.00"},
        "endTimeBehavior": {"type": "EXPIRE", "reasonCode": "NO_RENEWAL_TERM"},
    }


def accepted_terms(agreement: Agreement) -> list[dict[str, Any]]:
    """Return GetAgreementTerms' list: the offer's terms, with only key and price of each rate."""
    terms = agreement.listing.terms()
    usage = terms["usageBasedPricingTerm"]
    cards = [
        {"rateCard": [{key: rate[key] for key in ("dimensionKey", "price")} for rate in card["rateCard"]]}
        for card in usage["rateCards"]
    ]
    terms["usageBasedPricingTerm"] = {**usage, "rateCards": cards}
    terms["validityTerm"] = {**terms["validityTerm"], "agreementStartDate": agreement.accepted}
    return [{name: term} for name, term in terms.items()]


def entitlement(agreement: Agreement, now: datetime) -> dict[str, Any]:
    """Return the one entitlement: pending at first, then provisioned until the agreement ends."""
    status, reason = "PENDING", "PROVISIONING_IN_PROGRESS"
    if agreement.status(now) != "ACTIVE":
        status, reason = "DEPROVISIONED", "AGREEMENT_INACTIVE"
    elif agreement.is_usable(now):
        status, reason = "PROVISIONED", "AGREEMENT_ACTIVE"
    resource = {"id": agreement.listing.product_id, "type": RESOURCE_TYPE}
    return {"resource": resource, "status": status, "statusReasonCode": reason}
