"""What the measures must tell apart, on texts that were labelled by how they were made."""

import pandas as pd
import pytest

from helpers.tune.metrics.diversity import effective_number, similarity
from helpers.tune.metrics.quality import CUT, LOOPS, SALAD, faults

from .labelled import HALVES, TOPICS, answers, topics

BOTH = pytest.mark.parametrize("half", HALVES)


@pytest.mark.parametrize("topic", TOPICS)
def test_identical_texts_are_one_and_paraphrases_few_and_ideas_many(topic):
    number = {
        kind: effective_number(similarity(TOPICS[topic][kind]))
        for kind in ("identical", "paraphrases", "ideas")
    }
    assert number["identical"] == pytest.approx(1, abs=0.01)
    assert number["paraphrases"] <= 0.6 * number["ideas"]
    assert number["ideas"] > 5  # of six


def passed(half: str, *kinds: str) -> "pd.Series[bool]":
    tables = [answers(topic, *kinds) for topic in topics(half)]
    return pd.concat([faults(df)[df["kind"] != "greedy"] for df in tables]) == ""


@BOTH
def test_salad_and_loops_do_not_pass(half):
    assert passed(half, "salad", "loops").mean() <= 0.05


@BOTH
@pytest.mark.parametrize("kind", ["sampled", "warm"])
def test_what_the_model_writes_at_moderate_temperatures_passes(half, kind):
    assert passed(half, kind).mean() >= 0.9


@pytest.mark.parametrize("topic", TOPICS)
def test_a_fault_is_named(topic):
    found = faults(answers(topic, "salad", "loops"))
    kinds = answers(topic, "salad", "loops")["kind"]
    assert set(found[kinds == "salad"]) == {SALAD}
    assert set(found[kinds == "loops"]) == {LOOPS}
    assert set(faults(answers(topic, "sampled"), allow_truncated=False)) & {CUT}


def test_a_set_has_six_texts_at_least():
    assert len(TOPICS) >= 3
    for topic in TOPICS.values():
        for kind in ("identical", "paraphrases", "ideas", "salad", "loops", "sampled"):
            assert len(topic[kind]) >= 6


def test_without_likelihoods_loops_still_do_not_pass():
    for topic in TOPICS:
        df = answers(topic, "loops", "sampled").assign(likelihood=float("nan"))
        good = faults(df) == ""
        assert not good[df["kind"] == "loops"].any()
        assert good[df["kind"] == "sampled"].mean() >= 0.7
