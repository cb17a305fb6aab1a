"""The notebooks' diagrams: as their sources say, with their words, and with the notebook wherever it goes."""

import re
import shutil
from pathlib import Path

import pytest

from helpers.batch.output import write_html
from helpers.notebook.diagram import draw, source, text_alternative

from .books import BOOKS, FOLDER, read
from .diagrams import DRAWN, MEASURED, NAMES

IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
SHOWN = {
    target: (book, words)
    for book in BOOKS
    for cell in read(book).cells
    if cell.cell_type == "markdown"
    for words, target in IMAGE.findall(cell.source)
}


def test_each_that_is_drawn_is_shown_and_each_that_is_shown_is_drawn() -> None:
    assert sorted(path.name for path in DRAWN.iterdir()) == [f"{name}.svg" for name in NAMES]
    assert sorted(SHOWN) == [f"diagrams/{name}.svg" for name in NAMES]
    assert MEASURED not in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_as_its_source_says(name: str) -> None:
    assert (DRAWN / f"{name}.svg").read_text(encoding="utf-8") == draw(source(name)), "make diagrams"


@pytest.mark.parametrize("name", NAMES)
def test_its_alternative_text_is_its_source_s(name: str) -> None:
    _, words = SHOWN[f"diagrams/{name}.svg"]
    assert words == text_alternative(source(name))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_inside_the_page_of_a_run_and_what_is_folded_stays_so(name: str, tmp_path: Path) -> None:
    book, _ = SHOWN[f"diagrams/{name}.svg"]
    output = tmp_path / "run.ipynb"
    shutil.copy(book, output)
    page = (tmp_path / write_html(output, FOLDER)).read_text(encoding="utf-8")
    assert 'src="data:image/svg+xml;base64,' in page
    assert 'src="diagrams/' not in page
    assert "</summary>" in page
    assert not re.search(r"</summary>\s*</details>", page)
