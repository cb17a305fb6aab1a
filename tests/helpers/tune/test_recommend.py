import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import BadInput
from helpers.tune import choice
from helpers.tune.choice import Target
from helpers.tune.grades import Grades
from helpers.tune.metrics import embeddings
from helpers.tune.recommend import recommend

from .metrics.labelled import TOPICS
from .rows import row, table

IDEAS = [text for topic in TOPICS.values() for text in topic["ideas"]]
TEXTS = {  # how many different ones there are at each temperature
    0.0: [IDEAS[0]] * 6,
    0.5: [IDEAS[n % 2] for n in range(6)],
    1.0: [IDEAS[n % 4] for n in range(6)],
    2.0: IDEAS[:6],
    5.0: IDEAS[6:12],
}
LIKELIHOODS = {0.0: -0.5, 0.5: -0.7, 1.0: -1.2, 2.0: -2.0, 5.0: -9.0}


def swept(temperatures=tuple(TEXTS), *, repetitions=6, limits=(10, 20), ends_at=20, **changed):
    """At 0 one answer, up to six at 2, and at 5 what the model itself finds no sense in."""
    return table(
        *(
            row(
                TEXTS[t][n],
                **{
                    "temperature": t,
                    "repetition": n + 1,
                    "max_tokens": limit,
                    "likelihood": LIKELIHOODS[t] - 0.01 * n,
                    "finish_reason": "COMPLETE" if limit >= ends_at else "MAX_TOKENS",
                    **changed,
                },
            )
            for t in temperatures
            for n in range(repetitions)
            for limit in limits
        )
    )


@pytest.mark.parametrize(
    ("want", "temperature"),
    [("one", 0), ("some", 1.0), ("many", 2.0), (1, 0), (1.9, 0.5), (3, 1.0), (5, 2.0)],
)
def test_the_lowest_temperature_that_gives_what_is_wanted(want, temperature):
    found = recommend(swept(), want)
    assert (found.temperature, found.max_tokens) == (temperature, 20)
    assert found.reached
    assert found.enough
    assert found.setting == {"temperature": temperature, "max_tokens": 20}


def test_it_says_its_reason_its_doubt_and_coheres_advice():
    found = recommend(swept(), "one")
    assert found.clear
    assert found.verdict == "Temperature 0, max_tokens 20."
    assert "one right answer" in found.reason
    assert "6 of 6 good answers end by themselves" in found.reason
    assert "100% of 1,000 resampled sweeps" in found.doubt
    assert "0.1 to 0.3" in found.advice
    many = recommend(swept(), "many")
    assert "4.0 different good ones of 6" in many.reason
    assert "1 gives" in many.reason
    assert "0.3 or 0.5" in many.advice
    for told in (found, many):
        assert all(part in str(told) for part in (told.verdict, told.reason, told.doubt, told.advice))


def test_the_smallest_limit_that_lets_the_good_answers_end():
    assert recommend(swept(limits=(10, 20, 30), ends_at=10), "some").max_tokens == 10
    df = swept((2.0,), limits=(10, 20), ends_at=10)
    bad = df["repetition"] <= 1  # one that does not count must not ask for a larger limit
    df.loc[bad, "text"] = "and so on and so on " * 9
    df.loc[bad & (df["max_tokens"] == 10), "finish_reason"] = "MAX_TOKENS"
    found = recommend(df, "many")
    assert found.max_tokens == 10
    assert "5 of 6 answers are good (not: 1 repeats itself)" in found.reason.replace("its ", "")


@pytest.mark.parametrize(
    ("ends_at", "limit", "told"),
    [
        (30, 30, "6 of 6 good answers end by themselves (95% interval 61% to 100%); at 10, 5 do."),
        (
            99,
            10,
            "5 of 6 good answers end by themselves (95% interval 44% to 97%); "
            "all do at no limit that was tried.",
        ),
        (10, 10, "6 of 6 good answers end by themselves (95% interval 61% to 100%)."),
    ],
)
def test_no_good_answer_that_ends_is_cut_and_the_limit_for_most_of_them_is_named(ends_at, limit, told):
    df = swept((0.0,), limits=(10, 20, 30), ends_at=10)
    df.loc[(df["repetition"] == 1) & (df["max_tokens"] < ends_at), "finish_reason"] = "MAX_TOKENS"
    found = recommend(df, "one", allow_truncated=True)
    assert (found.max_tokens, found.enough) == (limit, True)
    assert found.reason.endswith(told)


