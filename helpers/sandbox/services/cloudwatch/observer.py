"""The queue of records, and the thread that writes them to CloudWatch."""

import logging
import queue
import threading
from datetime import datetime

from ..clock import Clock
from ..sagemaker import Variant
from .records import Ping, Record

logger = logging.getLogger(__name__)

MAX_WAITING = 10_000  # records, while moto is loading or slow; more are lost


class Observer:
    """A queue of records that a thread writes, so that no invocation waits for CloudWatch."""

    def __init__(self, clock: Clock | None = None, *, log_bodies: bool = False) -> None:
        self._waiting: queue.Queue[Record] = queue.Queue(MAX_WAITING)
        self._clock = clock or Clock()
        self._log_bodies = log_bodies
        self.lost = 0

    def started(self, variant: Variant, region: str, at: datetime, problem: str) -> None:
        """Record that a variant's container was started and why it failed its health check, if it did."""
        self.take(Ping(variant, region, at, problem))

    def take(self, record: Record) -> None:
        """Queue a record; drop it if MAX_WAITING are queued."""
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self.lost += 1
            if self.lost == 1:
                logger.warning("invocations come faster than CloudWatch takes them: some are not counted")

    def start(self) -> None:
        """Start writing in a daemon thread; moto must have been loaded."""
        from . import percentiles

        percentiles.connect()
        threading.Thread(target=self._write, name="cloudwatch", daemon=True).start()

    def _write(self) -> None:
        from .writer import CloudWatch  # which imports moto

        cloudwatch = CloudWatch(self._clock, log_bodies=self._log_bodies)
        while True:
            record = self._waiting.get()
            try:
                cloudwatch.write(record)
            except Exception:  # a defect of moto's or ours must not stop the thread
                logger.exception("a record could not be written to CloudWatch")
