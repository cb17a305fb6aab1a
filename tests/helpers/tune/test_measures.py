import json
import math

import pandas as pd
import pytest

from helpers.catalog import load_prompts
from helpers.errors import BadInput
from helpers.tune.measures import MEASURES, summary, wilson
from helpers.tune.metrics import diversity, embeddings, quality
from helpers.tune.recommend import recommend
from helpers.tune.setting import load_setting, save_setting

from .rows import row, table

A, B = "the cat sat on the mat", "the cat sat on a chair"


def test_wilson_gives_the_published_interval():
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.49, 0.943)  # 95 % for 8 of 10
    assert wilson(0, 10)[0] == pytest.approx(0, abs=1e-12)


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
    for function in (summary, lambda df: recommend(df, "one")):
        with pytest.raises(BadInput, match=r"sweep\.run"):
            function(df)


def test_only_acceptable_answers_count_as_different():
    df = table(
        row("Bread is best on the day it was baked.", temperature=0, repetition=1),
        row("Bread is best on the day it was baked.", repetition=1),
        row("Taxes rise in April, as they do each year.", repetition=2),
        row("Xql vobbin grat eleph nork tass umber.", repetition=3, likelihood=-9.0),
    )
    greedy, warm = summary(df).to_dict("records")
    assert (greedy["share_acceptable"], warm["share_acceptable"]) == (1, 2 / 3)
    assert greedy["different"] == pytest.approx(1, abs=1e-3)
    assert 1.5 < warm["different"] < 2.01
    all_bad = table(row("", repetition=1), row("", repetition=2))
    assert summary(all_bad)["different"].tolist() == [0]


def test_without_the_embeddings_one_measure_is_missing_and_it_says_so(monkeypatch):
    monkeypatch.setattr(embeddings, "_folder", lambda: None)
    df = table(row(A, repetition=1), row(B, repetition=2))
    with pytest.warns(UserWarning, match="wordllama is not installed"):
        found = summary(df).iloc[0]
    assert math.isnan(found["different"])
    assert found[[name for name in MEASURES if name != "different"]].notna().all()


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
    named = (diversity.distinct, diversity.resemblance, diversity.self_similarity, diversity.effective_number)
    for function in (*named, quality.repetition):
        assert any(mark in (function.__doc__ or "") for mark in ("arXiv", "Broder"))
