"""Many requests at once, but never more than the endpoint bears: bounded, adaptive concurrency."""

import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from .errors import BadInput, ModelFailed, Throttled

START = 8  # the six temperatures of one prompt go out together; beyond that only while throughput grows
GROWTH = 1.05  # a wider window must bring at least this much more throughput to be worth it
LONGEST_PAUSE = 30.0  # seconds
THROTTLED_ROUNDS = 8  # rounds in a row without one answer, before the caller hears of it
ATTEMPTS = 3  # of one request, when the model's container fails

Request = TypeVar("Request", bound=Hashable)
Result = TypeVar("Result")


class Pace:
    """How many requests may be under way: grows while throughput grows, halves when told to slow down."""

    def __init__(self, ceiling: int, clock: Callable[[], float] = time.monotonic) -> None:
        if isinstance(ceiling, bool) or not isinstance(ceiling, int) or ceiling < 1:
            raise BadInput(f"concurrency is {ceiling!r}; it takes a whole number from 1.")
        self.ceiling = ceiling
        self.limit = min(START, ceiling)
        self.rounds_throttled = 0
        self.resume_at = clock()
        self._clock = clock
        self._slowed_before = False
        self._best = 0.0
        self._new_window()

    def answered(self, tokens: int) -> None:
        """Count an answer; after `limit` of them compare the throughput with the best so far."""
        self.rounds_throttled = 0
        self._answers += 1
        self._tokens += tokens
        if self._answers < self.limit:
            return
        rate = self._tokens / max(self._clock() - self._since, 1e-9)
        if rate > self._best * GROWTH:
            step = 1 if self._slowed_before else max(1, self.limit // 2)
            self.limit = min(self.ceiling, self.limit + step)
            self._best = rate
        self._new_window()

    def slowed(self, sent_at: float) -> None:
        """Halve, once for all the requests that were sent before the last halving, and pause."""
        if self._slowed_before and sent_at < self._halved_at:
            return
        self.limit = max(1, self.limit // 2)
        self.rounds_throttled += 1
        self._slowed_before, self._halved_at, self._best = True, self._clock(), 0.0
        self.resume_at = self._halved_at + min(LONGEST_PAUSE, 0.25 * 2**self.rounds_throttled)
        self._new_window()

    def _new_window(self) -> None:
        self._answers, self._tokens, self._since = 0, 0, self._clock()


def ask_all(
    requests: Iterable[Request],
    ask: Callable[[Request], Result],
    keep: Callable[[Request, Result], int],
    pace: Pace,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Ask every request in threads and `keep` each answer (here, in the caller's thread; returns its tokens).

    Throttled requests go back into the queue; a failing container is asked up to three times. On any other
    error, and on an interrupt, the answers under way are awaited and kept (they are paid for), then it raises.
    """
    queue, under_way = deque(requests), dict[Future[Result], tuple[Request, float]]()
    failures = Counter[Request]()
    pool = ThreadPoolExecutor(max_workers=pace.ceiling, thread_name_prefix="sweep")
    try:
        while queue or under_way:
            pause = pace.resume_at - clock()
            if pause <= 0:
                while queue and len(under_way) < pace.limit:
                    request = queue.popleft()
                    under_way[pool.submit(ask, request)] = (request, clock())
            elif not under_way:
                sleep(pause)
                continue
            done, _ = wait(under_way, timeout=pause if pause > 0 else None, return_when=FIRST_COMPLETED)
            for future in done:
                request, sent_at = under_way[future]
                try:
                    pace.answered(keep(request, future.result()))
                except Throttled:
                    pace.slowed(sent_at)
                    if pace.rounds_throttled > THROTTLED_ROUNDS:
                        raise
                    queue.append(request)
                except ModelFailed:
                    failures[request] += 1
                    if failures[request] >= ATTEMPTS:
                        raise
                    pace.slowed(sent_at)
                    queue.append(request)
                del under_way[future]
    except BaseException as error:
        _keep_what_arrives(under_way, keep, interrupted=isinstance(error, KeyboardInterrupt))
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _keep_what_arrives(
    under_way: dict[Future[Result], tuple[Request, float]],
    keep: Callable[[Request, Result], int],
    *,
    interrupted: bool,
) -> None:
    pending = [future for future in under_way if not future.cancel()]
    if interrupted and pending:
        print(
            f"Interrupted: waiting for the {len(pending)} answers under way. Interrupt again to drop them.",
            file=sys.stderr,
        )
    for future in pending:
        if future.exception() is None:
            keep(under_way[future][0], future.result())
