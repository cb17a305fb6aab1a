"""Loading in a thread while the first requests are answered."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")
logger = logging.getLogger(__name__)


class BackgroundLoader(Generic[T]):
    """The result of `make`, which runs once in a daemon thread after `start`."""

    def __init__(self, name: str, make: Callable[[], T]) -> None:
        self._name = name
        self._make = make
        self._result: Future[T] = Future()
        self._result.set_running_or_notify_cancel()  # so that a cancelled `get` does not cancel the loading

    def start(self) -> None:
        """Begin loading."""
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    async def get(self) -> T:
        """Wait for the result and return it; raises what `make` raised."""
        return await asyncio.wrap_future(self._result)

    def _run(self) -> None:
        try:
            result = self._make()
        except BaseException as error:
            logger.exception("could not load %s", self._name)
            self._result.set_exception(error)
        else:
            self._result.set_result(result)
