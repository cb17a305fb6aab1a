import json
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.catalog import load_prompts
from helpers.errors import BadInput
from helpers.tune import measures
from helpers.tune.measures import distinct, ended, repetition, resemblance, self_similarity, summary, wilson
from helpers.tune.recommend import balance, recommend
from helpers.tune.setting import load_setting, save_setting

A, B = "the cat sat on the mat", "the cat sat on a chair"


def row(text="a b c d", **changed):
    fields = {"prompt_id": "p", "prompt": "Write:", "temperature": 1.0, "k": 0, "p": 0.75}
    fields |= {"max_tokens": 10, "repetition": 1, "text": text, "tokens": len(text.split())}
    fields |= {"finish_reason": "COMPLETE", "likelihood": -1.0, "measured": True, "latency_seconds": 1.0}
    return fields | changed


def table(*rows):
    return pd.DataFrame(list(rows))


def test_distinct_counts_different_runs_of_words():
    assert distinct([A], 1) == 5 / 6
    assert distinct([A, A], 2) == 0.5
    assert math.isnan(distinct(["", "word"], 2))


def test_resemblance_is_the_share_of_common_word_pairs():
    assert resemblance(A, B) == 3 / 7
    assert resemblance(A, A.upper() + "!") == 1
    assert resemblance("one", "other") == 0
    assert resemblance("", "") == 1


@given(st.lists(st.text(alphabet="ab c", max_size=12), min_size=2, max_size=5))
def test_self_similarity_is_between_none_and_all(texts):
    assert 0 <= self_similarity(texts) <= 1
    assert self_similarity([texts[0]] * 3) == 1
    assert math.isnan(self_similarity(texts[:1]))


def test_repetition_finds_a_loop():
    assert repetition("buy it now today " * 10) == 1 - 4 / 37
    assert repetition(A) == 0
    assert repetition("") == 0


def test_wilson_gives_the_published_interval():
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.49, 0.943)  # 95 % for 8 of 10
    assert wilson(0, 10)[0] == pytest.approx(0, abs=1e-12)


def test_a_text_without_finish_reason_ended_if_it_is_short_of_the_limit():
    df = table(
        row(finish_reason=None, tokens=9),
        row(finish_reason=None, tokens=10),
        row(finish_reason="MAX_TOKENS", tokens=9),
        row(finish_reason="STOP_SEQUENCE", tokens=10),
    )
    assert list(ended(df)) == [True, False, False, True]


def test_the_summary_has_a_row_a_setting():
    df = table(
        row(A, repetition=1, likelihood=-1.0),
        row(B, repetition=2, likelihood=-2.0, finish_reason="MAX_TOKENS"),
        row(A, temperature=2.0, likelihood=float("nan")),
    )
    first, second = summary(df).to_dict("records")
    assert (first["answers"], first["share_ended"], first["likelihood"]) == (2, 0.5, -1.5)
    assert first["likelihood_se"] == pytest.approx(0.5)
    assert first["self_similarity"] == 3 / 7
    assert math.isnan(second["self_similarity"])
    assert math.isnan(second["likelihood"])


@pytest.mark.parametrize("df", [pd.DataFrame(), pd.DataFrame({"text": ["x"]}), table(row()).iloc[:0]])
def test_another_table_is_refused(df):
    for function in (summary, recommend):
        with pytest.raises(BadInput, match=r"sweep\.run"):
            function(df)


def sweep_rows(temperatures, *, repetitions=8, limits=(10, 20), finishes_at=20):
    """Temperature 0 repeats itself, 1 varies and is likely, 5 varies and is not."""
    likelihoods = {0.0: -0.2, 1.0: -0.5, 5.0: -4.0}
    return table(
        *(
            row(
                A if t == 0 else f"text {n} varies in {n} words and {t} ways {n} times",
                temperature=t,
                repetition=n,
                max_tokens=limit,
                likelihood=likelihoods[t] - 0.01 * n,
                finish_reason="COMPLETE" if limit >= finishes_at else "MAX_TOKENS",
            )
            for t in temperatures
            for n in range(repetitions)
            for limit in limits
        )
    )


def test_the_recommendation_balances_and_takes_the_smallest_sufficient_limit():
    found = recommend(sweep_rows((0.0, 1.0, 5.0)))
    assert (found.temperature, found.max_tokens, found.clear) == (1.0, 20, True)
    assert "8 of 8 texts ended" in found.reason
    assert found.setting == {"temperature": 1.0, "max_tokens": 20}
    assert recommend(sweep_rows((0.0, 1.0), limits=(10, 20, 30), finishes_at=10)).max_tokens == 10


def test_the_same_table_gets_the_same_recommendation():
    df = sweep_rows((0.0, 1.0, 5.0))
    assert recommend(df) == recommend(df)


def test_equal_temperatures_have_no_clear_winner():
    df = sweep_rows((1.0,))
    twin = df.assign(temperature=1.1)
    found = recommend(pd.concat([df, twin]))
    assert not found.clear
    assert str(found).startswith("No clear winner.")


@pytest.mark.parametrize(
    ("df", "words"),
    [
        (sweep_rows((0.0, 1.0), repetitions=1), "without repetitions"),
        (sweep_rows((0.0, 1.0)).assign(likelihood=float("nan")), "Without likelihoods"),
        (sweep_rows((1.0,), finishes_at=99), "try a larger limit"),
        (sweep_rows((1.0,), repetitions=2), "2 of 2"),
    ],
)
def test_doubt_is_said(df, words):
    found = recommend(df)
    assert not found.clear
    assert words in found.reason


def test_several_values_of_k_are_refused():
    with pytest.raises(BadInput, match="several values of k"):
        recommend(table(row(k=0), row(k=5)))


def test_balance_is_low_at_both_ends():
    assert balance(-0.1, 0.0) == 0
    assert balance(-6, 1.0) < 0.01 < balance(-0.5, 0.8)
    assert math.isnan(balance(float("nan"), 0.5))


# --- settings and prompts


def test_a_setting_survives_the_file(tmp_path):
    setting = {"temperature": 0.9, "max_tokens": 300, "stop_sequences": ["--"]}
    path = save_setting(tmp_path / "runs" / "setting.json", {"prompt": "left out", **setting})
    assert load_setting(path) == setting


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "run 04_tune"),
        ("{", "not JSON"),
        ("[1]", "no setting"),
        (json.dumps({"temprature": 1}), "'temprature'"),
    ],
)
def test_a_missing_or_broken_setting_says_what_to_do(tmp_path, content, words):
    path = tmp_path / "setting.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadInput, match=words):
        load_setting(path)


def test_an_unknown_setting_is_not_saved(tmp_path):
    with pytest.raises(BadInput, match="heat"):
        save_setting(tmp_path / "setting.json", {"heat": 1})
    assert not (tmp_path / "setting.json").exists()


def test_the_prompts_are_of_several_kinds():
    prompts = load_prompts()
    assert prompts["linkedin-post"] == "Write a LinkedIn post about starting a career in tech:"
    assert {"product-description", "blog-paragraph", "cold-email", "summary"} <= set(prompts)
    assert all(len(text) < 2048 for text in prompts.values())


@pytest.mark.parametrize("content", [None, "{", "[]", '{"prompts": [{"id": "x"}]}'])
def test_a_broken_prompt_file_is_said(tmp_path, content):
    path = tmp_path / "prompts.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadInput, match="prompts"):
        load_prompts(path)


def test_every_measure_names_its_source():
    for function in (measures.distinct, measures.resemblance, measures.self_similarity, measures.repetition):
        assert any(mark in (function.__doc__ or "") for mark in ("arXiv", "Broder"))
