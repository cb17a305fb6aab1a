"""The sweep: many settings from few requests, stored as they come and read back as a table.

`max_tokens` only cuts a text off, so the answer at the largest limit holds all the shorter ones.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..errors import BadInput, TutorialError
from ..notebook.progress import Progress
from ..records.journal import Journal
from .concurrency import ConcurrencyLimit, run_all
from .plan import KEY_NAMES, Key, Plan, Request, plan
from .table import COLUMNS, answer_of, answers_of, load, pace, row_answer, table_of
from .truncation import Answer

if TYPE_CHECKING:
    import pandas as pd

    from ..generate.client import Client
    from ..generate.types import Response

__all__ = ["COLUMNS", "Plan", "Request", "load", "pace", "plan", "run"]


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
    same arguments. Answers are streamed, as a plain call has 60 seconds and a stream 8 minutes: one token is
    asked for first, to see that a stream brings what a plain call does. Raises BadInput if the file is
    another plan's or another run is writing to it.
    """
    if client.model.id != plan.model_id:
        raise BadInput(f"The plan is for {plan.model_id}, this endpoint runs {client.model.id}: plan again.")
    # The concurrency limit must hear of a throttle at once; a pause is no part of a latency or its cost.
    once, limit = client.without_retries(), ConcurrencyLimit(concurrency)
    with Journal(path, plan.header, answer_of) as file:
        answers = answers_of(file.records)
        found = len(answers)
        shown, streams = Progress(progress), False

        def ask(request: Request) -> int:
            response = _stream(once, plan, request, shown) if streams else _generate(once, plan, request)
            answer = Answer.of(response, time.time())
            file.append({**_named(request.key), **answer.record()})
            answers[request.key] = answer
            if not streams:
                shown.arrived(answer.length or 0)
            return answer.length or 0

        def heard(request: Request) -> None:
            shown.answered(request.max_tokens, answers[request.key].length or 0)

        while missing := list(_missing(plan, answers)):
            shown.expect(len(answers) + len(missing), sum(request.max_tokens for request in missing))
            streams = streams or _streams(client, plan, missing[0])  # a throttle is no answer
            run_all(missing, ask, limit, heard=heard, tick=lambda: shown.show(len(answers)))
        shown.end(_ending(plan, found, len(answers)))
    return table_of(plan, answers, usd_per_hour)


def _streams(client: "Client", plan: Plan, request: Request) -> bool:
    """Return whether a stream works, and lists the tokens that shorter answers are cut from.

    Cohere documents no likelihoods for a stream's last event (OpenAPI, SingleGenerationInStream).
    """
    from botocore.exceptions import ClientError  # here, as importing the sweep is to be light

    try:
        with client.stream(request.prompt, max_tokens=1, likelihoods=_likelihoods(plan)) as stream:
            for _ in stream:
                pass
    except (TutorialError, ClientError):  # such as a ValidationError, which has no error of its own
        return False
    answer = Answer.of(cast("Response", stream.response))
    return bool(answer.tokens) or not plan.cuts


def _stream(client: "Client", plan: Plan, request: Request, shown: Progress) -> "Response":
    """Ask for a stream and count its tokens as they arrive; those of one that breaks are taken back."""
    count = 0
    try:
        with client.stream(request.prompt, **_settings(plan, request)) as stream:
            for _ in stream:
                shown.arrived()
                count += 1
    except BaseException:
        shown.arrived(-count)
        raise
    response = cast("Response", stream.response)  # a stream that ends without one raises
    shown.arrived((Answer.of(response).length or count) - count)  # a piece may be several tokens
    return response


def _generate(client: "Client", plan: Plan, request: Request) -> "Response":
    return client.generate(request.prompt, **_settings(plan, request))


def _settings(plan: Plan, request: Request) -> dict[str, Any]:
    return {
        "max_tokens": request.max_tokens,
        **request.drawn_by,
        "likelihoods": _likelihoods(plan),
        "seed": None if plan.seed is None else plan.seed + request.repetition - 1,
    }


def _likelihoods(plan: Plan) -> str:
    return "GENERATION" if plan.cuts else "NONE"


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
