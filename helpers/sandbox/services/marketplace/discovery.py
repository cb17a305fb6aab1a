"""The service `marketplace-discovery`: searching listings, and reading offers and their terms."""

from collections.abc import Callable
from typing import Any

from helpers.sandbox.aws.paging import page
from helpers.sandbox.aws.service import AwsError, Context, Service

from . import listing_views
from .listings import CATALOG, SELLER, Listing, listings


class Discovery(Service):
    """The service, which only reads."""

    service_name = "marketplace-discovery"
    regions = frozenset({"us-east-1"})

    def search_listings(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the listings that contain every word of the text and pass every filter."""
        words = params.get("searchText", "").lower().split()
        filters = params.get("filters", [])
        found = [
            each
            for each in listings().values()
            if all(word in listing_views.text(each).lower() for word in words) and _passes(each, filters)
        ]
        answer = _page("listingSummaries", found, listing_views.summary, params)
        return {**answer, "totalResults": len(found)}

    def get_listing(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return one listing."""
        return listing_views.details(_find(lambda each: each.id, params["listingId"], "Listing"))

    def list_fulfillment_options(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the product's one fulfillment option: a SageMaker model package."""
        found = _find(lambda each: each.product_id, params["productId"], "Product")
        return {"fulfillmentOptions": [{"sageMakerModelFulfillmentOption": listing_views.fulfillment(found)}]}

    def list_purchase_options(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the public offers that pass the filters; one must be PRODUCT_ID or VISIBILITY_SCOPE."""
        filters = params.get("filters", [])
        if not {"PRODUCT_ID", "VISIBILITY_SCOPE"} & {each["filterType"] for each in filters}:
            # wording (not established)
            raise _bad_request("A filter of type PRODUCT_ID or VISIBILITY_SCOPE is required.")
        found = [each for each in listings().values() if _passes(each, filters)]
        return _page("purchaseOptions", found, listing_views.purchase_option, params)

    def get_offer(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the offer, with the id of the agreement proposal to accept."""
        return listing_views.offer(_find(lambda each: each.offer_id, params["offerId"], "Offer"))

    def get_offer_terms(self, params: dict[str, Any], context: Context) -> dict[str, Any]:
        """Return the offer's terms: practice prices, EULA, support, validity."""
        terms = _find(lambda each: each.offer_id, params["offerId"], "Offer").terms()
        return _page("offerTerms", terms.items(), lambda term: dict([term]), params, lambda term: term[0])


def _facets(each: Listing) -> dict[str, set[str]]:
    """Return the listing's value for each supported filter type."""
    return {
        "FULFILLMENT_OPTION_TYPE": {"SAGEMAKER_MODEL"},
        "PUBLISHER": {SELLER["sellerProfileId"]},
        "PRICING_MODEL": {"USAGE"},
        "PRICING_UNIT": {"HOSTS"},
        "CATEGORY": {category["categoryId"] for category in listing_views.CATEGORIES},
        "NUMBER_OF_PRODUCTS": {"1"},
        "PRODUCT_ID": {each.product_id},
        "SELLER_OF_RECORD_PROFILE_ID": {SELLER["sellerProfileId"]},
        "PURCHASE_OPTION_TYPE": {"OFFER"},
        "VISIBILITY_SCOPE": {"PUBLIC"},
        "AVAILABILITY_STATUS": {"AVAILABLE"},
    }


def _passes(each: Listing, filters: list[dict[str, Any]]) -> bool:
    facets = _facets(each)
    return all(facets.get(f["filterType"], set()) & set(f["filterValues"]) for f in filters)


def _find(key: Callable[[Listing], str], value: str, kind: str) -> Listing:
    for each in listings().values():
        if key(each) == value:
            return each
    # wording (not established)
    raise AwsError("ResourceNotFoundException", f"{kind} {value} was not found in {CATALOG}.", 404)


def _page(
    member: str,
    items: Any,
    view: Callable[[Any], dict[str, Any]],
    params: dict[str, Any],
    key: Callable[[Any], str] = lambda each: each.id,
) -> dict[str, Any]:
    """Return one page of items, in the order given."""
    order = {key(item): f"{place:06}" for place, item in enumerate(items)}
    chosen, token = page(
        items,
        lambda item: (order[key(item)],),
        size=params.get("maxResults", 25),
        token=params.get("nextToken"),
        bad_token=_bad_request("The pagination token is not valid.", "INVALID_PAGINATION_TOKEN"),
    )
    return {member: [view(item) for item in chosen], **({"nextToken": token} if token else {})}


def _bad_request(message: str, reason: str = "MALFORMED_REQUEST_PARAMETERS") -> AwsError:
    return AwsError("ValidationException", message, extra={"reason": reason})
