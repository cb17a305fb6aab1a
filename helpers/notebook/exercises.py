"""Checks of a reader's answers to the notebooks' exercises: right, or a hint. Nothing is sent, nothing costs.

Answers are compared by structure (names, amounts, finish reasons, kinds of error), never by a model's words.
A hint names what is wrong with the answer, never the right one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import catalog, errors
from ..catalog.settings import DRAWN_BY
from ..connect.consent import is_amount, shown
from ..errors import BadInput
from .display import wrapped
from .markup import visible

SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*(?=\s|$)")
LONGEST_TAIL = 20  # characters: what the piece that ended the sentence may have brought along
COMMAND_R_GB, ROOM = 35 * 2, 0.8  # float16 weights; the share of the memory that is for weights
REFUSALS = {
    "region": errors.UnsupportedRegion,
    "quota": errors.QuotaExceeded,
    "subscription": errors.NotSubscribed,
}
NOT_AN_ERROR = "keep the error itself: in `except TutorialError as error`, it is `error`"


@dataclass(frozen=True)
class Exercise:
    """How to begin, what to learn from the right answer, and the hint for another ("": it is right)."""

    begin: str
    learned: str
    hint: Callable[..., str]


def check(name: str, *answer: object, **given: object) -> None:
    """Print whether the answer to the exercise is right, or a hint; for None, or nothing in it, how to begin.

    `given` are values of the notebook that the right answer depends on. No answer, of whatever type, is an
    error; BadInput is raised for a name that no exercise has.
    """
    print(wrapped(visible(verdict(name, *answer, **given))))


def verdict(name: str, *answer: object, **given: object) -> str:
    """Return what `check` prints: it begins with "To begin", "Not yet" or "Right"."""
    if name not in EXERCISES:
        raise BadInput(f"There is no exercise {name!r}; there are {', '.join(EXERCISES)}.")
    exercise = EXERCISES[name]
    if all(each is None or _is_empty(each) for each in answer):
        return f"To begin: {exercise.begin}"
    hint = exercise.hint(*answer, **given)
    if not hint:
        return f"Right. {exercise.learned}"
    return f"Not yet: {hint}{'' if hint.endswith('?') else '.'}"


def _is_empty(answer: object) -> bool:
    return isinstance(answer, str | bytes | Mapping | list | tuple | set) and not answer


def _fits(answer: object) -> str:
    names = _names(answer)
    if names is None:
        return "the answer is a list of instance types, or the rows of the table that fit"
    types = {each.type: each for each in catalog.instance_types()}
    if unknown := [each for each in names if each not in types]:
        return f"the table has no instance type {shown(unknown[0])}"
    fitting = [each.type for each in types.values() if each.gpu_memory_gb * ROOM >= COMMAND_R_GB]
    if small := [types[str(each)] for each in names if each not in fitting]:
        has = f"{small[0].type} has {small[0].gpu_memory_gb} GB in all, and a fifth of it is for the cache"
        return f"{has}: what is left is too little for the weights"
    missing = len(fitting) - len(names)
    more = "one more does" if missing == 1 else f"{missing} more do"
    hint = f"these hold it, and {more}. Weights can be cut over all GPUs of an instance"
    return hint if missing else ""


def _names(answer: Any) -> list[object] | None:
    """Return the instance types of rows, of a column of True and False, or of a list; None otherwise."""
    if hasattr(answer, "iloc"):  # pandas'
        answer = (answer[answer] if str(getattr(answer, "dtype", "")) == "bool" else answer).index
    if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
        return None
    try:
        return list(dict.fromkeys(answer))
    except TypeError:  # a list of lists, say
        return None


def _price(working_day: object, forgotten: object, *, instance_usd: object, software_usd: object) -> str:
    if not (is_amount(instance_usd) and is_amount(software_usd)):
        return (
            "a part of this model's price is not known here, so no answer can be checked; try another model"
        )
    parts: tuple[float, float] = (instance_usd, software_usd)  # type: ignore[assignment]
    wanted = {"working_day": (working_day, 8), "forgotten": (forgotten, 72)}
    hints = (_amount(name, told, hours, parts) for name, (told, hours) in wanted.items())
    return next((hint for hint in hints if hint), "")


def _amount(name: str, told: object, hours: int, parts: tuple[float, float]) -> str:
    if not is_amount(told):
        return f"`{name}` is {shown(told)}; it takes a number of dollars"
    usd = float(told)  # type: ignore[arg-type]
    if abs(usd - hours * sum(parts)) < 0.01:
        return ""
    if any(abs(usd - hours * part) < 0.01 for part in parts):
        return f"`{name}` counts one part of the price alone: an hour costs the instance and the software"
    if hours != 8 and abs(usd - 8 * sum(parts)) < 0.01:
        return f"`{name}` counts the hours of use; it costs for as long as it exists"
    return f"`{name}` is too {'low' if usd < hours * sum(parts) else 'high'}: count the hours, then the parts"


def _refusals(answer: object) -> str:
    if not isinstance(answer, Mapping):
        return f"the answer is a dict with the keys {', '.join(REFUSALS)}"
    if missing := [name for name in REFUSALS if answer.get(name) is None]:
        return f"still to find: {', '.join(missing)}. A call that raises nothing has found no obstacle"
    for name, wanted in REFUSALS.items():
        got = answer[name]
        if not isinstance(got, BaseException):
            return f"{name} is {shown(got)}; {NOT_AN_ERROR}"
        if not isinstance(got, wanted):
            return f"{name} was refused with {type(got).__name__}, for another reason: read its message"
    return ""


def _finish_reasons(cut: object, whole: object) -> str:
    reasons, texts = [], []
    for name, answer in (("cut", cut), ("whole", whole)):
        generations = getattr(answer, "generations", None)
        if not generations or not isinstance(generations, tuple):
            return f"`{name}` is {shown(answer)}; it is to be what client.generate returns, with all it tells"
        reasons.append(getattr(generations[0], "finish_reason", None))
        texts.append(str(getattr(generations[0], "text", "")))
    if reasons[0] != "MAX_TOKENS":
        return f"`cut` ended with {reasons[0]}, so nothing was cut off: give it fewer tokens"
    if reasons[1] != "COMPLETE":
        return f"`whole` ended with {reasons[1]}, so it is not whole: give it more tokens"
    if not texts[1].startswith(texts[0]):
        return "the two are different answers. At which temperature is it the same one each time?"
    return ""


def _first_sentence(text: object, stream: object) -> str:
    if not isinstance(text, str):
        return f"`first_sentence` is {shown(text)}; it is text, the pieces put together"
    if not hasattr(stream, "response") or not hasattr(stream, "text"):
        return "keep the stream under the name `stream`: with client.stream(...) as stream"
    end = SENTENCE_END.search(text.strip())
    if end is None:
        return "no sentence ends in it: go on until a piece has a full stop, ! or ?"
    if len(text.strip()) - end.end() > LONGEST_TAIL:
        return "it goes on after the first sentence: leave the loop as soon as one has ended"
    if stream.response is not None:
        return "the model wrote to its end, and you waited: leave the loop with `break`"
    return ""


def _requests(guess: object, planned: object) -> str:
    drawn = getattr(planned, "drawn", ())
    values_of = dict(zip(DRAWN_BY, drawn, strict=False)) if isinstance(drawn, tuple) else {}
    found = [getattr(planned, "prompts", None), values_of.get("p"), getattr(planned, "requests", None)]
    if not all(isinstance(each, tuple) for each in found):
        return f"`planned` is {shown(planned)}; it is to be what sweep.plan returns, which sends nothing"
    prompts, values, requests = (len(each) for each in found if isinstance(each, tuple))
    each_asked = getattr(planned, "repetitions", None)
    if (prompts, values, each_asked) != (2, 3, 1):
        has = f"prompts: {prompts}, values of p: {values}, repetitions: {shown(each_asked)}"
        return f"`planned` has {has}; the exercise wants 2, 3 and 1"
    if type(guess) is not int:
        return f"`guess` is {shown(guess)}; write down the number that you expect, then compare"
    if guess != requests:
        return "`guess` is not what print(planned.describe()) says. Which values need an answer of their own?"
    return ""


def _one_right_answer(guess: object, advice: object) -> str:
    temperature, reason = getattr(advice, "temperature", None), getattr(advice, "reason", None)
    if not is_amount(temperature) or not isinstance(reason, str):
        return f"`advice` is {shown(advice)}; it is to be what recommend returns"
    if "one right answer" not in reason:
        return "this advice is for another task: `want` says how many different good answers it has"
    if not is_amount(guess):
        return f"`guess` is {shown(guess)}; write down the temperature that you expect, then compare"
    if guess != temperature:
        return "the advice names another temperature than `guess`: its *Why* says what decides"
    return ""


def _causes(answer: object, *, broken: object) -> str:
    if not (isinstance(answer, Mapping) and isinstance(broken, Mapping)):
        return "the answer is a dict with the letters of the table, and a fault's name for each"
    if missing := [letter for letter in broken if not isinstance(answer.get(letter), str)]:
        return f"still to find: {', '.join(missing)}"
    if unknown := [answer[letter] for letter in broken if answer[letter] not in broken.values()]:
        return f"{shown(unknown[0])} is none of the faults: {', '.join(sorted(broken.values()))}"
    wrong = [letter for letter, fault in broken.items() if answer[letter] != fault]
    return f"{', '.join(wrong)}: another cause. Look at all columns, and at what is missing" if wrong else ""


EXERCISES = {
    "fits": Exercise(
        "put the names of the instance types that hold the model into `answer`, and run this cell again.",
        "What counts is the memory of all GPUs together; that is what partitioning is for.",
        _fits,
    ),
    "price": Exercise(
        "put two amounts in dollars into `working_day` and `forgotten`, and run this cell again.",
        "An endpoint costs from its creation to its deletion, whether or not anyone asks it anything.",
        _price,
    ),
    "refusals": Exercise(
        "make each of the three calls within try / except TutorialError, keep the error in `refused`, and "
        "run this cell again.",
        "Three things that would stop a deployment, each found before anything was created.",
        _refusals,
    ),
    "finish_reasons": Exercise(
        "ask the question twice, with two values of max_tokens, and keep both answers.",
        "The longer answer begins with the shorter one: max_tokens only cuts.",
        _finish_reasons,
    ),
    "first_sentence": Exercise(
        "open a stream, add its pieces to `first_sentence`, and leave the loop after one sentence.",
        "You had your sentence before the model had finished, and its other tokens were not waited for.",
        _first_sentence,
    ),
    "requests": Exercise(
        "write your number into `guess`, then make the plan, which sends nothing, and run this cell again.",
        "Every temperature, p and prompt needs an answer of its own; a limit only where none can be cut.",
        _requests,
    ),
    "one_right_answer": Exercise(
        "write the temperature that you expect into `guess`, then ask `recommend`, and run this cell again.",
        "Where one answer is right, variety is worth nothing, so the lowest good temperature wins.",
        _one_right_answer,
    ),
    "causes": Exercise(
        "put the letters and the names of their faults into `causes`, and run this cell again.",
        "Four say what they are in their errors; a queue says nothing, and shows in the times alone.",
        _causes,
    ),
}
