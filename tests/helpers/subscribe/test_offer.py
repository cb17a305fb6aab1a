"""Of several purchase options the public offer is taken, whatever their order; a doubt is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import catalog
from helpers.connect.session import connect
from helpers.errors import NotOffered
from helpers.sandbox.process import Address
from helpers.subscribe import marketplace
from helpers.subscribe.offer import public_offer

MEDIUM = catalog.model("cohere-medium")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
HOUR = timedelta(hours=1)


def option(name: str, *badges: str, kind: str = "OFFER", ends: datetime | None = None) -> dict[str, Any]:
    listed = [{"badgeType": badge, "displayName": badge} for badge in badges]
    end = {} if ends is None else {"expirationTime": ends}
    return {"purchaseOptionId": name, "purchaseOptionType": kind, "badges": listed, **end}


def listing(default: str = "") -> dict[str, Any]:
    entity = {"offer": {"offerId": default}} if default else {}
    return {"listingName": "Medium", "associatedEntities": [{"product": {"productId": "p"}, **entity}]}


PUBLIC = option("public")
OTHERS = [
    option("private", "PRIVATE_PRICING"),
    option("future", "FUTURE_DATED"),
    option("replacing", "REPLACEMENT_OFFER", "AUTO_RENEW"),
    option("set", kind="OFFERSET"),
    option("over", ends=NOW - HOUR),
]


@given(st.lists(st.sampled_from(OTHERS), unique_by=lambda each: each["purchaseOptionId"]), st.data())
def test_the_public_one_is_taken_wherever_it_stands(
    others: list[dict[str, Any]], data: st.DataObject
) -> None:
    found = data.draw(st.permutations([PUBLIC, *others]))
    assert public_offer(listing(), found, MEDIUM, NOW) == "public"


def test_an_offer_that_renews_itself_or_ends_later_or_has_no_badges_is_public() -> None:
    for each in (option("a", "AUTO_RENEW"), option("a", ends=NOW + HOUR)):
        assert public_offer(listing(), [each], MEDIUM, NOW) == "a"
    assert public_offer(listing(), [{**PUBLIC, "badges": None}], MEDIUM, NOW) == "public"


def test_of_several_public_ones_the_listings_own_is_taken() -> None:
    found = [option("a"), option("b")]
    assert public_offer(listing("b"), found, MEDIUM, NOW) == "b"
    for default in ("", "c"):
        with pytest.raises(NotOffered, match=r"several public offers \(a, b\).*marketplace"):
            public_offer(listing(default), found, MEDIUM, NOW)


def test_a_private_one_alone_is_never_taken_unasked() -> None:
    with pytest.raises(NotOffered, match=r"no public offer.*private, future.*marketplace"):
        public_offer(listing("private"), OTHERS[:2], MEDIUM, NOW)
    with pytest.raises(NotOffered, match="no offer for this account"):
        public_offer(listing(), [], MEDIUM, NOW)


def test_a_private_offer_on_the_first_page_is_passed_over(sandbox: Address) -> None:
    session = connect("sandbox")
    real = session.client("marketplace-discovery")
    usual = marketplace.offer(session, "cohere-medium").offer_id

    def first(parsed: dict[str, Any], **_: Any) -> None:
        parsed["purchaseOptions"].insert(0, {**parsed["purchaseOptions"][0], **OTHERS[0]})

    real.meta.events.register("after-call.*.ListPurchaseOptions", first)
    assert marketplace.offer(session, "cohere-medium").offer_id == usual
