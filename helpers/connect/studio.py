"""What SageMaker Studio, or a notebook instance, tells the programs that run in it."""

import json
import os
from pathlib import Path
from typing import Any

METADATA = Path("/opt/ml/metadata/resource-metadata.json")


def role() -> str | None:
    """Return the execution role of the Studio space or notebook instance; None elsewhere."""
    return str(_metadata().get("ExecutionRoleArn") or "") or None


def region() -> str | None:
    """Return the region that the Studio space or notebook instance is in; None elsewhere.

    It is part of ResourceArn (SageMaker Developer Guide, notebook instance metadata).
    """
    parts = str(_metadata().get("ResourceArn") or "").split(":")
    return (parts[3] or None) if len(parts) > 3 else None


def _metadata() -> dict[str, Any]:
    path = Path(os.environ.get("NOTEBOOK_METADATA_FILE", METADATA))
    if not path.exists():
        return {}
    read = json.loads(path.read_text(encoding="utf-8"))
    return read if isinstance(read, dict) else {}
