"""Many settings, few requests: plan a sweep, run it, and read it back as a table.

`max_tokens` only cuts a text off, so the answer at the largest limit holds all the shorter ones.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import payload
from .cost_share import shares
from .cutting import Answer, cut
from .errors import BadInput
from .pace import Pace, ask_all
from .planning import KEY_NAMES, Key, Plan, Request, plan
from .progress import Progress
from .runs import RunFile, read

if TYPE_CHECKING:
    import pandas as pd

    from .generation import Client
    from .wire import Response

__all__ = ["COLUMNS", "Plan", "Request", "load", "plan", "run"]

COLUMNS = (
    *("prompt_id", "prompt", "temperature", "k", "p", "max_tokens", "repetition", "text", "tokens"),
    *("finish_reason", "likelihood", "measured", "latency_seconds"),
)


def run(
    client: "Client",
    plan: Plan,
    path: str | Path,
    *,
    concurrency: int = 8,
    progress: bool = True,
    usd_per_hour: float | None = None,
) -> "pd.DataFrame":
    """Ask for what `path` does not hold yet and return the table of `load`.

    Every answer is on the disk before it is counted: after an interrupt or an error, call it again with the
    same arguments. Raises BadInput if the file is another plan's or another run is writing to it.
    """
    if client.model.id != plan.model_id:
        raise BadInput(f"The plan is for {plan.model_id}, this endpoint runs {client.model.id}: plan again.")
    pace = Pace(concurrency)
    with RunFile(path, plan.header, _answer) as file:
        answers = _answers(file.records)
        found = len(answers)
        shown = Progress(progress)

        def ask(request: Request) -> int:
            answer = Answer.of(_ask(client, plan, request), time.time())
            file.append({**_named(request.key), **answer.record()})
            answers[request.key] = answer
            return answer.length or 0

        def heard(request: Request) -> None:
            shown.advance(len(answers), request.max_tokens)

        while missing := list(_missing(plan, answers)):
            shown.expect(len(answers) + len(missing), sum(request.max_tokens for request in missing))
            ask_all(missing, ask, pace, heard=heard)
        shown.end(_ending(plan, found, len(answers)))
    return _table(plan, answers, usd_per_hour)


def load(path: str | Path, *, usd_per_hour: float | None = None) -> "pd.DataFrame":
    """A run's table as far as it got: one row a combination and repetition, in the plan's order.

    `measured` tells a row that was asked for (it has a latency, in seconds) from one that was cut from a
    longer answer; `tokens` counts them; `likelihood` is the mean log-likelihood of a token.

    With the endpoint's price there is `cost_usd`: the price of the answer's share of the endpoint's time,
    where each moment is divided evenly among this file's requests under way (0 for a row that was cut). The
    sum is the price of the time in which the run kept the endpoint busy; the hours between are billed, too.
    """
    header, records = read(path, _answer)
    try:
        plan = Plan.from_header(header)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path} is not the file of a sweep: its first line holds no plan.") from error
    return _table(plan, _answers(records), usd_per_hour)


def _ask(client: "Client", plan: Plan, request: Request) -> "Response":
    return client.generate(
        request.prompt,
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        k=request.k,
        p=request.p,
        likelihoods="GENERATION" if plan.cuts else "NONE",
        seed=None if plan.seed is None else plan.seed + request.repetition - 1,
    )


def _named(key: Key) -> dict[str, Any]:
    return dict(zip(KEY_NAMES, key, strict=True))


def _answers(records: Iterable[Mapping[str, Any]]) -> dict[Key, Answer]:
    return dict(map(_answer, records))


def _answer(record: Mapping[str, Any]) -> tuple[Key, Answer]:
    """One record's request and answer. Raises WrongShape for a line that no sweep wrote."""
    named = record.get(KEY_NAMES[0])  # whatever the caller named the prompt, as JSON has it
    numbers = [payload.number_or_none(record, name) for name in KEY_NAMES[1:]]
    if None in numbers or not isinstance(named, str | int | float):
        raise payload.WrongShape(f"one of {', '.join(KEY_NAMES)} is missing")
    key: Any = (named, *numbers)
    return key, Answer.from_record(record)


def _missing(plan: Plan, answers: Mapping[Key, Answer]) -> Iterator[Request]:
    """The requests without an answer, the longest first; a limit that could not be cut exactly is one."""
    waiting = [request for request in plan.requests if request.key not in answers]
    yield from sorted(waiting, key=lambda request: -request.max_tokens)
    for request in plan.requests:
        if request.key in answers:
            apart = (request.at(n) for n in request.limits if _row_answer(request, n, answers) is None)
            yield from apart


def _row_answer(request: Request, limit: int, answers: Mapping[Key, Answer]) -> tuple[Answer, bool] | None:
    """The answer at that limit and whether it was asked for; None if there is none yet."""
    asked = answers.get(request.at(limit).key)
    if asked is not None:
        return asked, True
    longest = answers.get(request.key)
    shorter = None if longest is None else cut(longest, limit)
    return None if shorter is None else (shorter, False)


def _table(plan: Plan, answers: Mapping[Key, Answer], usd_per_hour: float | None) -> "pd.DataFrame":
    import pandas as pd

    rows = [
        (request, limit, found)
        for request in plan.requests
        for limit in request.limits
        if (found := _row_answer(request, limit, answers)) is not None
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


def _seconds(answers: Mapping[Key, Answer]) -> dict[Key, float]:
    """Each answer's share of the endpoint's time, of those whose times are known."""
    known = {
        key: (answer.answered_at - answer.latency_seconds, answer.answered_at)
        for key, answer in answers.items()
        if answer.answered_at is not None
    }
    return dict(zip(known, shares(list(known.values())), strict=True))


def _row(request: Request, limit: int, answer: Answer, measured: bool) -> tuple[Any, ...]:
    unknown = float("nan")
    return (
        *(request.prompt_id, request.prompt, request.temperature, request.k, request.p, limit),
        *(request.repetition, answer.text, answer.length, answer.finish_reason),
        unknown if answer.likelihood is None else answer.likelihood,
        *(measured, answer.latency_seconds if measured else unknown),
    )


def _ending(plan: Plan, found: int, answers: int) -> str:
    text = f"{plan.combinations} combinations from {answers} answers."
    return text if not found else f"{text} {found} were in the file, {answers - found} were asked for now."
