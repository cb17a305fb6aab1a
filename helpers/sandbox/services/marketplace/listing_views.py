"""A listing's representations in marketplace-discovery's responses."""

from typing import Any

from .listings import CATALOG, EULA_URL, SELLER, Listing

CATEGORIES = [{"categoryId": "machine-learning", "displayName": "Machine Learning"}]
PRICING_MODEL = {"pricingModelType": "USAGE", "displayName": "Usage-based"}
FULFILLMENT = {"fulfillmentOptionType": "SAGEMAKER_MODEL"}
FULFILLMENT_NAME = "Amazon SageMaker Model"


def text(listing: Listing) -> str:
    """Return the text that SearchListings searches."""
    return " ".join([listing.name, SELLER["displayName"], _short(listing), *(m.name for m in listing.models)])


def summary(listing: Listing) -> dict[str, Any]:
    """Return an entry of SearchListings."""
    return {
        **_common(listing),
        "associatedEntities": [{"product": product(listing)}],
        "reviewSummary": {"reviewSourceSummaries": []},
    }


def details(listing: Listing) -> dict[str, Any]:
    """Return GetListing's response."""
    return {
        **_common(listing),
        "associatedEntities": [{"product": product(listing), "offer": _offer(listing)}],
        "longDescription": f"{_short(listing)} The real page: {listing.models[0].listing_url}",
        "highlights": [f"{model.name}: {', '.join(model.instance_types)}" for model in listing.models],
        "promotionalMedia": [],
        # Empty: accepts subscribers. Whether Cohere's older listings still do (not established).
        "purchaseIndicators": [],
        "resources": [
            {
                "resourceType": "MANUFACTURER_INSTRUCTIONS",
                "contentType": "LINK",
                "value": "https://docs.cohere.com",
            }
        ],
        "sellerEngagements": [],
        "useCases": [],
    }


def product(listing: Listing) -> dict[str, Any]:
    """Return the listing's product."""
    return {"productId": listing.product_id, "productName": listing.name, "manufacturer": SELLER}


def fulfillment(listing: Listing) -> dict[str, Any]:
    """Return the fulfillment option, a model package; AWS's buyer APIs do not return the package's ARN."""
    kind = listing.instance_type
    return {
        **FULFILLMENT,
        "fulfillmentOptionId": listing.product_id.replace("prod-", "fo-"),
        "fulfillmentOptionDisplayName": FULFILLMENT_NAME,
        "fulfillmentOptionVersion": listing.models[-1].name,
        "usageInstructions": "Create a model from the model package's ARN, with network isolation.",
        "recommendation": {
            # required by the model, although Cohere's packages are for real-time endpoints
            "recommendedBatchTransformInstanceType": kind,
            "recommendedRealtimeInferenceInstanceType": kind,
        },
        "supportedContentTypes": ["application/json"],
        "supportedResponseMimeTypes": ["application/json"],
    }


def purchase_option(listing: Listing) -> dict[str, Any]:
    """Return an entry of ListPurchaseOptions: the public offer."""
    return {
        "purchaseOptionId": listing.offer_id,
        "catalog": CATALOG,
        "purchaseOptionType": "OFFER",
        "purchaseOptionName": _offer_name(listing),
        "sellerOfRecord": SELLER,
        "badges": [],
        "associatedEntities": [{"product": product(listing), "offer": _offer(listing)}],
    }


def offer(listing: Listing) -> dict[str, Any]:
    """Return GetOffer's response."""
    return {
        "offerId": listing.offer_id,
        "catalog": CATALOG,
        "offerName": _offer_name(listing),
        "sellerOfRecord": SELLER,
        "associatedEntities": [{"product": product(listing)}],
        "agreementProposalId": listing.proposal_id,
        "pricingModel": PRICING_MODEL,
        "badges": [],
    }


def _common(listing: Listing) -> dict[str, Any]:
    return {
        "listingId": listing.id,
        "listingName": listing.name,
        "publisher": SELLER,
        "catalog": CATALOG,
        "shortDescription": _short(listing),
        "logoThumbnailUrl": "https://cohere.com/favicon.ico",
        "categories": CATEGORIES,
        "badges": [],
        "pricingModels": [PRICING_MODEL],
        "pricingUnits": [{"pricingUnitType": "HOSTS", "displayName": "Hosts"}],
        "fulfillmentOptionSummaries": [{**FULFILLMENT, "displayName": FULFILLMENT_NAME}],
    }


def _offer(listing: Listing) -> dict[str, Any]:
    return {"offerId": listing.offer_id, "offerName": _offer_name(listing), "sellerOfRecord": SELLER}


def _offer_name(listing: Listing) -> str:
    return f"{listing.name}, public offer (practice)"


def _short(listing: Listing) -> str:
    return (
        f"{listing.name} by Cohere for Amazon SageMaker: a practice listing of the sandbox, "
        f"with made-up prices. Terms: {EULA_URL}"
    )
