"""Loading in a thread while the first requests are answered, and what goes on for ever once it is done."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, None]]
logger = logging.getLogger(__name__)


class BackgroundLoader(Generic[T]):
    """The result of `make`, which runs once in a daemon thread after `start`.

    Each coroutine function of `work` then runs in the event loop, as long as that does.
    """

    def __init__(self, name: str, make: Callable[[], T], work: Sequence[Work] = ()) -> None:
        self._name = name
        self._make = make
        self._work = work
        self._tasks: list[asyncio.Task[None]] = []  # asyncio itself keeps no task
        self._result: Future[T] = Future()
        self._result.set_running_or_notify_cancel()  # so that a cancelled `get` does not cancel the loading

    def start(self) -> None:
        """Begin loading; without `work` no event loop is needed."""
        threading.Thread(target=self._run, name=self._name, daemon=True).start()
        self._tasks = [asyncio.create_task(self._afterwards(work)) for work in self._work]

    async def get(self) -> T:
        """Wait for the result and return it; raises what `make` raised."""
        return await asyncio.wrap_future(self._result)

    async def _afterwards(self, work: Work) -> None:
        await self.get()
        try:
            await work()
        except Exception:
            logger.exception("%r ended", work)

    def _run(self) -> None:
        try:
            result = self._make()
        except BaseException as error:
            logger.exception("could not load %s", self._name)
            self._result.set_exception(error)
        else:
            self._result.set_result(result)
