"""Load on an endpoint: so many readers at once, each streaming one answer after the other, with llmeter.

llmeter's own SageMaker endpoint reads the stream format of Hugging Face's TGI only, so `CohereEndpoint`, a
subclass of its `Endpoint`, streams through this tutorial's client.
"""

import asyncio
import logging
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from llmeter.endpoints.base import Endpoint, InvocationResponse

from ..errors import BadInput, ModelFailed
from ..generate.client import Client
from ..generate.stream import Stream
from ..notebook.progress import Progress

if TYPE_CHECKING:
    import pandas as pd
    from llmeter.results import Result

MOST_USERS, MOST_SECONDS = 256, 3600.0
KNEE = 0.9  # of the highest throughput
PATIENCE = 5.0
MOST_SAID = 160  # characters
SHARES = (50, 95)  # the percentiles of the table


class CohereEndpoint(Endpoint[Stream]):  # type: ignore[misc]
    """An endpoint of a Cohere model for llmeter's runner; payloads are the arguments of `Client.stream`."""

    def __init__(self, client: Client) -> None:
        super().__init__(client.endpoint_name, client.model.id, "cohere-on-sagemaker")
        self._client = client.without_retries()  # a throttled request is a failed one, not a slow one
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Close the streams and send no more requests, whichever threads send them."""
        self._stopped.set()

    @Endpoint.llmeter_invoke  # type: ignore[untyped-decorator]
    def invoke(self, payload: dict[str, Any]) -> Stream:
        """Send one request; llmeter's decorator measures it and reads the stream."""
        self._go_on()
        return self._client.stream(**payload)

    def process_raw_response(
        self, raw_response: Stream, start_t: float, response: InvocationResponse
    ) -> None:
        """Read the stream to its end; note the text, the tokens, and the time to the first of them."""
        with raw_response as stream:
            pieces = sum(1 for _ in stream if self._go_on())
        response.response_text = stream.text
        response.time_to_first_token = stream.time_to_first_token_seconds
        answer = stream.response
        # A chat API counts its tokens; the Generate API streams one piece of text a token.
        response.num_tokens_output = (answer.response_tokens if answer else None) or pieces
        response.num_tokens_input = answer.prompt_tokens if answer else None

    def _go_on(self) -> bool:
        if self._stopped.is_set():
            raise asyncio.CancelledError  # llmeter takes any Exception for an answer, and asks again
        return True


async def measure(
    client: Client,
    prompt: str,
    *,
    users: Sequence[int] = (1, 2, 4, 8, 16),
    seconds: float = 10.0,
    progress: bool = True,
    **settings: Any,
) -> "pd.DataFrame":
    """Send requests for so many seconds with each number of users at once; return one row for each.

    Each user sends the prompt again as soon as the answer has ended. `settings` are `generate`'s. Columns:
    `requests` that ended, `failed`, `requests_a_minute`, `first_token_p50` and `_p95` and `answer_p50` and
    `_p95` in seconds, `tokens_a_second` of all users together and `_each` of one of them, and `tokens` of an
    answer. Raises BadInput, or ModelFailed with the reason if the first requests all fail.
    """
    _check(users, seconds)
    import pandas as pd

    line = Progress(progress)
    rows = []
    line.expect(len(users), 0)
    for count in users:
        result = await _result(client, {"prompt": prompt, **settings}, count, seconds)
        rows.append(_row(count, result))
        if not any(row["requests"] for row in rows):
            raise _nothing(count, result)
        line.show(len(rows))
    line.end(f"{sum(row['requests'] for row in rows)} requests, {sum(row['failed'] for row in rows)} failed")
    return pd.DataFrame(rows).set_index("users")


async def symptoms(
    client: Client, prompt: str, *, users: int = 2, seconds: float = 3.0, **settings: Any
) -> dict[str, Any]:
    """Send requests for so many seconds and return what their senders see: times, and what failures say.

    Unlike `measure` it is no error if all fail. `first_token_p95` is in seconds, to hundredths; what most of
    the failures say is cut after MOST_SAID characters.
    """
    _check([users], seconds)
    result = await _result(client, {"prompt": prompt, **settings}, users, seconds)
    ended, failed = _ended_and_failed(result)
    said = Counter(str(each.error) for each in failed).most_common(1)
    return {
        "requests": len(result.responses),
        "failed": len(failed),
        "first_token_p95": round(_percentile(95, (each.time_to_first_token for each in ended)), 2),
        "what it says": shorten(said[0][0], MOST_SAID) if said else "",
    }


