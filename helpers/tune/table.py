"""A sweep's journal read as a table: one row a combination and repetition."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..catalog.settings import DRAWN_BY
from ..errors import BadInput
from ..records import payload
from ..records.journal import read
from .cost_share import shares
from .plan import KEY_NAMES, Key, Plan, Request
from .truncation import Answer, truncate

if TYPE_CHECKING:
    import pandas as pd


COLUMNS = (
    *("prompt_id", "prompt", *DRAWN_BY, "max_tokens", "repetition", "text", "tokens"),
    *("finish_reason", "likelihood", "measured", "latency_seconds"),
)


def load(path: str | Path, *, usd_per_hour: float | None = None) -> "pd.DataFrame":
    """Return a run's table so far: one row a combination and repetition, in the plan's order.

    `measured` tells a row that was asked for (it has a latency, in seconds) from one that was cut from a
    longer answer; `tokens` is the text's length; `likelihood` is the mean log-likelihood of a token.

    With the endpoint's price there is `cost_usd`: the price of the answer's share of the endpoint's time,
    where each moment is divided evenly among this file's requests under way (0 for a row that was cut). The
    sum is the price of the time in which the run kept the endpoint busy; the hours between are billed, too.
    """
    header, records = read(path, answer_of)
    try:
        plan = Plan.from_header(header)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path} is not the file of a sweep: its first line holds no plan.") from error
    return table_of(plan, answers_of(records), usd_per_hour)


def pace(path: str | Path) -> float | None:
    """Return how many tokens a second a run's answers brought together, while any was under way.

    None where there is no answer yet, or where the API counts no tokens.
    """
    answers = answers_of(read(path, answer_of)[1])
    tokens, seconds = sum(each.length or 0 for each in answers.values()), sum(_seconds(answers).values())
    return tokens / seconds if tokens and seconds else None


def answers_of(records: Iterable[Mapping[str, Any]]) -> dict[Key, Answer]:
    """Return the answers in a journal's records, by the request that each answers."""
    return dict(map(answer_of, records))


def answer_of(record: Mapping[str, Any]) -> tuple[Key, Answer]:
    """Return a record's request and answer; raise WrongShape for a line that no sweep wrote."""
    named = record.get(KEY_NAMES[0])  # the caller's id of the prompt, of any JSON type
    numbers = [payload.number_or_none(record, name) for name in KEY_NAMES[1:]]
    if None in numbers or not isinstance(named, str | int | float):
        raise payload.WrongShape(f"one of {', '.join(KEY_NAMES)} is missing")
    key: Any = (named, *numbers)
    return key, Answer.from_record(record)


def row_answer(request: Request, limit: int, answers: Mapping[Key, Answer]) -> tuple[Answer, bool] | None:
    """Return the answer at that limit and whether it was asked for (not cut); None if there is none yet."""
    asked = answers.get(request.at(limit).key)
    if asked is not None:
        return asked, True
    longest = answers.get(request.key)
    shorter = None if longest is None else truncate(longest, limit)
    return None if shorter is None else (shorter, False)


def table_of(plan: Plan, answers: Mapping[Key, Answer], usd_per_hour: float | None) -> "pd.DataFrame":
    """Return the answers so far as the table of `load`."""
    import pandas as pd

    rows = [
        (request, limit, found)
        for request in plan.requests
        for limit in request.limits
        if (found := row_answer(request, limit, answers)) is not None
    ]
    table = pd.DataFrame(
        [_row(request, limit, *found) for request, limit, found in rows], columns=list(COLUMNS)
    )
    if usd_per_hour is not None:
        seconds = _seconds(answers)
        table["cost_usd"] = [
            (seconds.get(request.at(limit).key, float("nan")) if measured else 0.0) / 3600 * usd_per_hour
            for request, limit, (_, measured) in rows
        ]
    return table


def equal(times: int) -> list[str]:
    """Say that some texts are one and the same; nothing of a single one."""
    return [f"{times} times the same text"] if times > 1 else []


def facts(row: Mapping[str, Any]) -> list[str]:
    """Say how many tokens a row's answer has and why it ended, each where it is known."""
    tokens, reason = row["tokens"], row["finish_reason"]
    counted = [] if tokens is None or tokens != tokens else [f"{tokens:.0f} tokens"]
    return [*counted, *([reason] if isinstance(reason, str) else [])]  # None, or pandas' NaN, is no reason


def _seconds(answers: Mapping[Key, Answer]) -> dict[Key, float]:
    """Return each answer's share of the endpoint's time, in seconds, where its times are known."""
    known = {
        key: (answer.answered_at - answer.latency_seconds, answer.answered_at)
        for key, answer in answers.items()
        if answer.answered_at is not None
    }
    return dict(zip(known, shares(list(known.values())), strict=True))


def _row(request: Request, limit: int, answer: Answer, measured: bool) -> tuple[Any, ...]:
    unknown = float("nan")
    return (
        *(request.prompt_id, request.prompt, *request.drawn_by.values(), limit),
        *(request.repetition, answer.text, answer.length, answer.finish_reason),
        unknown if answer.likelihood is None else answer.likelihood,
        *(measured, answer.latency_seconds if measured else unknown),
    )
