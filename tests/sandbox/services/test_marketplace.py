import pytest

from helpers import catalog
from helpers.sandbox.aws.service import Context
from helpers.sandbox.services.marketplace.listings import EULA_URL, listing, listings

from ..practice_world import ACCOUNT, COMMAND_R, MEDIUM, World, error

SOLD = listing(MEDIUM.listing_id)
ALL_TERMS = [{"id": term["id"]} for term in SOLD.terms().values()]


@pytest.fixture
def world():
    return World()


def quote(world, **params):
    return world.agreement(
        "CreateAgreementRequest",
        **{
            "intent": "NEW",
            "agreementProposalIdentifier": SOLD.proposal_id,
            "requestedTerms": ALL_TERMS,
            **params,
        },
    )


def accept(world, request_id):
    return world.agreement("AcceptAgreementRequest", agreementRequestId=request_id)["agreementId"]


def search(world, **filters):
    """`search(world, Status="ACTIVE")`, with the two filters that are always needed."""
    filters = {"PartyType": "Acceptor", "AgreementType": "PurchaseAgreement", **filters}
    found = world.agreement(
        "SearchAgreements",
        catalog="AWSMarketplace",
        filters=[{"name": name, "values": [value]} for name, value in filters.items() if value],
    )
    return found["agreementViewSummaries"]


# Discovery


def test_every_listing_of_the_catalogue_can_be_found_and_read(world):
    found = world.find("SearchListings", searchText="Cohere", maxResults=100)
    assert found["totalResults"] == len({model.listing_id for model in catalog.models()} - {None})
    for each in found["listingSummaries"]:
        details = world.find("GetListing", listingId=each["listingId"])
        entities = details["associatedEntities"][0]
        assert entities["product"] == each["associatedEntities"][0]["product"]
        terms = world.find("GetOfferTerms", offerId=entities["offer"]["offerId"])["offerTerms"]
        assert len(terms) == 4


def test_models_that_share_a_listing_share_its_name(world):
    assert listing(COMMAND_R.listing_id).name == "Cohere Command R"
    assert SOLD.name == "Cohere Medium v1-5"
    assert len({each.product_id for each in listings().values()}) == len(listings())


def test_search_looks_for_every_word(world):
    found = world.find("SearchListings", searchText="cohere MEDIUM")["listingSummaries"]
    assert [each["listingId"] for each in found] == [
        MEDIUM.listing_id,
        catalog.model("command-light").listing_id,  # "Medium's successor"
    ]
    assert world.find("SearchListings", searchText="nothing like it")["totalResults"] == 0


@pytest.mark.parametrize(
    ("kind", "value", "some"),
    [
        ("FULFILLMENT_OPTION_TYPE", "SAGEMAKER_MODEL", True),
        ("FULFILLMENT_OPTION_TYPE", "SAAS", False),
        ("PRICING_MODEL", "USAGE", True),
        ("MIN_AVERAGE_CUSTOMER_RATING", "3", False),
    ],
)
def test_search_filters(world, kind, value, some):
    filters = [{"filterType": kind, "filterValues": [value]}]
    assert bool(world.find("SearchListings", filters=filters)["totalResults"]) is some


def test_search_comes_in_pages(world):
    seen, token = [], {}
    while token is not None:
        page = world.find("SearchListings", maxResults=4, **token)
        seen += [each["listingId"] for each in page["listingSummaries"]]
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else None
    assert seen == list(listings())
    assert "token" in error(world.find, "SearchListings", nextToken="bnVsbA==")


def test_from_the_product_to_the_terms(world):
    product = {"filterType": "PRODUCT_ID", "filterValues": [SOLD.product_id]}
    options = world.find("ListPurchaseOptions", filters=[product])["purchaseOptions"]
    offer = world.find("GetOffer", offerId=options[0]["purchaseOptionId"])
    assert offer["agreementProposalId"] == SOLD.proposal_id
    terms = {
        kind: term
        for each in world.find("GetOfferTerms", offerId=offer["offerId"])["offerTerms"]
        for kind, term in each.items()
    }
    assert terms["legalTerm"]["documents"][0]["url"] == EULA_URL
    rates = terms["usageBasedPricingTerm"]["rateCards"][0]["rateCard"]
    prices = {rate["dimensionKey"].removesuffix("-Inference"): float(rate["price"]) for rate in rates}
    assert prices == MEDIUM.practice_software_usd_per_hour
    assert all("practice price" in rate["displayName"] for rate in rates)


