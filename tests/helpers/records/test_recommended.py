from dataclasses import asdict
from typing import Any

import pytest

from helpers.records.payload import WrongShape
from helpers.records.recommended import Recommended

WORDS = dict.fromkeys(("verdict", "reason", "doubt", "advice", "prompt", "text", "writer"), "x")


@pytest.mark.parametrize("price", [{}, {"instance_usd_per_hour": 1.4, "software_usd_per_hour": 0.0}])
def test_it_reads_what_it_wrote(price: dict[str, float]) -> None:
    written = Recommended(**WORDS, **price)
    assert Recommended.from_record(asdict(written)) == written


@pytest.mark.parametrize(
    "wrong", [{"text": 1}, {"doubt": None}, {"colour": "red"}, {"instance_usd_per_hour": "1"}]
)
def test_anything_else_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WrongShape, match=next(iter(wrong))):
        Recommended.from_record(WORDS | wrong)
