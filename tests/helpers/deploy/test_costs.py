"""How a price is shown: short in the sandbox, with its sources where it is paid, never broken in a word."""

from typing import Any

import pytest

from helpers.deploy.costs import Price, agree

SOURCE = "an estimate of 2024-07 for us-east-1, AWS Marketplace page, screenshot in Cohere's documentation"
PRICE = Price("ml.g5.xlarge", 1.408, SOURCE, 2.0, "the listing's offer")


class Sandbox:
    spends_money = False


class Aws:
    spends_money = True


@pytest.mark.parametrize("session", [Sandbox(), Aws()])
def test_where_it_is_paid_it_has_its_sources(session: Any) -> None:
    told = list[str]()
    agree(session, PRICE, 5, told.append)
    (shown,) = told
    assert shown.startswith("ml.g5.xlarge: $3.41 an hour")
    assert ("screenshot" in shown) == session.spends_money


def test_a_long_source_is_broken_between_words() -> None:
    lines = str(PRICE).splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(" ".join(lines).split()).count(SOURCE) == 1