def test_purchase_options_need_a_filter(world):
    assert "PRODUCT_ID or VISIBILITY_SCOPE" in error(world.find, "ListPurchaseOptions")
    public = [{"filterType": "VISIBILITY_SCOPE", "filterValues": ["PUBLIC"]}]
    found = world.find("ListPurchaseOptions", filters=public, maxResults=100)["purchaseOptions"]
    assert len(found) == len(listings())


def test_the_way_of_delivery_recommends_an_instance(world):
    options = world.find("ListFulfillmentOptions", productId=SOLD.product_id)["fulfillmentOptions"]
    model = options[0]["sageMakerModelFulfillmentOption"]
    assert model["recommendation"]["recommendedRealtimeInferenceInstanceType"] == "ml.g5.xlarge"


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("GetListing", {"listingId": "prodview-x"}),
        ("ListFulfillmentOptions", {"productId": "prod-x"}),
        ("GetOffer", {"offerId": "offer-x"}),
        ("GetOfferTerms", {"offerId": "offer-x"}),
    ],
)
def test_what_is_not_sold_is_not_found(world, operation, params):
    assert error(world.find, operation, **params).startswith("ResourceNotFoundException: ")


# Agreements


def test_an_account_starts_without_agreements_and_a_quote_makes_none(world):
    request = quote(world)
    assert request["approvalRequirement"] == "NOT_REQUIRED"
    assert search(world) == []
    assert not world.agreements.is_subscribed(MEDIUM.listing_id, ACCOUNT)


def entitlement(world, agreement_id):
    found = world.agreement("GetAgreementEntitlements", agreementId=agreement_id)
    return found["agreementEntitlements"][0]["status"]


def test_accepting_subscribes_after_a_moment_and_cancelling_ends_it(world):
    agreement_id = accept(world, quote(world)["agreementRequestId"])
    assert entitlement(world, agreement_id) == "PENDING"
    assert not world.agreements.is_subscribed(MEDIUM.listing_id, ACCOUNT)
    world.clock.wait(1)
    assert entitlement(world, agreement_id) == "PROVISIONED"
    assert world.agreements.is_subscribed(MEDIUM.listing_id, ACCOUNT)
    assert not world.agreements.is_subscribed(MEDIUM.listing_id, "210987654321")
    assert not world.agreements.is_subscribed(COMMAND_R.listing_id, ACCOUNT)
    world.agreement("CancelAgreement", agreementId=agreement_id)
    assert not world.agreements.is_subscribed(MEDIUM.listing_id, ACCOUNT)
    assert entitlement(world, agreement_id) == "DEPROVISIONED"
    described = world.agreement("DescribeAgreement", agreementId=agreement_id)
    assert described["status"] == "CANCELLED"
    assert error(world.agreement, "CancelAgreement", agreementId=agreement_id).startswith(
        "ValidationException: "
    )


def test_a_cancelled_listing_can_be_subscribed_to_again(world):
    first = world.subscribe()
    world.agreement("CancelAgreement", agreementId=first)
    second = world.subscribe()
    assert {each["agreementId"]: each["status"] for each in search(world)} == {
        first: "CANCELLED",
        second: "ACTIVE",
    }


def test_accepting_twice_is_a_conflict(world):
    one, other = quote(world), quote(world)
    accept(world, one["agreementRequestId"])
    for request in (one, other):
        assert error(accept, world, request["agreementRequestId"]).startswith("ConflictException: ")
    assert "already exists" in error(quote, world)


def test_the_same_client_token_gives_the_same_quote(world):
    assert (
        quote(world, clientToken="t")["agreementRequestId"]
        == (quote(world, clientToken="t")["agreementRequestId"])
    )
    assert quote(world)["agreementRequestId"] != quote(world)["agreementRequestId"]


def reason(call, *args, **params):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the code is checked below
        call(*args, **params)
    assert caught.value.code == "ValidationException"
    return caught.value.extra["reason"]


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"intent": "AMEND"}, "UNSUPPORTED_ACTION"),
        ({"agreementProposalIdentifier": None}, "MISSING_AGREEMENT_PROPOSAL_IDENTIFIER"),
        ({"requestedTerms": ALL_TERMS[:2]}, "MISSING_MANDATORY_TERMS"),
        ({"requestedTerms": [*ALL_TERMS, {"id": "term-x"}]}, "INVALID_REQUESTED_TERM_ID"),
    ],
)
def test_a_bad_request_for_a_quote(world, params, why):
    assert reason(quote, world, **params) == why


