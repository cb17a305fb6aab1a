"""Adaptive concurrency: many requests at once, but never more than the endpoint bears."""

import _thread
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from ..errors import BadInput, ModelFailed, StreamBroken, Throttled

START = 8  # requests: one prompt's six temperatures fit; more only while throughput grows
GROWTH = 1.05  # a wider window must bring at least this much more throughput to be worth it
LONGEST_PAUSE = 30.0  # seconds
THROTTLED_ROUNDS = 8  # rounds in a row without one answer, before the caller hears of it
ATTEMPTS = 3  # of one request, when the model's container fails or its stream breaks
TICK = 0.2  # seconds, at most, between two calls of `tick`
_STARTING_SECONDS = 1.0  # what a started thread may take to run on a busy machine

Request = TypeVar("Request", bound=Hashable)


class ConcurrencyLimit:
    """The number of requests that may be under way: it grows with throughput, and halves on a throttle."""

    def __init__(self, ceiling: int, clock: Callable[[], float] = time.monotonic) -> None:
        if isinstance(ceiling, bool) or not isinstance(ceiling, int) or ceiling < 1:
            raise BadInput(f"concurrency is {ceiling!r}; it takes a whole number from 1.")
        self.ceiling = ceiling
        self.value = min(START, ceiling)
        self.rounds_throttled = 0
        self.clock = clock
        self.resume_at = self._halved_at = float("-inf")
        self._best = 0.0
        self._new_window()

    def answered(self, tokens: int) -> None:
        """Count an answer; after `value` of them compare the throughput with the best so far."""
        self.rounds_throttled = 0
        self._answers += 1
        self._tokens += tokens
        if self._answers < self.value:
            return
        rate = self._tokens / max(self.clock() - self._since, 1e-9)
        if rate > self._best * GROWTH:
            step = 1 if self._halved_at > float("-inf") else max(1, self.value // 2)
            self.value = min(self.ceiling, self.value + step)
            self._best = rate
        self._new_window()

    def slowed(self, sent_at: float) -> None:
        """Halve and pause, unless the throttled request was sent before the last halving."""
        if sent_at < self._halved_at:
            return
        self.value = max(1, self.value // 2)
        self.rounds_throttled += 1
        self._halved_at, self._best = self.clock(), 0.0
        self.resume_at = self._halved_at + min(LONGEST_PAUSE, 0.25 * 2**self.rounds_throttled)
        self._new_window()

    def _new_window(self) -> None:
        self._answers, self._tokens, self._since = 0, 0, self.clock()


def run_all(
    requests: Iterable[Request],
    ask: Callable[[Request], int],
    limit: ConcurrencyLimit,
    *,
    heard: Callable[[Request], None] = lambda request: None,
    tick: Callable[[], None] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Call `ask` for every request in threads; it stores the answer and returns its number of tokens.

    Throttled requests go back into the queue; a failing container, or one whose stream breaks, is asked up to
    three times. On any other error, and on an interrupt, it awaits the answers under way, which are paid for,
    and then raises. `heard` is called in the caller's thread for each answer, `tick` again and again.
    """
    queue, failures = deque(requests), Counter[Request]()
    crew = _Crew(ask)
    try:
        while queue or crew.threads:
            pause = limit.resume_at - limit.clock()
            if pause <= 0:
                while queue and len(crew.threads) < limit.value:
                    crew.send(queue.popleft(), limit.clock())
            elif not crew.threads:
                sleep(pause)
                continue
            arrived = crew.next(timeout=min(pause, TICK) if pause > 0 else TICK)
            tick()
            if arrived is None:
                continue
            request, sent_at, outcome = arrived
            if isinstance(outcome, int):
                limit.answered(outcome)
                heard(request)
            elif isinstance(outcome, Throttled) and limit.rounds_throttled < THROTTLED_ROUNDS:
                limit.slowed(sent_at)
                queue.append(request)
            elif _may_succeed(outcome, limit.value) and failures[request] < ATTEMPTS - 1:
                failures[request] += 1
                limit.slowed(sent_at)
                queue.append(request)
            else:
                raise outcome
    except KeyboardInterrupt:
        waiting = "Interrupted: waiting for the answers under way. Interrupt again to drop them."
        print(waiting, file=sys.stderr)
        raise
    finally:
        crew.wait()


class _Crew(Generic[Request]):
    """A pool of one thread a request; an interrupt inside ThreadPoolExecutor's wait() can leave locks held.

    The threads store the answers: an interrupt reaches only the main thread, so it can't tear a line.
    """

    def __init__(self, ask: Callable[[Request], int]) -> None:
        self._ask = ask
        self._outcomes: SimpleQueue[tuple[_Asking, Request, float, int | BaseException]] = SimpleQueue()
        self.threads: set[_Asking] = set()

    def send(self, request: Request, sent_at: float) -> None:
        thread = _Asking(partial(self._work, request, sent_at))
        self.threads.add(thread)
        thread.start()

    def next(self, timeout: float) -> tuple[Request, float, int | BaseException] | None:
        """Return the next outcome; None if there was none in `timeout` seconds."""
        try:
            thread, request, sent_at, outcome = self._outcomes.get(timeout=timeout)
        except Empty:
            return None
        self.threads.discard(thread)
        return request, sent_at, outcome

    def wait(self) -> None:
        for thread in self.threads:
            if thread.runs.wait(_STARTING_SECONDS):
                thread.ended.wait()

    def _work(self, request: Request, sent_at: float, thread: "_Asking") -> None:
        try:
            outcome: int | BaseException = self._ask(request)
        except BaseException as error:  # not swallowed: run_all raises it in the caller's thread
            outcome = error
        self._outcomes.put((thread, request, sent_at, outcome))


class _Asking:
    """A thread that itself reports that it runs and that it has ended.

    Not a threading.Thread: its start() waits, and an interrupt there can end in a RuntimeError of its lock's.
    """

    def __init__(self, work: Callable[["_Asking"], None]) -> None:
        self._work = work
        self.runs, self.ended = threading.Event(), threading.Event()

    def start(self) -> None:
        _thread.start_new_thread(self._run, ())

    def _run(self) -> None:
        self.runs.set()
        try:
            self._work(self)
        finally:
            self.ended.set()


def _may_succeed(outcome: object, at_once: int) -> bool:
    """Return whether the request may be answered when it is sent again, with fewer others beside it.

    A timeout (status 0) of the only request under way would be one again, and paid for again.
    """
    if isinstance(outcome, ModelFailed):
        return outcome.status != 0 or at_once > 1
    return isinstance(outcome, StreamBroken)
