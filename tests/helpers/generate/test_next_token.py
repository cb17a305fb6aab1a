"""What is claimed of the next token holds for the whole distribution, most of which nobody has seen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import BadInput
from helpers.generate.next_token import (
    Draw,
    NextToken,
    Sampling,
    certain,
    draw,
    look,
    most_above,
)
from helpers.generate.reshape import reshape
from tests.helpers.sampler import Sampler, from_weights, reshaped

PROMPT = "Once upon a"
SETTINGS = st.builds(
    Sampling,
    st.sampled_from([0.0, 0.05, 0.3, 0.5, 0.9, 1.0, 1.5, 2.0, 5.0]) | st.floats(0.01, 5.0),
    st.sampled_from([0, 1, 2, 3, 5, 500]) | st.integers(0, 40),
    st.sampled_from([0.01, 0.5, 0.75, 0.99]) | st.floats(0.01, 0.99),
)
PEAKED = st.lists(st.floats(0.001, 1.0), min_size=1, max_size=40)
STEEP = st.builds(
    lambda size, fall: [fall**n for n in range(size)], st.integers(1, 60), st.floats(0.3, 0.999)
)
FLAT = st.integers(1, 60).map(lambda size: [1.0] * size)
DISTRIBUTIONS = st.one_of(PEAKED, STEEP, FLAT).map(from_weights)
USUAL = Sampling(1.0, 0, 0.75)
GREEK = {" alpha": 0.5, " beta": 0.25, " gamma": 0.125, " delta": 0.0625, " epsilon": 0.0625}


def drawn(client, setting, times=5):
    return draw(client, PROMPT, setting, times)


def known_of(client, plan):
    known = NextToken(PROMPT)
    for setting, times in plan:
        known = known.plus(drawn(client, setting, times))
    return known


PLANS = st.lists(st.tuples(SETTINGS, st.integers(1, 8)), min_size=1, max_size=8)


@settings(max_examples=400)
@given(DISTRIBUTIONS, PLANS, SETTINGS, st.integers(0, 99))
def test_every_bound_holds_whatever_was_not_seen(distribution, plan, setting, seed):
    known = known_of(Sampler(distribution, seed=seed), plan)
    truth = reshaped(distribution, setting)
    for seen, told in zip(known.seen, reshape(known.seen, setting).tokens, strict=True):
        assert seen.low <= distribution[seen.token] * 1.000001
        assert distribution[seen.token] <= seen.high * 1.000001
        if told.kept is not None:
            assert told.kept is (truth[seen.token] > 0) or truth[seen.token] < 1e-300
        assert told.low - 1e-9 <= truth[seen.token] <= told.high + 1e-9


@settings(max_examples=200)
@given(DISTRIBUTIONS, PLANS, SETTINGS, st.integers(0, 99))
def test_what_is_known_is_known_but_for_the_rounding_and_complete(distribution, plan, setting, seed):
    seen = known_of(Sampler(distribution, seed=seed), plan).seen
    told = reshape(seen, setting)
    if not told.is_known:
        return
    truth = reshaped(distribution, setting)
    missing = {token for token, share in truth.items() if share > 1e-9} - {each.token for each in seen}
    assert not missing
    for each, one in zip(seen, told.tokens, strict=True):
        allowed = 2 * 0.0011 / max(setting.temperature, 1e-9)  # two log-likelihoods, each half a decimal off
        assert abs(one.probability - truth[each.token]) <= allowed * max(truth[each.token], 1e-9) + 1e-9


@settings(max_examples=200)
@given(DISTRIBUTIONS, PLANS, st.integers(0, 99))
def test_as_many_tokens_are_certain_as_are_really_the_likeliest(distribution, plan, seed):
    seen = known_of(Sampler(distribution, seed=seed), plan).seen
    names = {each.token for each in seen}
    for each, most in zip(seen, most_above(seen), strict=True):
        likelier = [t for t, share in distribution.items() if share > each.high and t not in names]
        assert len(likelier) <= most
    assert certain(seen) <= len(seen)


def last_look(*given, **named):
    *_, known = look(*given, **named)
    return known


def test_a_look_makes_the_likeliest_tokens_certain_and_then_everything_is_known():
    client = Sampler(GREEK, seed=2)
    known = last_look(client, NextToken(PROMPT), USUAL, seconds=0, clock=lambda: 0.0)
    assert len(client.asked) == 2
    while certain(known.seen) < 5:
        known = last_look(client, known, USUAL, seconds=0, clock=lambda: 0.0)
    for setting in (Sampling(5, 0, 0.99), Sampling(0.3, 2, 0.99), Sampling(0, 0, 0.5)):
        assert reshape(known.seen, setting).is_known
    assert [each.token for each in known.seen[:3]] == [" alpha", " beta", " gamma"]
    assert reshape(known.seen, Sampling(0.5, 2, 0.99)).tokens[0].probability == pytest.approx(0.8, abs=0.01)


def test_a_look_ends_when_its_time_is_up_when_all_is_known_and_at_its_most_answers():
    flat, times = Sampler(from_weights([1.0] * 3000)), iter(range(1000))
    last_look(flat, NextToken(PROMPT), USUAL, seconds=8, clock=lambda: float(next(times)))
    assert 3 <= len(flat.asked) <= 9
    flat = Sampler(from_weights([1.0] * 3000))
    last_look(flat, NextToken(PROMPT), USUAL, seconds=1, clock=lambda: 0.0)
    assert sum(each["num_generations"] for each in flat.asked) == 100
    sure = Sampler({" yes": 0.995, " no": 0.005})
    last_look(sure, NextToken(PROMPT), USUAL, seconds=1, clock=lambda: 0.0)
    assert len(sure.asked) == 1


def test_where_unseen_tokens_would_decide_nothing_is_claimed():
    seen = known_of(Sampler(GREEK), [(Sampling(1, 2, 0.99), 12)]).seen
    assert [each.token for each in seen] == [" alpha", " beta"]
    hot = reshape(seen, Sampling(5, 0, 0.99))
    assert not hot.is_known
    assert not hot.is_nearly_known
    assert hot.tokens[0].low == 0  # any number of tokens may share what is left
    assert reshape(seen, Sampling(5, 2, 0.99)).is_known
    assert reshape(seen, Sampling(5, 0, 0.7)).is_known
    assert not reshape(seen, Sampling(5, 3, 0.99)).is_known
    assert reshape((), Sampling(1, 0, 0.75)).is_known is False


def test_tokens_that_are_cut_off_keep_what_they_had_before():
    known = known_of(Sampler(GREEK), [(Sampling(1, 5, 0.99), 200)])
    told = reshape(known.seen, Sampling(0.5, 0, 0.7))
    assert [each.kept for each in told.tokens] == [True, True, False, False, False]
    assert known.seen[2].probability == pytest.approx(0.125, rel=0.001)
    assert told.tokens[2].probability == 0


def test_likelihoods_after_the_settings_are_no_ground_for_anything():
    client = Sampler(GREEK, after_settings=True)
    with pytest.raises(BadInput, match="likelihoods change with temperature"):
        known_of(client, [(Sampling(5, 3, 0.99), 20), (Sampling(1, 0, 0.99), 20)])


def test_a_model_without_likelihoods_is_refused_before_anything_is_sent():
    client = Sampler(GREEK, model_id="command-r-08-2024")
    with pytest.raises(BadInput, match="gives no likelihoods"):
        last_look(client, NextToken(PROMPT), USUAL)
    assert client.asked == []


def test_what_has_no_text_or_two_likelihoods_counts_as_unseen():
    setting = Sampling(1, 0, 0.99)
    told = [("", -0.5), ("\ufffd", -1.0), ("", None), ("a", -1.0), ("a", -3.0), ("b", -2.0)]
    known = NextToken(PROMPT, tuple(Draw(token, likelihood, setting) for token, likelihood in told))
    assert [each.token for each in known.seen] == ["b"]
    assert known.unseen == pytest.approx(1 - 0.1353, abs=0.001)


def test_draws_are_real_answers_at_the_setting_asked_for():
    client = Sampler(GREEK)
    assert len(drawn(client, Sampling(2.5, 7, 0.9), 12)) == 12
    assert [each["num_generations"] for each in client.asked] == [5, 5, 2]
    assert all((each["temperature"], each["k"], each["p"]) == (2.5, 7, 0.9) for each in client.asked)
    assert all(each["max_tokens"] == 1 and each["prompt"] == PROMPT for each in client.asked)
