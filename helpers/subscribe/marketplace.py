"""Subscriptions on AWS Marketplace: look for one, subscribe, cancel.

Subscribing is free; an endpoint costs by the hour. The buyer APIs (marketplace-discovery and
marketplace-agreement, in us-east-1 only) do not return the model package's ARN: it is in the catalogue, and
in the console on the listing's Configure page.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from .. import catalog
from ..connect import consent
from ..connect.aws_errors import explained
from ..connect.session import Session
from ..errors import BadInput, NotConnected, NotOffered, NotPermitted, NotSubscribed, SandboxStopped
from .offer import Offer, client, listing_of, offer, product_of

__all__ = [
    "NotOffered",
    "Offer",
    "Subscription",
    "cancel",
    "check_subscribed",
    "offer",
    "subscribe",
    "subscription",
]

# Terms that a buyer accepts as they are; a free trial or a contract would be a choice.
STANDING_TERMS = ("LegalTerm", "SupportTerm", "ValidityTerm", "UsageBasedPricingTerm", "RenewalTerm")


@dataclass(frozen=True)
class Subscription:
    """An agreement between this account and the seller; `ready` says that SageMaker accepts it."""

    agreement_id: str
    product_id: str
    status: str
    accepted: datetime
    ready: bool


def subscription(session: Session, model_id: str | catalog.Model) -> Subscription | None:
    """Return this account's active subscription to the model's listing, or None.

    Raises NotOffered where the catalogue knows no listing: agreements can't be searched without a product.
    """
    model = catalog.model(model_id)
    discovery = client(session, "marketplace-discovery", model)
    agreements = client(session, "marketplace-agreement", model)
    with explained(f"read the listing of {model.name}; its page is {model.listing_url}"):
        product_id = product_of(discovery.get_listing(listingId=listing_of(model)))
    wanted = {
        "PartyType": "Acceptor",
        "AgreementType": "PurchaseAgreement",
        "ResourceIdentifier": product_id,
        "Status": "ACTIVE",
    }
    with explained(f"look for your subscription to {model.name}"):
        found = agreements.search_agreements(
            catalog="AWSMarketplace",
            filters=[{"name": name, "values": [value]} for name, value in wanted.items()],
        )["agreementViewSummaries"]
        return _subscription(agreements, product_id, found[0]) if found else None


def check_subscribed(
    session: Session, model_id: str | catalog.Model, tell: Callable[[str], object] = print
) -> None:
    """Raise NotSubscribed if this account has no subscription to the model.

    Where that can't be told, it passes, as CreateModel checks it too; `tell` hears of a listing not known.
    """
    model = catalog.model(model_id)
    if model.listing_id is None:
        tell(
            f"{model.name}: can't tell whether this account is subscribed, as the catalogue knows no listing "
            f"of it. If it is not, creating the model is refused: {model.listing_url}"
        )
        return
    try:
        existing = subscription(session, model)
    except SandboxStopped:
        raise
    except (NotPermitted, NotConnected, ClientError):
        return
    if existing is None:
        raise NotSubscribed(
            f"This account has not subscribed to {model.name}: run 01_subscribe first, "
            f"with the same model_id."
        )


def subscribe(
    session: Session,
    model_id: str | catalog.Model,
    *,
    accept_terms: bool = False,
    wait_seconds: float = 600,
    tell: Callable[[str], object] = print,
    sleep: Callable[[float], object] = time.sleep,
) -> Subscription:
    """Accept the offer for this account and wait until SageMaker knows; do nothing if subscribed.

    `accept_terms=True` says that you have read and accept the terms and the EULA; on AWS it is required. It
    must be exactly True or False (BadInput before any request). The subscription is free; AWS charges for
    endpoints only. Waits at most `wait_seconds`. Raises NotOffered if there is no offer. Of a model that is
    deprecated or has ended, it tells so first.
    """
    consent.yes_or_no("accept_terms", accept_terms)
    existing = subscription(session, model_id)
    if existing is None:
        existing = _accept(session, model_id, accept_terms, tell)
    waited = 0.0
    while not existing.ready and waited < wait_seconds:
        if waited % 60 == 0:
            tell(f"Agreement {existing.agreement_id} is accepted; waiting for it to reach SageMaker.")
        sleep(1.0)
        waited += 1.0
        existing = subscription(session, model_id) or existing
    return existing


def cancel(session: Session, model_id: str | catalog.Model, *, confirm: bool) -> str | None:
    """Cancel the subscription and return its agreement's id; return None if there is none.

    `confirm` must be exactly True or False (else BadInput); with False nothing is asked or done. Delete the
    endpoints first: what happens to a running one is not documented (as of 2026-11).
    """
    if not consent.yes_or_no("confirm", confirm):
        return None
    model = catalog.model(model_id)
    existing = subscription(session, model_id)
    if existing is None:
        return None
    with explained(f"cancel your subscription to {model.name}; the console can: {model.listing_url}"):
        client(session, "marketplace-agreement", model).cancel_agreement(agreementId=existing.agreement_id)
    return existing.agreement_id


def _accept(
    session: Session, model_id: str | catalog.Model, accept_terms: bool, tell: Callable[[str], object]
) -> Subscription:
    model = catalog.model(model_id)
    if model.warning and session.spends_money:  # in the sandbox all can be subscribed to
        tell(model.warning)
    terms = offer(session, model_id)
    if not terms.takes_subscribers:
        raise NotOffered(
            f"{terms.title} takes no new subscribers: choose another model ({terms.listing_url})."
        )
    if session.spends_money and accept_terms is not True:
        raise BadInput(
            f"Not subscribed: read the terms ({', '.join(terms.documents)}), then pass accept_terms=True; "
            f"or subscribe by hand at {model.listing_url}."
        )
    agreements = client(session, "marketplace-agreement", model)
    with explained(f"subscribe to {model.name}; by hand it is at {model.listing_url}"):
        # The request is a quote, which binds nobody until it is accepted.
        quote = agreements.create_agreement_request(
            intent="NEW",
            agreementProposalIdentifier=terms.proposal_id,
            requestedTerms=[_requested(kind, id) for kind, id in terms.terms if kind in STANDING_TERMS],
        )
        made = agreements.accept_agreement_request(agreementRequestId=quote["agreementRequestId"])
    # The search may not find it yet, but the agreement must not be lost.
    accepted = subscription(session, model_id) or Subscription(
        made["agreementId"], terms.product_id, "ACTIVE", datetime.now(UTC), ready=False
    )
    tell(f"Subscribed to {terms.title}: agreement {accepted.agreement_id}")
    return accepted


def _requested(kind: str, term_id: str) -> dict[str, Any]:
    if kind == "RenewalTerm":
        return {"id": term_id, "configuration": {"renewalTermConfiguration": {"enableAutoRenew": False}}}
    return {"id": term_id}


def _subscription(agreements: Any, product_id: str, summary: dict[str, Any]) -> Subscription:
    agreement_id = summary["agreementId"]
    entitlements = agreements.get_agreement_entitlements(agreementId=agreement_id)["agreementEntitlements"]
    ready = bool(entitlements) and all(each["status"] == "PROVISIONED" for each in entitlements)
    return Subscription(agreement_id, product_id, summary["status"], summary["acceptanceTime"], ready)
