"""Values that look like consent to somebody, and are none."""

import enum
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd


class Ten(int):
    """An int that is none of Python's own."""


class Agreeing:
    """Compares as whatever is asked."""

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return True

    def __le__(self, other: object) -> bool:
        return True

    __lt__ = __ge__ = __gt__ = __le__
    __hash__ = None  # type: ignore[assignment]

    def __float__(self) -> float:
        return 10.0

    __int__ = __index__ = lambda self: 10  # type: ignore[assignment]


class Yes(enum.IntEnum):
    YES = 1


TEXTS: list[Any] = [
    *("", " ", "false", "False", "FALSE", "true", "True", "no", "yes", "on", "off", "None", "null"),
    *(
        "0",
        "1",
        "10",
        "10.0",
        "-1",
        "1e3",
        "nan",
        "inf",
        "$10",
        "10 USD",
        "ten",
        "\u00b2",
        "\u0661\u0660",
        "\n",
    ),
    *("True\x00", "x" * 10_000, b"true", b"10", bytearray(b"1"), np.str_("10")),
]
NUMBERS: list[Any] = [
    *(float("nan"), float("inf"), float("-inf"), -1, -0.01, -1e-300, 10**400, -(10**400), 10**5000, 10j),
    *(Decimal("10"), Decimal("NaN"), Fraction(10), Ten(10), Yes.YES, timedelta(hours=1)),
    *(np.float64(10), np.float32(10), np.int64(10), np.bool_(True), np.bool_(False), np.float64("nan")),
]
OTHERS: list[Any] = [
    *([], [True], [10], (), (10,), {}, {"max": 10}, {10}, frozenset(), range(3), slice(1), ...),
    *(object(), Agreeing(), float, bool, NotImplemented, lambda: 10, iter([10])),
    *(np.array([10.0]), np.array(True), pd.Series([10.0]), pd.NA, pd.NaT),
]
NO_AMOUNT = [*TEXTS, *NUMBERS, *OTHERS, True, False]
NO_YES_OR_NO = [*TEXTS, *NUMBERS, *OTHERS, None, 0, 1, 2, 0.0, 1.0, -0.0]
