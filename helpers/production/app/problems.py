"""What a reader is told when something goes wrong, and what only who runs the service may read."""

import logging
import math
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from ... import errors
from .generation import TimedOut
from .limits import TooMany

logger = logging.getLogger(__name__)

# The first that an error is one of: its HTTP status, and the reader's words (None: the error's own, which
# are about what the reader did). The others' own words may name endpoints, roles and accounts.
TOLD: tuple[tuple[type[Exception], int, str | None], ...] = (
    (TooMany, 429, None),
    (TimedOut, 504, None),
    (errors.BadInput, 400, None),
    (errors.ModelRefused, 400, "The model refuses this text. Write another."),
    (errors.ModelFailed, 502, "The model failed. Try again."),
    (errors.StreamBroken, 502, "The text broke off. Try again."),
    (errors.Throttled, 503, "The model is busy. Try again in a moment."),
    (errors.TutorialError, 503, "The service can't reach its model: its log says why, and what to do."),
    (Exception, 500, "The service failed: its log says why."),
)


@dataclass(frozen=True)
class Problem:
    """A problem as a reader gets it: an HTTP status, a message, and after how many seconds to try again."""

    status: int
    message: str
    seconds: float | None = None

    @classmethod
    def of(cls, error: Exception, *, local: bool) -> "Problem":
        """Return the reader's problem; `local` says that the reader is who runs the service, on loopback."""
        status, words = next((status, words) for kind, status, words in TOLD if isinstance(error, kind))
        if words is not None:
            logger.warning("%s: %s", type(error).__name__, error, exc_info=status == 500)
        own = local and isinstance(error, errors.TutorialError)
        return cls(status, str(error) if words is None or own else words, getattr(error, "seconds", None))

    def response(self, **more: Any) -> Response:
        """Return it as an answer of its own."""
        headers = {} if self.seconds is None else {"Retry-After": str(max(1, math.ceil(self.seconds)))}
        return JSONResponse(
            {"message": self.message, **more}, self.status, {"Cache-Control": "no-store", **headers}
        )
