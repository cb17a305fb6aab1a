"""The runs of a playground, one at a time, in threads: a newer one stops and silences the older."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import StreamBroken
from ..generate.types import TokenLikelihood

INTERVAL = 0.06  # seconds between two updates: at most 17 a second


@dataclass(frozen=True)
class Snapshot:
    """The state of a run at one moment: `state` is "running", "finished", "stopped" or "failed".

    `tokens` is the API's count; during the stream, or without a count, that of the pieces received.
    """

    number: int
    settings: Mapping[str, Any]
    state: str
    text: str = ""
    tokens: int = 0
    seconds: float = 0.0
    finish_reason: str | None = None
    token_likelihoods: tuple[TokenLikelihood, ...] = ()
    error: Exception | None = None

    @property
    def tokens_per_second(self) -> float:
        """The mean speed, the wait for the first token included."""
        return self.tokens / self.seconds if self.seconds else 0.0


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
        self._now = replace(self._now, text=self._now.text + piece, tokens=self._now.tokens + 1)

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
    """The starter of runs, in threads or directly; only the newest reports before its end.

    `show` gets the newest run's snapshots, `keep` every run's last one.
    """

    def __init__(self, show: Callable[[Snapshot], None], keep: Callable[[Snapshot], None]) -> None:
        self._show, self._keep = show, keep
        self._lock = threading.Lock()
        self._number = 0
        self._run: Run | None = None
        self._thread: threading.Thread | None = None

    def start(self, function: Callable[..., Any], settings: Mapping[str, Any]) -> None:
        """Begin a run in a thread, stopping the one before it."""
        run = self._new(function, settings)
        self._thread = threading.Thread(target=self._finish, args=(run,), name="playground", daemon=True)
        self._thread.start()

    def run(self, function: Callable[..., Any], settings: Mapping[str, Any]) -> Snapshot:
        """Run in this thread and return the last Snapshot; raise what went wrong."""
        last = self._finish(self._new(function, settings))
        if last.error is not None:
            raise last.error
        return last

    def stop(self) -> None:
        """Stop the run under way, if there is one."""
        if self._run is not None:
            self._run.stop()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the newest run to end, at most `timeout` seconds."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _new(self, function: Callable[..., Any], settings: Mapping[str, Any]) -> Run:
        with self._lock:
            self._number += 1
            before, self._run = self._run, Run(self._number, function, settings, self._show_if_newest)
            run = self._run
        if before is not None:  # outside the lock, which its thread may be waiting for
            before.stop()
        return run

    def _show_if_newest(self, snapshot: Snapshot) -> None:
        with self._lock:  # so that nothing of an older run is shown after the newer one began
            if snapshot.number == self._number:
                self._show(snapshot)

    def _finish(self, run: Run) -> Snapshot:
        last = run.execute()
        with self._lock:  # of two that end together each sees what the other left
            self._keep(last)
        return last


def _close(stream: Any) -> None:
    getattr(stream, "stop", stream.close)()
