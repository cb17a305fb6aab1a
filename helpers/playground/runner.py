"""The runs of a playground, in threads, one or several at once: newer ones stop and silence the older."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import StreamBroken
from ..generate.types import TokenLikelihood

INTERVAL = 0.06  # seconds between two updates: at most 17 a second


@dataclass(frozen=True)
class Snapshot:
    """The state of a run at one moment: `state` is "running", "finished", "stopped" or "failed".

    `tokens` is the API's count; during the stream, or without a count, that of the pieces received.
    `first_seconds` is the time to the first token; None where the text came as a whole, or not yet.
    """

    number: int
    settings: Mapping[str, Any]
    state: str
    text: str = ""
    tokens: int = 0
    seconds: float = 0.0
    first_seconds: float | None = None
    finish_reason: str | None = None
    token_likelihoods: tuple[TokenLikelihood, ...] = ()
    error: Exception | None = None

    @property
    def tokens_per_second(self) -> float:
        """The mean speed, the wait for the first token included."""
        return self.tokens / self.seconds if self.seconds else 0.0


Call = tuple[Mapping[str, Any], Callable[[Snapshot], None]]  # its settings, and what shows its snapshots


class Run:
    """One call of `function`, which returns a Stream, a Response or a text; `report` gets each Snapshot."""

    def __init__(
        self,
        number: int,
        function: Callable[..., Any],
        settings: Mapping[str, Any],
        report: Callable[[Snapshot], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._function, self._report_to, self._clock = function, report, clock
        self._stopped = threading.Event()
        self._stream: Any = None
        self._started = clock()
        self._now = Snapshot(number, dict(settings), "running")

    def execute(self) -> Snapshot:
        """Run to the end and return the last Snapshot; what goes wrong is in its `error`."""
        self._started = shown = self._clock()
        self._report()
        try:
            answer = self._function(**self._now.settings)
            if hasattr(answer, "close") and hasattr(answer, "__iter__"):
                self._stream = answer
                if self._stopped.is_set():  # by Stop, while the request was on its way
                    _close(answer)
                for piece in answer:
                    if self._stopped.is_set():
                        break
                    self._add(piece)
                    if self._clock() - shown >= INTERVAL:
                        shown = self._clock()
                        self._report()
                answer = answer.response
            self._now = self._finished(answer)
        except Exception as error:  # not swallowed: the snapshot's `error` shows or raises it
            partial = error.partial_text if isinstance(error, StreamBroken) else self._now.text
            self._now = replace(self._now, state="failed", text=partial, error=error)
        except BaseException:  # an interrupt must not leave the endpoint computing
            self.stop()
            raise
        if self._stopped.is_set():
            self._now = replace(self._now, state="stopped", error=None)
        self._report()
        return self._now

    def stop(self) -> None:
        """Stop the run, from any thread: close the connection, so that the endpoint stops computing."""
        self._stopped.set()
        if self._stream is not None:
            _close(self._stream)

    def _add(self, piece: str) -> None:
        now, first = self._now, self._now.first_seconds
        if first is None:
            first = self._clock() - self._started
        self._now = replace(now, text=now.text + piece, tokens=now.tokens + 1, first_seconds=first)

    def _report(self) -> None:
        self._now = replace(self._now, seconds=self._clock() - self._started)
        self._report_to(self._now)

    def _finished(self, answer: Any) -> Snapshot:
        """Return the last Snapshot, with the whole answer's facts; a stopped stream has no answer."""
        if isinstance(answer, str):
            return replace(self._now, state="finished", text=answer)
        if answer is None:
            return replace(self._now, state="finished")
        generation = answer.generations[0]
        listed = generation.token_likelihoods
        return replace(
            self._now,
            state="finished",
            text=answer.text,
            tokens=len(listed) or answer.response_tokens or self._now.tokens,
            finish_reason=generation.finish_reason,
            token_likelihoods=listed,
        )


class Runner:
    """The starter of runs, in threads or directly; only the newest report before their end.

    `keep` gets every run's last Snapshot.
    """

    def __init__(self, keep: Callable[[Snapshot], None]) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._first = 1  # the number of the first of the newest runs
        self._runs: tuple[Run, ...] = ()
        self._threads: tuple[threading.Thread, ...] = ()

    def start(self, function: Callable[..., Any], *calls: Call) -> None:
        """Begin a run of each call, all at once, each in a thread, stopping those before them."""
        threads = [
            threading.Thread(target=self._finish, args=(run,), name="playground", daemon=True)
            for run in self._new(function, calls)
        ]
        self._threads = tuple(threads)
        for each in threads:
            each.start()

    def run(self, function: Callable[..., Any], call: Call) -> Snapshot:
        """Run in this thread and return the last Snapshot; raise what went wrong."""
        (run,) = self._new(function, [call])
        last = self._finish(run)
        if last.error is not None:
            raise last.error
        return last

    def stop(self) -> None:
        """Stop the runs under way, if there are any."""
        for each in self._runs:
            each.stop()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the newest runs to end, for each at most `timeout` seconds."""
        for each in self._threads:
            each.join(timeout)

    def _new(self, function: Callable[..., Any], calls: Sequence[Call]) -> tuple[Run, ...]:
        with self._lock:
            before, self._first = self._runs, self._first + len(self._runs)
            runs = self._runs = tuple(
                Run(number, function, settings, self._if_newest(self._first, show))
                for number, (settings, show) in enumerate(calls, self._first)
            )
        for each in before:  # outside the lock, which its thread may be waiting for
            each.stop()
        return runs

    def _if_newest(self, first: int, show: Callable[[Snapshot], None]) -> Callable[[Snapshot], None]:
        def report(snapshot: Snapshot) -> None:
            with self._lock:  # so that nothing of an older run is shown after the newer one began
                if first == self._first:
                    show(snapshot)

        return report

    def _finish(self, run: Run) -> Snapshot:
        last = run.execute()
        with self._lock:  # of two that end together each sees what the other left
            self._keep(last)
        return last


def _close(stream: Any) -> None:
    getattr(stream, "stop", stream.close)()
