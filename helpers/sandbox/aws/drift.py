"""Where an answer of the sandbox and the installed botocore's service model differ.

The tutorial is run for years, with newer and older botocores than it was written with. So a difference is
left to a line in the log, and the caller gets all that both sides know. Under the versions that were tested
a difference is a defect of ours: SANDBOX_STRICT=1 makes it an error there (the tests set it).
"""

import logging
import os
from collections.abc import Mapping

from botocore.model import ListShape, MapShape, Shape

logger = logging.getLogger(__name__)
_noted: set[str] = set()  # bounded by the members of the models: no message holds a value


class NotInTheModel(Exception):
    """A service of the sandbox gave an answer that the service model does not allow."""


def is_strict(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a difference is an error (SANDBOX_STRICT=1)."""
    return environment.get("SANDBOX_STRICT", "").strip() not in ("", "0")


def note(message: str) -> None:
    """Log a difference, each once. Raises NotInTheModel where they are errors."""
    if is_strict():
        raise NotInTheModel(message)
    if message not in _noted:
        _noted.add(message)
        logger.warning("botocore's model differs, which a newer or older version may: %s", message)


def nothing_of(shape: Shape) -> list[object] | dict[str, object] | None:
    """What can be said truthfully of a member that is not known here: an empty list or map, or nothing."""
    if isinstance(shape, ListShape):
        return []
    return {} if isinstance(shape, MapShape) else None
