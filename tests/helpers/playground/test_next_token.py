"""The next-token view without a browser: what its sliders and buttons ask for, show and say."""

import random
import threading
import time
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import BadInput
from helpers.generate.next_token import Sampling
from helpers.playground import bars
from helpers.playground.bars import can_be_shown
from helpers.playground.next_token import NextTokenView, next_token
from tests.helpers.sampler import Sampler, from_weights, reshaped

GREEK = {" alpha": 0.48, " beta": 0.26, " gamma": 0.13, " delta": 0.08, "<b>\u202e": 0.05}
HOSTILE = "<img src=x onerror=alert(1)> $x$ | **bold** \u202eright"


def press(button, made):
    button.click()
    made.wait(10)


def view(client, **given):
    """One that has asked until all is known."""
    made = next_token(client, prompt="Once", interactive=True, seconds=0, **given)
    for _ in range(12):
        press(made.ask_button, made)
    return made


def test_nothing_is_asked_before_the_button_and_nothing_when_a_slider_moves():
    client = Sampler(GREEK)
    made = next_token(client, prompt="Once", interactive=True, seconds=0)
    assert client.asked == []
    assert made.draw_button.disabled
    press(made.ask_button, made)
    asked = len(client.asked)
    for name, value in (("temperature", 0.3), ("k", 3), ("p", 0.9), ("temperature", 5.0)):
        made.controls[name].value = value
    assert len(client.asked) == asked
    assert made.setting == Sampling(5.0, 3, 0.9)


def test_the_bars_follow_the_sliders_and_what_is_cut_off_stays_greyed():
    made = view(Sampler(GREEK))
    assert "3 tokens can be drawn, and all were seen" in made.status.value
    made.controls["k"].value = 2
    made.controls["p"].value = 0.99
    assert [each.kept for each in made.reshaping.tokens] == [True, True, False, False, False]
    assert made.chart.value.count("cut off by k") == 3
    assert "64.9%" in made.chart.value
    assert "“␣gamma”" in made.chart.value
    assert "13.0%" in made.chart.value
    made.controls["k"].value = 0
    made.controls["p"].value = 0.6
    assert made.chart.value.count("cut off by p") == 3
    made.controls["temperature"].value = 0
    assert made.chart.value.count("cut off by temperature 0") == 4


def test_what_is_typed_beyond_the_range_is_said_though_the_bars_move():
    made = view(Sampler(GREEK))
    made.controls["k"].value = 900
    assert made.setting.k == made.controls["k"].value == 500
    assert "k takes 0 to 500: 900 became 500." in made.status.value


@settings(max_examples=60)
@given(st.sampled_from([0.0, 0.3, 1.0, 2.5, 5.0]), st.integers(0, 6), st.floats(0.01, 0.99))
def test_every_bar_is_what_the_sampler_would_do(temperature, k, p):
    made = ALL_KNOWN
    for name, value in (("temperature", temperature), ("k", k), ("p", p)):
        made.controls[name].value = value
    truth = reshaped(GREEK, made.setting)
    for seen, one in zip(made.known.seen, made.reshaping.tokens, strict=True):
        assert one.probability == pytest.approx(truth[seen.token], abs=0.005) or not made.reshaping.is_known


ALL_KNOWN = view(Sampler(GREEK))


def test_draw_draws_by_the_bars_and_asks_nobody():
    client = Sampler(GREEK)
    made = NextTokenView(
        client, "Once", Sampling(1, 2, 0.99), seconds=0, interactive=True, dice=random.Random(5)
    )
    for _ in range(8):
        press(made.ask_button, made)
    asked = len(client.asked)
    for _ in range(300):
        press(made.draw_button, made)
    assert len(client.asked) == asked
    assert set(made.drawn) == {" alpha", " beta"}
    assert 165 < made.drawn.count(" alpha") < 225  # 65 %
    assert f"“␣alpha” {made.drawn.count(' alpha')}" in made.status.value
    made.controls["p"].value = 0.5
    assert made.drawn == []


def test_one_press_is_enough_for_every_temperature():
    client = Sampler(from_weights([0.9**n for n in range(12)]))
    made = next_token(client, prompt="Once", interactive=True, seconds=0)
    press(made.ask_button, made)
    asked = len(client.asked)
    assert asked > 2, "one look is not enough here"
    for temperature in (0.3, 1.0, 2.0, 5.0):
        made.controls["temperature"].value = temperature
        assert can_be_shown(made.reshaping)
        assert "Press" not in made.status.value
    assert len(client.asked) == asked


def test_where_no_press_could_tell_the_model_itself_draws_at_the_first():
    made = next_token(
        Sampler(from_weights([1.0] * 500)),
        prompt="Once",
        interactive=True,
        seconds=0,
        temperature=5.0,
        p=0.99,
    )
    press(made.ask_button, made)
    assert len(made.drawn) == 5
    assert "nobody has seen would decide, so the bars are not known. Drawn: “" in made.status.value
    assert "Drawn by a &lt;sampler&gt; itself at temperature 5, k 0, p 0.99" in made.chart.value


def test_a_setting_that_needs_another_press_says_so():
    made = next_token(Sampler(from_weights([1.0] * 500)), prompt="Once", interactive=True, seconds=0, k=1)
    press(made.ask_button, made)
    for name, value in (("k", 0), ("p", 0.99), ("temperature", 5.0)):
        made.controls[name].value = value
    assert bars.ASK_ON in unescape(made.status.value)