def test_texts_that_no_limit_lets_end_get_the_largest_and_a_warning():
    found = recommend(swept(ends_at=99), "some")
    assert (found.temperature, found.max_tokens, found.enough) == (1.0, 20, False)
    assert "try a larger limit" in found.reason
    assert "too small" in found.verdict
    assert "cut off count too" in found.doubt


def test_nonsense_is_not_counted_however_different():
    found = recommend(swept((0.0, 5.0)), "many")
    assert not found.reached
    assert not found.clear
    assert found.temperature == 0
    assert "No temperature that was tried gives these" in found.reason


def test_where_nothing_is_good_the_best_is_named_all_the_same():
    found = recommend(swept().assign(text="no no no no no no no no no"), "one")
    assert not found.reached
    assert math.isfinite(found.temperature)
    assert "0 of its 6 answers are good (not: 6 repeats itself)" in found.reason


def test_without_likelihoods_there_is_advice_and_what_it_lacks_is_said():
    found = recommend(swept((0.0, 0.5, 1.0)).assign(likelihood=float("nan")), "some")
    assert (found.temperature, found.reached) == (1.0, True)
    assert "Without likelihoods" in found.doubt


def test_without_the_embeddings_there_is_advice_and_what_it_lacks_is_said(monkeypatch):
    monkeypatch.setattr(embeddings, "_folder", lambda: None)
    found = recommend(swept(), "some")
    assert found.temperature == 0.5  # by word pairs, two ideas have nothing in common
    assert "wordllama is not installed" in found.doubt


def test_grades_count_instead_of_the_gate():
    df = swept()
    bad = {label: False for label in df.index[df["temperature"] == 1.0]}
    assert recommend(df, "some", grades=bad).temperature == 2.0
    good = {label: True for label in df.index[df["temperature"] == 5.0]}
    assert recommend(df[df["temperature"].isin([0.0, 5.0])], "many", grades=good).temperature == 5.0
    with pytest.raises(BadInput, match="grade for 'x'"):
        recommend(df, "one", grades={"x": True})


def test_it_says_how_many_grades_counted(tmp_path):
    df = swept()
    assert "Your grades" not in str(recommend(df, "some"))
    grades = Grades(tmp_path / "run.jsonl")
    for label in df.index[(df["temperature"] == 1.0) & (df["max_tokens"] == 20)]:
        grades.set(df.loc[label], False)
    found = recommend(df, "some", grades=grades)
    assert found.temperature == 2.0
    assert found == recommend(df, "some", grades=grades.of(df))
    assert found.graded == (
        "4 texts counted by your grade, not by the gate. The gate and you agree on 0 of 4 graded texts "
        "(it passes 4 that you call not good)."
    )
    assert f"Your grades: {found.graded}" in str(found)


def test_it_says_which_grades_did_not_count():
    df = swept((0.0, 1.0)).assign(text=lambda df: df["text"] + df["max_tokens"].astype(str))
    small = {label: False for label in df.index[df["max_tokens"] == 10]}
    found = recommend(df, "some", grades=small)
    assert found.graded == "4 grades of texts cut at a smaller max_tokens did not count."
    assert (found.temperature, found.reason) == (1.0, recommend(df, "some").reason)
    both = recommend(df, "some", grades={**small, df.index[df["max_tokens"] == 20][0]: True})
    assert both.graded.startswith(
        "1 text counted by your grade, not by the gate. The gate and you agree on 1"
    )
    assert both.graded.endswith("4 grades of texts cut at a smaller max_tokens did not count.")


