"""Verification of a file's SHA-256, repeated only when the file has changed."""

import hashlib
import json
import os
from pathlib import Path

Fingerprint = dict[str, int | str]


def is_verified(path: Path, sha256: str) -> bool:
    """Tell whether the file exists and has this SHA-256 (hex).

    Its size, time and inode at the last successful check are recorded beside it; while they are the same, the
    file is not read again.
    """
    if not path.is_file():
        return False
    fingerprint = _fingerprint(path, sha256)  # before reading, to notice a later change
    if _recorded(path) == fingerprint:
        return True
    with path.open("rb") as file:
        verified = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    if verified:
        _record(path, fingerprint)
    return verified


def record_verified(path: Path, sha256: str) -> None:
    """Record that the file has this SHA-256, as the caller has just checked."""
    _record(path, _fingerprint(path, sha256))


def _fingerprint(path: Path, sha256: str) -> Fingerprint:
    status = path.stat()
    return {
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "inode": status.st_ino,
        "sha256": sha256,
    }


def _recorded(path: Path) -> Fingerprint | None:
    try:
        recorded = json.loads(_record_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return recorded if isinstance(recorded, dict) else None


def _record(path: Path, fingerprint: Fingerprint) -> None:
    draft = path.with_suffix(f".checked.{os.getpid()}")
    try:
        draft.write_text(json.dumps(fingerprint), encoding="utf-8")
        draft.replace(_record_path(path))
    except OSError:  # the folder is not writable: the file is checked each time
        draft.unlink(missing_ok=True)


def _record_path(path: Path) -> Path:
    return path.with_suffix(".checked")
