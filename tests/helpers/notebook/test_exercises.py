"""A checker says right to right answers, hints at what is wrong with others, and gives nothing away."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import catalog, errors
from helpers.errors import BadInput
from helpers.generate.types import Generation, Response
from helpers.notebook.exercises import EXERCISES, REFUSALS, check, verdict
from helpers.tune.plan import Plan
from helpers.tune.recommend import Recommendation

ALL = [each.type for each in catalog.instance_types()]
FITTING = [each.type for each in catalog.instance_types() if each.gpu_memory_gb * 0.8 >= 70]
PRICES = {"instance_usd": 1.408, "software_usd": 2.0}
REFUSED = {name: kind("told") for name, kind in REFUSALS.items()}
CUT = Response((Generation("People keep", "MAX_TOKENS"),))
WHOLE = Response((Generation("People keep bees.", "COMPLETE"),))
BROKEN = {"A": "timeout", "B": "throttling"}
GIVEN: dict[str, dict[str, Any]] = {"price": PRICES, "causes": {"broken": BROKEN}}
PLAN = Plan(
    "m", (("a", "b"), ("c", "d")), ((0.0, 1.0), (0,), (0.5, 0.75, 0.9)), (100, 200), 1, None, cuts=True
)
ONE = "you want one right answer; the lowest temperature with 75% good answers is 0."
ADVICE = Recommendation(0.0, 100, ONE, "sure", "advice", reached=True, clear=True, enough=True)


@dataclass
class Stream:
    text: str
    response: Response | None = None


RIGHT: dict[str, tuple[Any, ...]] = {
    "fits": (FITTING,),
    "price": (27.264, 245.376),
    "refusals": (REFUSED,),
    "finish_reasons": (CUT, WHOLE),
    "first_sentence": ("Bees make honey.", Stream("Bees make honey.")),
    "requests": (12, PLAN),
    "one_right_answer": (0, ADVICE),
    "causes": (BROKEN,),
}
FRAME = pd.DataFrame({"GPU": "x"}, index=ALL)
NEARLY: list[tuple[str, tuple[Any, ...], str]] = [
    ("fits", (FITTING[:-1],), "one more does"),
    ("fits", (FITTING[:-2],), "2 more do"),
    ("fits", (FRAME,), "has 16 GB in all"),
    ("fits", (["ml.g5"],), "no instance type 'ml.g5'"),
    ("fits", ("ml.p5.48xlarge",), "is a list"),
    ("fits", ([["ml.p5.48xlarge"]],), "is a list"),
    ("price", (27.264, None), "`forgotten` is None"),
    ("price", ("a lot", 245.376), "`working_day` is 'a lot'"),
    ("price", (11.264, 245.376), "`working_day` counts one part"),
    ("price", (27.264, 27.264), "`forgotten` counts the hours of use"),
    ("price", (20.0, 245.376), "`working_day` is too low"),
    ("price", (27.264, 300), "`forgotten` is too high"),
    ("refusals", ([errors.QuotaExceeded("told")],), "is a dict"),
    ("refusals", ({"region": REFUSED["region"]},), "quota, subscription. A call that raises nothing"),
    ("refusals", (REFUSED | {"quota": "told"},), "quota is 'told'"),
    ("refusals", (REFUSED | {"quota": errors.UnknownInstanceType},), "keep the error itself"),
    (
        "refusals",
        (REFUSED | {"quota": errors.UnknownInstanceType("no")},),
        "refused with UnknownInstanceType",
    ),
    ("finish_reasons", (CUT, None), "`whole` is None"),
    ("finish_reasons", ("People", "People keep"), "`cut` is 'People'"),
    ("finish_reasons", (WHOLE, WHOLE), "`cut` ended with COMPLETE"),
    ("finish_reasons", (CUT, CUT), "`whole` ended with MAX_TOKENS"),
    ("finish_reasons", (Response((Generation("You", "MAX_TOKENS"),)), WHOLE), "different answers"),
    ("first_sentence", (["Bees."], Stream("")), "is text"),
    ("first_sentence", ("Bees make honey.", None), "keep the stream"),
    ("first_sentence", ("Bees make", Stream("")), "no sentence ends"),
    ("first_sentence", ("Version 3.5 of bees", Stream("")), "no sentence ends"),
    ("first_sentence", ("Bees. They live in hives, many of them", Stream("")), "goes on after"),
    ("first_sentence", ("Bees make honey.", Stream("", WHOLE)), "leave the loop"),
    ("requests", (12, None), "`planned` is None"),
    ("requests", (None, PLAN), "`guess` is None"),
    ("requests", (True, PLAN), "`guess` is True"),
    ("requests", (24, PLAN), "`guess` is not what"),
    ("requests", (12, replace(PLAN, repetitions=4)), "repetitions: 4;"),
    ("requests", (12, replace(PLAN, drawn=((0.0, 1.0), (0,), (0.75,)))), "values of p: 1,"),
    ("one_right_answer", (None, ADVICE), "`guess` is None"),
    ("one_right_answer", (0, "Temperature 0"), "`advice` is 'Temperature 0'"),
    ("one_right_answer", (1, ADVICE), "another temperature"),
    ("one_right_answer", (0, replace(ADVICE, reason="you want many different answers")), "another task"),
    ("causes", ("timeout",), "is a dict"),
    ("causes", ({"A": "timeout"},), "still to find: B"),
    ("causes", ({"A": "timeout", "B": FRAME},), "still to find: B"),
    ("causes", ({"A": "timeout", "B": "rain"},), "'rain' is none of the faults: throttling, timeout"),
    ("causes", ({"A": "timeout", "B": "timeout"},), "B: another cause"),
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just(object),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
    max_leaves=5,
)


def told(name: str, *answer: object) -> str:
    return verdict(name, *answer, **GIVEN.get(name, {}))


def test_every_exercise_has_a_right_answer_here() -> None:
    assert RIGHT.keys() == EXERCISES.keys() == {name for name, _, _ in NEARLY}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_is_right(name: str) -> None:
    assert told(name, *RIGHT[name]).startswith("Right. ")


@pytest.mark.parametrize(
    "answer",
    [
        set(FITTING),
        tuple(FITTING),
        FRAME.loc[FITTING],
        FRAME.loc[FITTING].index,
        pd.Series([each in FITTING for each in ALL], ALL),
    ],
)
def test_types_are_taken_in_any_form(answer: object) -> None:
    assert told("fits", answer).startswith("Right. ")


@pytest.mark.parametrize(("name", "answer", "hint"), NEARLY)
def test_another_answer_gets_a_hint(name: str, answer: tuple[Any, ...], hint: str) -> None:
    said = told(name, *answer)
    assert said.startswith("Not yet: ")
    assert hint in said
    assert said[-1] in ".?"
    assert said[-2] not in ".?"


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("empty", [None, "", [], {}, ()])
def test_an_untouched_one_is_told_how_to_begin_and_is_no_error(
    name: str, empty: object, capsys: pytest.CaptureFixture[str]
) -> None:
    check(name, *(empty for _ in RIGHT[name]), **GIVEN.get(name, {}))
    assert capsys.readouterr().out.startswith("To begin: ")


def test_no_text_but_that_of_right_gives_the_answer_away() -> None:
    texts = [told(name, *answer) for name, answer, _ in NEARLY] + [each.begin for each in EXERCISES.values()]
    for secret in (*FITTING, "27.2", "245.3", "12", *(kind.__name__ for kind in REFUSALS.values())):
        assert not [text for text in texts if secret in text], secret


@given(st.sampled_from(sorted(RIGHT)), anything, anything)
def test_nonsense_is_never_an_error_and_never_right(name: str, first: object, second: object) -> None:
    answer = (first, second)[: len(RIGHT[name])]
    assert not told(name, *answer).startswith("Right")


@given(st.sets(st.sampled_from(ALL)))
def test_only_all_types_that_fit_and_no_others_are_right(types: set[str]) -> None:
    assert told("fits", types).startswith("Right") == (types == set(FITTING))


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_price_is_right_whatever_its_parts_are(instance: float, software: float) -> None:
    both = {"instance_usd": instance, "software_usd": software}
    assert verdict("price", 8 * (instance + software), 72 * (instance + software), **both).startswith("Right")
    assert "`forgotten`" in verdict(
        "price", 8 * (instance + software), 73 * (instance + software) + 1, **both
    )


def test_a_price_that_is_not_known_can_t_be_checked() -> None:
    assert "not known" in verdict("price", 1.0, 2.0, instance_usd=None, software_usd=2.0)


def test_what_is_quoted_is_one_visible_line(capsys: pytest.CaptureFixture[str]) -> None:
    check("fits", ["\x1b[2J\u202e<b>\n" + "x" * 1000])
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert len(said) < 300


def test_an_exercise_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match="no exercise 'fit'; there are fits, "):
        check("fit", [])
