"""Retries of requests that the service was too busy to begin, and the pauses before them."""

from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

# Never after a model's error or a timeout: those may have been computed and paid for.
RETRIED = ("ThrottlingException", "ServiceUnavailable", "ModelNotReadyException")
RETRY_SECONDS = (0.5, 1.0, 2.0)


def retried(
    call: Callable[[], dict[str, Any]], pauses: Sequence[float], sleep: Callable[[float], object]
) -> dict[str, Any]:
    """Return what `call` returns; while the service is busy, call again after each of `pauses` (seconds)."""
    for pause in pauses:
        try:
            return call()
        except ClientError as error:
            if error.response["Error"]["Code"] not in RETRIED:
                raise
        sleep(pause)
    return call()
