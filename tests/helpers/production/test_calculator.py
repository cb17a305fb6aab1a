"""The calculator's sliders: what they show is what `size` returns, and nothing is asked of anybody."""

import re

import pytest

from helpers.errors import BadInput
from helpers.production.calculator import Calculator, calculator
from helpers.production.sizing import SHAPES, Traffic, size

KNEE, USD = 231.4, 3.41


def opened(users_a_day: int = 1000) -> Calculator:
    return calculator(Traffic(users_a_day, 10), KNEE, USD, interactive=True)


def said(made: Calculator) -> str:
    return re.sub("<[^>]*>", "", made.status.value)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("users", [0, 1000, 150_000])
def test_what_it_shows_is_what_size_returns(shape: str, users: int) -> None:
    made = opened()
    made.inputs["users_a_day"].value = users
    made.inputs["shape"].value = shape
    made.inputs["percent"].value = 50
    wanted = size(Traffic(users, 10, shape), KNEE, USD, share=0.5)
    assert made.sizing == wanted
    assert f"Always on: about ${wanted.always_on_usd:,.0f} a month" in said(made)
    assert f"Scaled: about ${wanted.scaled_usd:,.0f} a month" in said(made)
    hours = re.findall(r"</div>(\d+)</td>", made.chart.value)
    assert [int(each) for each in hours] == list(wanted.instances)


def test_the_measured_figures_can_be_replaced_by_others() -> None:
    made = opened(100_000)
    made.inputs["requests_a_minute"].value = 1000.0
    made.inputs["usd_per_hour"].value = 10.0
    assert made.sizing == size(Traffic(100_000, 10), 1000.0, 10.0)


@pytest.mark.parametrize(
    ("name", "typed", "nearest"),
    [
        ("users_a_day", -1, 0),
        ("users_a_day", 10**9, 200_000),
        ("percent", 0, 10),
        ("usd_per_hour", -2.0, 0.0),
    ],
)
def test_a_typed_value_out_of_range_becomes_the_nearest_and_says_so(
    name: str, typed: float, nearest: float
) -> None:
    made = opened()
    made.inputs[name].value = typed
    assert made.inputs[name].value == nearest
    assert f"became {nearest:g}" in made.status.value


def test_unattended_it_is_text_with_the_same_figures() -> None:
    made = calculator(Traffic(100_000, 10, "evening"), KNEE, USD, interactive=False)
    assert made.inputs == {}
    text = made.static_copy()
    assert "**100,000 users a day**" in text
    assert '"evening"' in text
    assert all(each in text.replace(r"\$", "$") for each in str(made.sizing).split("\n"))


@pytest.mark.parametrize(
    ("traffic", "knee", "share", "named"),
    [
        (Traffic(300_000, 10), KNEE, 0.7, "users_a_day"),
        (Traffic(1000, 0.5), KNEE, 0.7, "requests_each"),
        (Traffic(1000, 10), 0, 0.7, "requests_a_minute"),
        (Traffic(1000, 10), KNEE, 0.01, "percent"),
    ],
)
def test_what_no_slider_reaches_is_refused(traffic: Traffic, knee: float, share: float, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        calculator(traffic, knee, USD, share=share)


def test_every_control_has_a_name_and_the_bars_are_no_words() -> None:
    made = opened()
    assert all(each.description for each in made.inputs.values())
    assert made.chart.value.count('aria-hidden="true"') == 24
    assert 'aria-label="Instances by hour of the day"' in made.chart.value