def on_an_account_that_pays():
    """A view of a flat distribution; there each press of Ask is one look, and no more."""
    client = Sampler(from_weights([1.0] * 500))
    client.session.spends_money = True
    return client, next_token(client, prompt="Once", interactive=True, seconds=0, temperature=5.0, p=0.99)


def test_where_nothing_is_known_the_model_itself_draws_and_that_is_said():
    client, made = on_an_account_that_pays()
    press(made.ask_button, made)
    assert len(client.asked) == 2
    assert made.drawn == []
    assert "nobody has seen would decide" in made.status.value
    assert bars.ASK_YOURS in made.status.value
    assert made.chart.value.count("not known") == len(made.known.seen[:12]) + 1
    assert "var(--jp-brand-color1" not in made.chart.value.replace(
        "width:0.00%;background:var(--jp-brand-color1", ""
    )
    before, seen = len(client.asked), len(made.known.draws)
    press(made.draw_button, made)
    (asked,) = client.asked[before:]
    assert (asked["temperature"], asked["k"], asked["p"], asked["num_generations"]) == (5.0, 0, 0.99, 5)
    assert len(made.drawn) == 5
    assert len(made.known.draws) == seen + 5
    assert "Drawn by a &lt;sampler&gt; itself at temperature 5, k 0, p 0.99" in made.chart.value
    assert "1 of 5" in made.chart.value
    assert "before" not in made.chart.value


def test_the_same_prompt_looks_further_and_another_begins_anew():
    made = view(Sampler(GREEK))
    known = len(made.known.draws)
    press(made.ask_button, made)
    assert len(made.known.draws) > known
    made.prompt.value = "Twice"
    press(made.ask_button, made)
    assert made.known.prompt == "Twice"
    assert len(made.known.draws) < known


def test_what_goes_wrong_is_said_and_raised_where_nobody_looks(monkeypatch):
    client = Sampler(GREEK)

    def refuse(prompt, **settings):
        raise BadInput("no <such> prompt")

    monkeypatch.setattr(client, "generate", refuse)
    made = next_token(client, prompt="Once", interactive=True)
    press(made.ask_button, made)
    assert "Failed: no &lt;such&gt; prompt" in made.status.value
    with pytest.raises(BadInput, match="such"):
        next_token(client, prompt="Once", interactive=False)


def test_another_prompt_s_bars_go_and_any_failure_is_said(monkeypatch):
    made = view(client := Sampler(GREEK))
    press(made.ask_button, made)
    assert made.chart.value

    def fail(prompt, **settings):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(client, "generate", fail)
    made.prompt.value = "Twice"
    press(made.ask_button, made)
    assert "Failed: unforeseen" in made.status.value
    assert made.chart.value == ""
    assert made.ask_button.description == "Ask"


def test_a_press_while_the_model_is_asked_blocks_nothing(monkeypatch):
    made, free = view(client := Sampler(GREEK)), threading.Event()
    ask = client.generate
    monkeypatch.setattr(client, "generate", lambda *given, **more: free.wait(20) and ask(*given, **more))
    made.ask_button.click()
    began = time.monotonic()
    made.draw_button.click()
    assert time.monotonic() - began < 10
    assert "Wait until" in made.status.value
    free.set()
    made.wait(20)
    assert made.known.draws


@pytest.mark.parametrize("wrong", [{"temperature": 6.0}, {"k": -1}, {"p": 1.0}])
def test_a_setting_out_of_range_is_refused(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        next_token(Sampler(GREEK), prompt="Once", interactive=True, **wrong)


def test_a_chat_model_is_refused_with_what_to_do_instead():
    client = Sampler(GREEK, model_id="command-r-08-2024")
    with pytest.raises(BadInput, match=r"no likelihoods.*beginnings"):
        next_token(client, prompt="Once", temperature=0.5, interactive=True)
    assert client.asked == []


def test_unattended_it_asks_at_once_and_keeps_a_table():
    made = next_token(Sampler(GREEK), prompt="Once", interactive=False, seconds=0)
    assert not hasattr(made, "widget")
    copy = made.static_copy()
    assert "| token | before | after | |" in copy
    assert "“␣alpha” | 48.0% |" in copy
    assert "█" in copy


def test_unattended_where_nothing_is_known_fresh_draws_are_kept():
    client = Sampler(from_weights([1.0] * 500))
    made = next_token(client, prompt="Once", interactive=False, seconds=0, temperature=5.0, p=0.99)
    copy = made.static_copy()
    assert "nobody has seen would decide" in copy
    assert "| drawn by the model itself | times |" in copy
    assert copy.count(" of 5 |") == len(set(made.drawn))
    assert "Press" not in copy


def test_hostile_text_is_shown_literally_everywhere():
    client = Sampler({HOSTILE: 0.9, "b": 0.1})
    made = next_token(client, prompt=HOSTILE, interactive=True, seconds=0)
    press(made.ask_button, made)
    press(made.draw_button, made)
    for html in (made.chart.value, made.status.value, made._folded().html):
        assert "<img" not in html
        assert "\u202e" not in html
        assert "⟨U+202E⟩right" in unescape(html)
    copy = made.static_copy()
    for marked in ("<img", "$x$", "**bold**", "\u202e"):
        assert marked not in copy
    assert all(line.count("|") in (0, 5) for line in copy.splitlines())


def test_the_assumed_order_is_said_where_it_is_not_established():
    client = Sampler(GREEK)
    client.session.spends_money = True
    made = next_token(client, prompt="Once", interactive=True)
    assert "documents only that p acts after k" in made.widget.children[-1].value
    assert "Assumed" in made.static_copy()
