"""The notebooks' diagrams as files, for their Markdown: `python -m tests.notebooks.diagrams` draws them anew."""

from helpers.notebook.diagram import FOLDER as SOURCES
from helpers.notebook.diagram import draw, source

from .books import FOLDER

DRAWN = FOLDER / "diagrams"
MEASURED = "request"  # a cell fills in its figures, and shows it
NAMES = sorted(path.stem for path in SOURCES.glob("*.txt") if path.stem != MEASURED)

if __name__ == "__main__":
    for name in NAMES:
        (DRAWN / f"{name}.svg").write_text(draw(source(name)), encoding="utf-8")
