"""Whether a file is the one that it should be: its SHA-256, taken once for each change of the file."""

import hashlib
import json
import os
from pathlib import Path

Mark = dict[str, int | str]


def is_whole(path: Path, sha256: str) -> bool:
    """Whether the file is there and has this SHA-256 (hex).

    A file whose size, time and inode are those of the last check is not read again: they stand beside it.
    """
    if not path.is_file():
        return False
    mark = _mark(path, sha256)  # before it is read: a change meanwhile is seen next time
    if _noted(path) == mark:
        return True
    with path.open("rb") as file:
        whole = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    if whole:
        _note(path, mark)
    return whole


def note_whole(path: Path, sha256: str) -> None:
    """Note that the file has just been found to have this SHA-256."""
    _note(path, _mark(path, sha256))


def _mark(path: Path, sha256: str) -> Mark:
    status = path.stat()
    return {
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "inode": status.st_ino,
        "sha256": sha256,
    }


def _noted(path: Path) -> Mark | None:
    try:
        noted = json.loads(_beside(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return noted if isinstance(noted, dict) else None


def _note(path: Path, mark: Mark) -> None:
    draft = path.with_suffix(f".checked.{os.getpid()}")
    try:
        draft.write_text(json.dumps(mark), encoding="utf-8")
        draft.replace(_beside(path))
    except OSError:  # a cache that can't be written to: it is checked each time
        draft.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_suffix(".checked")
