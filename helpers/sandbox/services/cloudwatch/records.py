"""What SageMaker tells CloudWatch: one record for each invocation and each start, written by a thread."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ..clock import utc_now
from ..sagemaker import Variant

logger = logging.getLogger(__name__)

MOST_WAITING = 10_000  # records, while moto is not there yet or does not keep up; what is more is lost
_BODY_BYTES = 2000  # of a request's body, where bodies are logged


@dataclass(frozen=True)
class Invocation:
    """One invocation that reached a variant.

    `status` is the container's HTTP status: 0 when it did not answer, None when the client left before.
    Times are in seconds; `body` is the request's, cut off.
    """

    variant: Variant
    region: str
    at: datetime
    stream: bool
    status: int | None
    request_bytes: int
    response_bytes: int
    model_seconds: float
    overhead_seconds: float
    said: str = ""
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Ping:
    """SageMaker's health check of a container that it has started."""

    variant: Variant
    region: str
    at: datetime
    healthy: bool


def nobody(invocation: Invocation) -> None:
    """Observe nothing."""


class Watch:
    """Times one invocation, from its arrival to the end of its answer, and reports it once."""

    def __init__(
        self,
        observe: Callable[[Invocation], None],
        variant: Variant,
        region: str,
        body: bytes,
        stream: bool,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._observe, self._clock = observe, clock
        self._variant, self._region, self._body, self._stream = variant, region, body, stream
        self._began, self._at = clock(), utc_now()
        self._model_ended = self._began
        self._bytes = 0
        self._reported = False

    def part(self, size: int) -> None:
        """The model has sent a part of its answer."""
        self._bytes += size
        self._model_ended = self._clock()

    def answered(self, size: int = 0) -> None:
        """The answer is complete; `size` bytes of it did not come as parts."""
        if size:
            self.part(size)
        self._report(200, "")

    def failed(self, status: int, said: str) -> None:
        """The container answered with an error, or (0) not at all."""
        self._model_ended = self._clock()
        self._report(status, said)

    def left(self) -> None:
        """The client went away."""
        self._model_ended = self._clock()
        self._report(None, "the client left; the generation was ended")

    def _report(self, status: int | None, said: str) -> None:
        if self._reported:
            return
        self._reported = True
        model = self._model_ended - self._began
        self._observe(
            Invocation(
                variant=self._variant,
                region=self._region,
                at=self._at,
                stream=self._stream,
                status=status,
                request_bytes=len(self._body),
                response_bytes=self._bytes,
                model_seconds=model,
                overhead_seconds=self._clock() - self._began - model,
                said=said,
                body=self._body[:_BODY_BYTES],
            )
        )


class Observer:
    """Takes records at once and writes them later, so that no invocation waits for it."""

    def __init__(self, *, log_bodies: bool = False) -> None:
        self._waiting: queue.Queue[Invocation | Ping] = queue.Queue(MOST_WAITING)
        self._log_bodies = log_bodies
        self.lost = 0

    def started(self, variant: Variant, region: str, at: datetime, healthy: bool) -> None:
        """A variant's container was started, and did or did not pass its health check."""
        self.take(Ping(variant, region, at, healthy))

    def take(self, record: Invocation | Ping) -> None:
        """Keep a record until it is written."""
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self.lost += 1
            if self.lost == 1:
                logger.warning("invocations come faster than CloudWatch takes them: some are not counted")

    def start(self) -> None:
        """Write from now on, in a daemon thread; moto must have been loaded."""
        threading.Thread(target=self._write, name="cloudwatch", daemon=True).start()

    def _write(self) -> None:
        from .writer import CloudWatch

        cloudwatch = CloudWatch(log_bodies=self._log_bodies)
        while True:
            record = self._waiting.get()
            try:
                cloudwatch.write(record)
            except Exception:  # moto's defect or ours: the next record may be fine
                logger.exception("a record could not be written to CloudWatch")
