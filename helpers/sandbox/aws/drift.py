"""Differences between the sandbox's answers and the installed botocore's service models.

Readers run the tutorial for years, with other botocores than those it was tested with. So a difference is
normally only logged, and the caller gets what both sides know. With SANDBOX_STRICT=1 it is an error: the
tests set it, as under the tested versions a difference is a defect of the sandbox.
"""

import logging
import os
from collections.abc import Mapping

from botocore.model import ListShape, MapShape, Shape

logger = logging.getLogger(__name__)
_logged: set[str] = set()  # finite, as messages hold names from the models and no values


class NotInTheModel(Exception):
    """A sandbox service's answer does not match the service model."""


def is_strict(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a difference is an error (SANDBOX_STRICT=1)."""
    return environment.get("SANDBOX_STRICT", "").strip() not in ("", "0")


def note(message: str) -> None:
    """Log a difference once. Raises NotInTheModel if differences are errors."""
    if is_strict():
        raise NotInTheModel(message)
    if message not in _logged:
        _logged.add(message)
        logger.warning("botocore's model differs, which a newer or older version may: %s", message)


def empty_value(shape: Shape) -> list[object] | dict[str, object] | None:
    """Return what is true of a required member that the sandbox does not know: [], {} or None."""
    if isinstance(shape, ListShape):
        return []
    return {} if isinstance(shape, MapShape) else None
