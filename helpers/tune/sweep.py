"""The sweep: many settings from few requests, stored as they come and read back as a table.

`max_tokens` only cuts a text off, so the answer at the largest limit holds all the shorter ones.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..notebook.progress import Progress
from ..records.journal import Journal
from .concurrency import ConcurrencyLimit, run_all
from .plan import KEY_NAMES, Key, Plan, Request, plan
from .table import COLUMNS, answer_of, answers_of, load, row_answer, table_of
from .truncation import Answer

if TYPE_CHECKING:
    import pandas as pd

    from ..generate.client import Client
    from ..generate.types import Response

__all__ = ["COLUMNS", "Plan", "Request", "load", "plan", "run"]


def run(
    client: "Client",
    plan: Plan,
    path: str | Path,
    *,
    concurrency: int = 8,
    progress: bool = True,
    usd_per_hour: float | None = None,
) -> "pd.DataFrame":
    """Ask for the answers that `path` does not hold yet and return the table of `load`.

    Every answer is on the disk before it is counted: after an interrupt or an error, call it again with the
    same arguments. Raises BadInput if the file is another plan's or another run is writing to it.
    """
    if client.model.id != plan.model_id:
        raise BadInput(f"The plan is for {plan.model_id}, this endpoint runs {client.model.id}: plan again.")
    # The concurrency limit must hear of a throttle at once; a pause is no part of a latency or its cost.
    once, limit = client.without_retries(), ConcurrencyLimit(concurrency)
    with Journal(path, plan.header, answer_of) as file:
        answers = answers_of(file.records)
        found = len(answers)
        shown = Progress(progress)

        def ask(request: Request) -> int:
            answer = Answer.of(_ask(once, plan, request), time.time())
            file.append({**_named(request.key), **answer.record()})
            answers[request.key] = answer
            return answer.length or 0

        def heard(request: Request) -> None:
            shown.advance(len(answers), request.max_tokens)

        while missing := list(_missing(plan, answers)):
            shown.expect(len(answers) + len(missing), sum(request.max_tokens for request in missing))
            run_all(missing, ask, limit, heard=heard)
        shown.end(_ending(plan, found, len(answers)))
    return table_of(plan, answers, usd_per_hour)


def _ask(client: "Client", plan: Plan, request: Request) -> "Response":
    return client.generate(
        request.prompt,
        max_tokens=request.max_tokens,
        **request.drawn_by,
        likelihoods="GENERATION" if plan.cuts else "NONE",
        seed=None if plan.seed is None else plan.seed + request.repetition - 1,
    )


def _named(key: Key) -> dict[str, Any]:
    return dict(zip(KEY_NAMES, key, strict=True))


def _missing(plan: Plan, answers: Mapping[Key, Answer]) -> Iterator[Request]:
    """Yield requests without an answer, the longest first, and limits that could not be cut exactly."""
    waiting = [request for request in plan.requests if request.key not in answers]
    yield from sorted(waiting, key=lambda request: -request.max_tokens)
    for request in plan.requests:
        if request.key in answers:
            apart = (request.at(n) for n in request.limits if row_answer(request, n, answers) is None)
            yield from apart


def _ending(plan: Plan, found: int, answers: int) -> str:
    text = f"{plan.combinations} combinations from {answers} answers."
    return text if not found else f"{text} {found} were in the file, {answers - found} were asked for now."
