"""The tree of beginnings as nested lists."""

import re

import pytest

from helpers.errors import BadInput
from helpers.playground.beginnings import beginnings
from tests.helpers.sampler import Sampler, from_weights

GREEK = {" alpha": 0.6, " beta": 0.4}


def trees(client=None, **given):
    return beginnings(client or Sampler(GREEK, GREEK), prompt="Once", interactive=False, **given)


def test_one_answer_at_0_and_more_the_hotter_it_is():
    shown = trees(Sampler(from_weights([0.9**n for n in range(40)])), answers=30, tokens=1)
    assert [each.temperature for each in shown.columns] == [0.0, 1.0, 5.0]
    different = [len(set(each.paths)) for each in shown.columns]
    assert different[0] == 1 < different[1]
    assert [len(each.paths) for each in shown.columns] == [30, 30, 30]
    html = shown.static_copy().html
    assert "Temperature 0: 30 answers, 1 different beginning" in html


def test_every_answer_is_in_the_lists_and_long_ones_fold():
    shown = trees(Sampler(from_weights([1.0] * 200)), temperatures=[5.0], answers=30, tokens=1)
    html = shown.static_copy().html
    counts = [int(each) for each in re.findall(r"</bdi> (\d+)", html)]
    assert sum(counts) == 30
    assert html.count("<details") == 1
    assert re.search(r"<summary>\d+ more ways to go on, \d+ answers</summary>", html)
    assert html.count("<li") == html.count("</li>") == len(counts)


def test_text_is_shown_literally_and_the_plain_copy_has_all():
    hostile = {"<b>\u202e": 0.5, " alpha": 0.5}
    shown = trees(Sampler(hostile, GREEK), temperatures=[1.0], answers=40, tokens=2)
    html, plain = shown.static_copy().html, shown._repr_mimebundle_()["text/plain"]
    assert "&lt;b&gt;⟨U+202E⟩" in html
    assert "a &lt;sampler&gt;" in html
    assert "<b>\u202e" not in html + plain
    assert "“␣alpha" in plain


def test_a_line_of_a_tree_may_break_between_words():
    html = trees(Sampler(GREEK, GREEK), temperatures=[0.0], answers=1, tokens=2).static_copy().html
    assert "<bdi>“␣alpha<wbr>␣alpha”</bdi> 1" in html


def test_nothing_of_a_tree_scrolls_or_is_cut_off():
    html = (
        trees(Sampler(from_weights([1.0] * 200)), temperatures=[5.0], answers=30, tokens=1).static_copy().html
    )
    assert not re.search("overflow(-[xy])?:|height:(?!5px)", html), "5 pixels are a bar's"


def test_a_chat_model_gets_its_own_range_and_words():
    client = Sampler({"The end": 1.0}, model_id="command-r-08-2024")
    shown = trees(client, answers=2, tokens=1)
    assert [each.temperature for each in shown.columns] == [0.0, 1.0]
    assert shown.columns[0].paths == (("The", " end"),) * 2


def test_a_temperature_out_of_range_is_refused_before_anything_is_asked():
    client = Sampler(GREEK)
    with pytest.raises(BadInput, match="temperature"):
        trees(client, temperatures=[0.0, 6.0])
    assert client.asked == []


def test_while_somebody_looks_the_trees_grow(monkeypatch):
    shown = []

    class Handle:
        def update(self, what, **_):
            shown.append(what)

    monkeypatch.setattr("IPython.display.display", lambda *args, **_: shown.append(args[0]) or Handle())
    beginnings(Sampler(GREEK), prompt="Once", temperatures=[1.0], answers=12, tokens=1, interactive=True)
    assert [len(each.columns[0].paths) for each in shown[:-1]] == [5, 10, 12]
    assert "(of 12)" in shown[0].static_copy().html


@pytest.mark.slow
@pytest.mark.parametrize("api", ["medium", "command_r"])
def test_the_sandbox_s_models_grow_trees(request, api):
    shown = trees(request.getfixturevalue(api), temperatures=[0.0], answers=3, tokens=4)
    (column,) = shown.columns
    assert len(column.paths) == 3
    assert len(set(column.paths)) == 1  # at temperature 0
