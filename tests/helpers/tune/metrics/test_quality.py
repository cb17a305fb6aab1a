import pandas as pd
import pytest

from helpers.errors import BadInput
from helpers.tune.metrics.quality import (
    CUT,
    EMPTY,
    LOOPS,
    SALAD,
    SURPRISE,
    ended,
    faults,
    graded,
    repetition,
    surprise,
)

from ..rows import row, table

SENSE = "Bread is best on the day it was baked."


def test_repetition_finds_a_loop():
    assert repetition("buy it now today " * 10) == 1 - 4 / 37
    assert repetition("the cat sat on the mat") == 0
    assert repetition("") == 0


def test_a_text_without_finish_reason_ended_if_it_is_short_of_the_limit():
    df = table(
        row(finish_reason=None, tokens=9),
        row(finish_reason=None, tokens=10),
        row(finish_reason="MAX_TOKENS", tokens=9),
        row(finish_reason="STOP_SEQUENCE", tokens=10),
    )
    assert list(ended(df)) == [True, False, False, True]


def test_surprise_is_told_against_the_coolest_answer_to_the_same_prompt_at_the_same_limit():
    df = table(
        row(temperature=0, likelihood=-0.5),
        row(temperature=2, likelihood=-3.0),
        row(temperature=0, likelihood=-0.25, max_tokens=20),
        row(temperature=2, likelihood=-3.0, max_tokens=20),
        row(temperature=1, likelihood=-2.0, prompt_id="other"),
        row(temperature=2, likelihood=float("nan"), prompt_id="other"),
    )
    assert surprise(df).fillna(-1).tolist() == [0, 2.5, 0, 2.75, 0, -1]


def test_each_fault_has_its_name():
    df = table(
        row(SENSE, temperature=0),
        row(SENSE, likelihood=-1.0 - SURPRISE - 0.1),
        row("Buy it now today. " * 9),
        row(" \n"),
        row(SENSE, finish_reason="MAX_TOKENS"),
    )
    assert list(faults(df)) == ["", SALAD, LOOPS, EMPTY, CUT]
    assert list(faults(df, allow_truncated=True)) == ["", SALAD, LOOPS, EMPTY, ""]


def test_cut_texts_count_where_even_the_largest_limit_cuts_most():
    cut = [row(SENSE, max_tokens=limit, finish_reason="MAX_TOKENS") for limit in (10, 20)]
    assert list(faults(table(*cut))) == ["", ""]
    assert list(faults(table(*cut), allow_truncated=False)) == [CUT, CUT]
    assert list(faults(table(cut[0], row(SENSE, max_tokens=20)))) == [CUT, ""]


def test_without_likelihoods_no_text_is_word_salad():
    df = table(row(SENSE, temperature=0), row(SENSE)).assign(likelihood=float("nan"))
    assert list(faults(df)) == ["", ""]


def test_a_grade_counts_instead_of_the_gate():
    found = pd.Series(["", SALAD, ""], index=[7, 8, 9])
    assert list(graded(found)) == [True, False, True]
    assert list(graded(found, {8: True, 9: False})) == [True, True, False]


def test_a_grade_must_have_its_row():
    with pytest.raises(BadInput, match="grade for 3"):
        graded(pd.Series([""]), {3: True})
    with pytest.raises(BadInput, match="one label"):
        graded(pd.Series(["", ""], index=[0, 0]), {0: True})


@pytest.mark.parametrize("wrong", ["False", 1, None, float("nan")])
def test_a_grade_is_true_or_false(wrong):
    with pytest.raises(BadInput, match="The grade of row 0"):
        graded(pd.Series([""]), {0: wrong})


def test_a_grade_from_a_column_of_a_table_counts():
    grades = pd.Series([False, True])
    assert list(graded(pd.Series(["", SALAD]), dict(zip(grades.index, grades.to_numpy(), strict=True)))) == [
        False,
        True,
    ]