def knee(table: "pd.DataFrame") -> int:
    """Return the smallest number of users that reaches nine tenths of the highest throughput measured.

    More users than that wait longer and get hardly more text together. Numbers at which the median wait for
    the first token is PATIENCE times that of the fewest users are left out: they queue already.
    """
    patient = table[table["first_token_p50"] <= PATIENCE * table["first_token_p50"].iloc[0]]
    enough = patient["tokens_a_second"] >= KNEE * patient["tokens_a_second"].max()
    return int(patient.index[enough].min())


def _check(users: Sequence[int], seconds: float) -> None:
    if not users or any(type(each) is not int or not 1 <= each <= MOST_USERS for each in users):
        raise BadInput(f"users is {users!r}; it takes a list of whole numbers from 1 to {MOST_USERS}.")
    if type(seconds) not in (int, float) or not 0 < seconds <= MOST_SECONDS:
        raise BadInput(f"seconds is {seconds!r}; it takes a number above 0, up to {MOST_SECONDS:g}.")


async def _result(client: Client, payload: dict[str, Any], users: int, seconds: float) -> "Result":
    # read at the runner's import; the bars would stay in the page
    os.environ.setdefault("LLMETER_DISABLE_ALL_PROGRESS_BARS", "1")
    from llmeter.runner import Runner

    logging.getLogger("llmeter").setLevel(logging.CRITICAL)  # a failed request stands in the table
    endpoint = CohereEndpoint(client)
    runner = Runner(endpoint=endpoint, payload=payload, clients=users, run_duration=seconds)
    try:
        with _own_interrupts():
            return await runner.run()
    finally:
        endpoint.stop()  # its threads would go on to the end of their time


@contextmanager
def _own_interrupts() -> Iterator[None]:
    """Keep llmeter from handling signals, so that Stop ends the cell as it does any other.

    It would return what it has as if that were the whole, and leave a handler that can end the kernel.
    """

    def refuse(*_: Any) -> None:
        raise NotImplementedError  # as event loops without signals do, which llmeter allows for

    own = vars(asyncio.get_running_loop())
    own["add_signal_handler"] = refuse  # before the class's
    try:
        yield
    finally:
        own.pop("add_signal_handler", None)


def _row(users: int, result: "Result") -> dict[str, Any]:
    ended, failed = _ended_and_failed(result)
    tokens = sum(each.num_tokens_output or 0 for each in ended)
    return {
        "users": users,
        "requests": len(ended),
        "failed": len(failed),
        "requests_a_minute": 60 * len(ended) / result.total_test_time,
        **{f"first_token_p{n}": _percentile(n, (each.time_to_first_token for each in ended)) for n in SHARES},
        **{f"answer_p{n}": _percentile(n, (each.time_to_last_token for each in ended)) for n in SHARES},
        "tokens_a_second": tokens / result.total_test_time,
        "tokens_a_second_each": tokens / result.total_test_time / users,
        "tokens": tokens / len(ended) if ended else float("nan"),
    }


def _nothing(users: int, result: "Result") -> ModelFailed:
    why = str(result.responses[0].error) if result.responses else "no request ended in the time given"
    return ModelFailed(f"No request succeeded with {users} users at once: {why}", status=0, model_message=why)


def _ended_and_failed(result: "Result") -> tuple[list[InvocationResponse], list[InvocationResponse]]:
    ended = [each for each in result.responses if each.error is None]
    return ended, [each for each in result.responses if each.error is not None]


def _percentile(share: int, seconds: Iterable[float | None]) -> float:
    """Return a percentile of the times that are known; NaN without any."""
    import pandas as pd

    return float(pd.Series(list(seconds), dtype=float).quantile(share / 100))