def test_the_accepted_terms_are_those_of_the_offer(world):
    agreement_id = world.subscribe()
    terms = world.agreement("GetAgreementTerms", agreementId=agreement_id)["acceptedTerms"]
    assert {next(iter(each.values()))["id"] for each in terms} == {t["id"] for t in ALL_TERMS}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("DescribeAgreement", {"agreementId": "agmt-x"}),
        ("GetAgreementTerms", {"agreementId": "agmt-x"}),
        ("GetAgreementEntitlements", {"agreementId": "agmt-x"}),
        ("CancelAgreement", {"agreementId": "agmt-x"}),
        ("AcceptAgreementRequest", {"agreementRequestId": "ar-x"}),
        (
            "CreateAgreementRequest",
            {
                "intent": "NEW",
                "agreementProposalIdentifier": "at-x",
                "requestedTerms": [{"id": "x"}],
            },
        ),
    ],
)
def test_what_was_never_agreed_is_not_found(world, operation, params):
    assert error(world.agreement, operation, **params).startswith("ResourceNotFoundException: ")


def test_agreements_are_their_accounts_own(world):
    agreement_id = world.subscribe()
    stranger = Context("us-east-1", "210987654321")
    query = {"agreementId": agreement_id}
    assert "not found" in error(world.agreements.call, "DescribeAgreement", query, stranger)


# SearchAgreements


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, 2),
        ({"Status": "ACTIVE"}, 1),
        ({"Status": "CANCELLED"}, 1),
        ({"ResourceIdentifier": SOLD.product_id}, 1),
        ({"ResourceIdentifier": SOLD.product_id, "Status": "ACTIVE"}, 1),
        ({"ResourceIdentifier": "prod-x"}, 0),
        ({"ResourceType": "MachineLearningProduct"}, 2),
        ({"OfferId": SOLD.offer_id, "Status": "CANCELLED"}, 0),
        ({"AfterEndTime": "2027-01-01T00:00:00Z"}, 2),
        ({"BeforeEndTime": "2027-01-01"}, 0),
        ({"PartyType": "Proposer"}, 0),
    ],
)
def test_filters(world, filters, found):
    world.subscribe(MEDIUM)
    world.agreement("CancelAgreement", agreementId=world.subscribe(COMMAND_R))
    assert len(search(world, **filters)) == found


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        ({"ResourceType": "MachineLearningProduct", "Status": "ACTIVE"}, "UNSUPPORTED_FILTERS"),
        ({"AgreementType": None}, "UNSUPPORTED_FILTERS"),
        ({"AcceptorAccountId": ACCOUNT}, "UNSUPPORTED_FILTERS"),
        ({"PartyType": None}, "MISSING_PARTY_TYPE"),
        ({"PartyType": "Buyer"}, "INVALID_PARTY_TYPE"),
        ({"Status": "active"}, "INVALID_FILTER_VALUES"),
        ({"AfterEndTime": "tomorrow"}, "INVALID_FILTER_VALUES"),
        ({"Colour": "red"}, "INVALID_FILTER_NAME"),
    ],
)
def test_filters_that_aws_does_not_support(world, filters, why):
    assert reason(search, world, **filters) == why


def test_agreements_come_in_pages_the_last_to_end_first(world):
    agreements = [world.subscribe(MEDIUM), world.subscribe(COMMAND_R)]
    filters = [
        {"name": "PartyType", "values": ["Acceptor"]},
        {"name": "AgreementType", "values": ["PurchaseAgreement"]},
    ]
    first = world.agreement("SearchAgreements", filters=filters, maxResults=1)
    token = first["nextToken"]
    second = world.agreement("SearchAgreements", filters=filters, maxResults=1, nextToken=token)
    seen = [page["agreementViewSummaries"][0]["agreementId"] for page in (first, second)]
    assert seen == agreements[::-1]
    assert "nextToken" not in second
    assert reason(world.agreement, "SearchAgreements", filters=filters, nextToken="e30=") == (
        "INVALID_NEXT_TOKEN"
    )
