"""The output notebook of a run: the error that ended it, and its HTML."""

import base64
import json
import re
from pathlib import Path
from typing import Any

from .secrets import without_secrets

LONGEST_ERROR = 300
_PICTURE = re.compile(r"(?<=\]\()[\w/.-]+\.svg(?=\))")  # as Markdown names it


def error_of(output: Path) -> str:
    """Return the error that ended a notebook, in one line; empty if there is none."""
    for cell in _cells(output):
        for each in cell.get("outputs", []):
            if each.get("output_type") == "error":
                return shorten(f"{each.get('ename', 'Error')}: {each.get('evalue', '')}")
    return ""


def shorten(text: str) -> str:
    """Return the text in one line of at most 300 characters."""
    line = " ".join(without_secrets(text).split())
    return line if len(line) <= LONGEST_ERROR else line[: LONGEST_ERROR - 1] + "…"


def write_html(output: Path, images: Path) -> str:
    """Write a notebook's HTML beside it and return its name; empty where there is no whole notebook.

    The images that its Markdown names relative to the folder `images` go into it. The name is
    NAME.ipynb.html, as a run may be called "summary".
    """
    if not _cells(output):
        return ""
    try:
        import nbformat
        from nbconvert import HTMLExporter
        from traitlets.config import Config

        book = nbformat.read(output, as_version=4)  # type: ignore[no-untyped-call]
        _put_in(book, images)
        whole_streams = Config({"CoalesceStreamsPreprocessor": {"enabled": True}})
        named = {"metadata": {"name": output.stem}}
        body, _ = HTMLExporter(config=whole_streams).from_notebook_node(book, named)  # type: ignore[no-untyped-call]
        page = output.with_name(f"{output.name}.html")
        page.write_text(body, encoding="utf-8", errors="backslashreplace")
    except Exception as error:  # nbconvert has no common error; the notebook itself is there
        print(f"{output.name} has no HTML: {shorten(str(error))}")
        return ""
    return page.name


def _put_in(book: Any, images: Path) -> None:
    """Put the images into the Markdown: nbconvert's embed_images would end each <details> at its summary."""

    def data(found: re.Match[str]) -> str:
        image = images / found[0]
        if not image.is_file():
            return found[0]
        return f"data:image/svg+xml;base64,{base64.b64encode(image.read_bytes()).decode()}"

    for cell in book.cells:
        if cell.cell_type == "markdown":
            cell.source = _PICTURE.sub(data, cell.source)


def _cells(output: Path) -> list[dict[str, Any]]:
    if not output.exists():
        return []
    try:
        return list(json.loads(output.read_text(encoding="utf-8"))["cells"])
    except (ValueError, KeyError, TypeError):  # killed while papermill was writing it
        return []
