"""The service `marketplace-agreement`: quotes, agreements and entitlements, all in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpers.sandbox.aws.paging import page
from helpers.sandbox.aws.service import Context, Service
from helpers.sandbox.settings import Settings

from ..clock import utc_now
from . import agreement_views as views
from .agreement_views import Agreement
from .errors import conflict, invalid, unknown
from .listings import CATALOG, CURRENCY, Listing, identifier, listings
from .search import matching, sort_key


@dataclass
class Quote:
    """An agreement request, which binds nobody until it is accepted."""

    id: str
    listing: Listing
    account: str
    created: datetime
    accepted: bool = False


class Agreements(Service):
    """The service; an account starts without agreements and subscribes by accepting a quote."""

    service_name = "marketplace-agreement"
    regions = frozenset({"us-east-1"})

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__()
        self._settings = settings
        self._clock = clock
        self._agreements: dict[str, Agreement] = {}
        self._quotes: dict[str, Quote] = {}
        self._tokens: dict[tuple[str, str], Quote] = {}

    def is_subscribed(self, listing_id: str | None, account: str) -> bool:
        """Tell whether the account's agreement for the listing is active and provisioned."""
        now = self._clock()
        return any(a.listing.id == listing_id and a.is_usable(now) for a in self._of(account))

    def search_agreements(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the account's agreements that pass the filters, by default the latest to end first."""
        if params.get("catalog", CATALOG) != CATALOG:
            raise invalid("INVALID_CATALOG", f"The only catalog is {CATALOG}.", "catalog")
        sort = params.get("sort", {})
        if sort.get("sortBy", "EndTime") != "EndTime":
            raise invalid("INVALID_SORT_BY", "An acceptor can sort by EndTime only.", "sort")
        now = self._clock()
        chosen, token = page(
            matching(self._of(context.account), params.get("filters", []), now),
            sort_key,
            size=params.get("maxResults", 50),
            token=params.get("nextToken"),
            bad_token=invalid("INVALID_NEXT_TOKEN", "The token is not valid.", "nextToken"),
            descending=sort.get("sortOrder", "DESCENDING") == "DESCENDING",
        )
        found = [views.summary(each, now) for each in chosen]
        return {"agreementViewSummaries": found, **({"nextToken": token} if token else {})}

    def create_agreement_request(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return a quote for an offer's terms; the same clientToken returns the same quote."""
        token = (context.account, params.get("clientToken", ""))
        quote = self._tokens.get(token) or self._quote(params, context)
        if params.get("clientToken"):
            self._tokens[token] = quote
        nothing = {"currencyCode": CURRENCY, "newAgreementValue": "0.00", "expectedCharges": []}
        return {
            "agreementRequestId": quote.id,
            "agreementType": views.TYPE,
            "chargeSummary": nothing,  # usage is charged later, by the hour
            "status": "ACCEPTED" if quote.accepted else "DRAFT",
            "approvalRequirement": "NOT_REQUIRED",
            "createdAt": quote.created,
        }

    def accept_agreement_request(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Subscribe; the entitlement is provisioned `subscription_seconds` later."""
        quote = self._quotes.get(params["agreementRequestId"])
        if quote is None or quote.account != context.account:
            raise unknown("AgreementRequest", params["agreementRequestId"])
        if quote.accepted:
            raise conflict("AgreementRequest", quote.id, "The agreement request was accepted already.")
        self._check_free(quote.listing, context)
        now = self._clock()
        ready = now + timedelta(seconds=self._settings.subscription_seconds)
        made = Agreement(self._new_id("agmt"), quote.listing, context.account, now, ready)
        self._agreements[made.id] = made
        quote.accepted = True
        return {"agreementId": made.id}

    def describe_agreement(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return one agreement."""
        return views.details(self._agreement(params["agreementId"], context), self._clock())

    def get_agreement_terms(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the accepted terms, always in one page."""
        return {"acceptedTerms": views.accepted_terms(self._agreement(params["agreementId"], context))}

    def get_agreement_entitlements(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the entitlement, which is provisioned once CreateModel accepts the packages."""
        found = self._agreement(params["agreementId"], context)
        return {"agreementEntitlements": [views.entitlement(found, self._clock())]}

    def cancel_agreement(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Unsubscribe at once; endpoints keep running, CreateModel refuses from now on."""
        found, now = self._agreement(params["agreementId"], context), self._clock()
        if found.status(now) != "ACTIVE":
            raise invalid("INACTIVE_AGREEMENT", f"The agreement is {found.status(now)}.", "agreementId")
        found.cancelled = now
        return {}

    def _of(self, account: str) -> list[Agreement]:
        return [each for each in self._agreements.values() if each.account == account]

    def _agreement(self, agreement_id: str, context: Context) -> Agreement:
        found = self._agreements.get(agreement_id)
        if found is None or found.account != context.account:
            raise unknown("Agreement", agreement_id)
        return found

    def _quote(self, params: dict[str, Any], context: Context) -> Quote:
        if params["intent"] != "NEW":
            raise invalid("UNSUPPORTED_ACTION", "The sandbox practises the intent NEW only.", "intent")
        proposal = params.get("agreementProposalIdentifier")
        if proposal is None:
            reason = "MISSING_AGREEMENT_PROPOSAL_IDENTIFIER"
            raise invalid(reason, "The intent NEW needs a proposal.", "agreementProposalIdentifier")
        found = next((each for each in listings().values() if each.proposal_id == proposal), None)
        if found is None:
            raise unknown("AgreementProposal", proposal)
        _check_terms(found, {term["id"] for term in params["requestedTerms"]})
        self._check_free(found, context)
        quote = Quote(self._new_id("ar"), found, context.account, self._clock())
        self._quotes[quote.id] = quote
        return quote

    def _check_free(self, listing: Listing, context: Context) -> None:
        now = self._clock()
        for each in self._of(context.account):
            if each.listing.id == listing.id and each.status(now) == "ACTIVE":
                message = "An active agreement already exists on the same resource."
                raise conflict("Agreement", each.id, message)

    def _new_id(self, prefix: str) -> str:
        return identifier(prefix, str(len(self._agreements) + len(self._quotes)))


def _check_terms(listing: Listing, requested: set[str]) -> None:
    offered = {term["id"] for term in listing.terms().values()}
    if extra := requested - offered:
        raise invalid("INVALID_REQUESTED_TERM_ID", f"Not a term of the offer: {extra}.", "requestedTerms")
    if offered - requested:
        message = "Every term of the offer has to be requested."
        raise invalid("MISSING_MANDATORY_TERMS", message, "requestedTerms")
