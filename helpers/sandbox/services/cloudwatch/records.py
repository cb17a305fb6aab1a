"""Records of invocations, container starts and instances' load, which a thread writes to CloudWatch."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ..clock import utc_now
from ..sagemaker import Variant

SAMPLE_SECONDS = 10  # AWS's, between two looks at the instances' load
_BODY_BYTES = 2000  # of a request's body, if bodies are logged


@dataclass(frozen=True)
class Invocation:
    """One invocation that reached a variant.

    `status` is the container's HTTP status: 0 if it did not answer, None if the client left before. Times are
    in seconds, and `at` is the end; a wait for the instance is the model's time, as the queue of a container
    is on AWS. `body` is the beginning of the request's body.
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
    message: str = ""
    body: bytes = field(default=b"", repr=False)
    first_part_seconds: float | None = None  # of a stream


@dataclass(frozen=True)
class Ping:
    """The health check of a container that SageMaker has started; it passed if there is no `problem`."""

    variant: Variant
    region: str
    at: datetime
    problem: str


@dataclass(frozen=True)
class Load:
    """What a variant's instances do at one moment.

    Of each: the requests that it serves or that wait for it, and the share of its slots that are in use.
    """

    variant: Variant
    region: str
    at: datetime
    instances: tuple[tuple[int, float], ...]


Record = Invocation | Ping | Load


def ignore(invocation: Invocation) -> None:
    """Discard the record."""


class Watch:
    """A timer of one invocation, from its arrival to the end of its answer, that makes one record of it."""

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
        self._began = clock()
        self._model_ended = self._began
        self._first: float | None = None
        self._bytes = 0
        self._reported = False

    def part(self, size: int) -> None:
        """Note that the model has sent a part of its answer."""
        self._bytes += size
        self._model_ended = self._clock()
        if self._first is None and self._stream:
            self._first = self._model_ended - self._began

    def answered(self, size: int = 0) -> None:
        """Record that the answer is complete; `size` counts bytes that were not counted as parts."""
        if size:
            self.part(size)
        self._report(200, "")

    def failed(self, status: int, message: str) -> None:
        """Record the container's error status, or 0 if it did not answer."""
        self._model_ended = self._clock()
        self._report(status, message)

    def disconnected(self) -> None:
        """Record that the client left."""
        self._model_ended = self._clock()
        self._report(None, "the client left; the generation was ended")

    def _report(self, status: int | None, message: str) -> None:
        if self._reported:
            return
        self._reported = True
        model = self._model_ended - self._began
        self._observe(
            Invocation(
                variant=self._variant,
                region=self._region,
                at=utc_now(),
                stream=self._stream,
                status=status,
                request_bytes=len(self._body),
                response_bytes=self._bytes,
                model_seconds=model,
                overhead_seconds=self._clock() - self._began - model,
                message=message,
                body=self._body[:_BODY_BYTES],
                first_part_seconds=self._first,
            )
        )