def test_equal_temperatures_have_no_clear_winner():
    # Three different answers of six, a little over or under the target in every resample.
    found = recommend(pd.concat([swept((0.5, 1.0)), swept((1.0,)).assign(temperature=1.1)]), 3)
    assert not found.clear
    assert found.verdict.startswith("No clear winner")


@pytest.mark.parametrize(
    ("df", "words"),
    [
        (swept(repetitions=1), "one answer a temperature"),
        (swept(repetitions=3), "3 answers a temperature"),
        (swept((1.0,), repetitions=3), "only one temperature"),
        (swept((1.0, 2.0)), "Nothing was asked for at 0"),
    ],
)
def test_doubt_is_said(df, words):
    assert words in recommend(df, "some").doubt


def test_too_few_repetitions_have_no_clear_winner():
    for repetitions in (1, 2, 3):
        for want in ("one", "some", "many"):
            assert not recommend(swept(repetitions=repetitions), want).clear
    assert not recommend(swept(repetitions=1), "some").reached


def test_the_same_table_gets_the_same_recommendation():
    assert recommend(swept(), "many") == recommend(swept(), "many")


def test_several_prompts_are_taken_together():
    two = pd.concat([swept(), swept(prompt_id="other")], ignore_index=True)
    assert recommend(two, "many").temperature == 2.0
    dull = swept(prompt_id="other").assign(text=IDEAS[0])
    assert not recommend(pd.concat([swept(), dull], ignore_index=True), "many").reached


@pytest.mark.parametrize("want", ["", "few", 0, 0.5, -1, True, float("nan"), None, [1]])
def test_an_unknown_wish_is_refused(want):
    with pytest.raises(BadInput, match="'one', 'some', 'many' or a number from 1"):
        recommend(swept(), want)


def test_more_answers_than_were_asked_for_are_refused():
    with pytest.raises(BadInput, match="7, but each setting was asked 6 times"):
        recommend(swept(), 7)


def test_several_values_of_k_are_refused():
    with pytest.raises(BadInput, match="several values of k"):
        recommend(table(row(k=0), row(k=5)), "one")


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.5, 1.0]),
            st.integers(1, 5),
            st.sampled_from([10, 20]),
            st.text(max_size=12),
            st.one_of(st.just(float("nan")), st.floats(-20, 0)),
            st.sampled_from(["COMPLETE", "MAX_TOKENS", None]),
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda each: each[:3],
    ),
    st.sampled_from(["one", "some", "many", 1]),
)
def test_any_table_gets_a_setting_that_was_tried(rows, want):
    names = ("temperature", "repetition", "max_tokens", "text", "likelihood", "finish_reason")
    df = table(*(row(**dict(zip(names, each, strict=True))) for each in rows))
    found = recommend(df, want)
    assert found.temperature in set(df["temperature"])
    assert found.max_tokens in set(df["max_tokens"])
    assert "nan" not in str(found)
    assert "None" not in str(found)


@given(
    st.lists(st.tuples(st.floats(0, 6), st.floats(0, 1)), min_size=1, max_size=6),
    st.floats(1, 6),
    st.floats(0, 1),
)
def test_the_choice_is_the_first_that_reaches_the_aim(counts, different, share):
    numbers, shares = (np.array(column) for column in zip(*counts, strict=True))
    best, reached = (each.item() for each in Target(different, share).choose(numbers, shares))
    reaching = [n for n, (a, b) in enumerate(counts) if a >= different - 1e-4 and b >= share - 1e-9]
    assert reached == bool(reaching)
    if reaching:
        assert best == reaching[0]


def test_each_effective_number_is_computed_once(monkeypatch):
    asked = []

    def effective_number(similarities, weights):
        asked.append(weights.ndim)
        return original(similarities, weights)

    original = choice.effective_number
    monkeypatch.setattr(choice, "effective_number", effective_number)
    recommend(swept(), "many")
    assert asked.count(1) == asked.count(2) == len(TEXTS), "once for the answers, once for all resamples"
