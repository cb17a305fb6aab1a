"""`make lab CLEAR=1` opens copies without outputs, which are the reader's from then on."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .books import BOOKS, LINK, ROOT, code_cells, read


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_a_cleared_notebook_is_whole_without_outputs_and_never_written_over(tmp_path: Path) -> None:
    book = BOOKS[1]
    copy = tmp_path / book.name
    set_up = [f"BIN={Path(sys.executable).parent}", "--old-file=.venv/ready"]
    command = ["make", *set_up, f"MINE={tmp_path}", str(copy)]
    subprocess.run(command, cwd=ROOT, check=True)
    assert [(cell.id, cell.source) for cell in read(copy).cells] == [
        (cell.id, cell.source) for cell in read(book).cells
    ]
    assert not [cell for cell in code_cells(copy) if cell.outputs or cell.execution_count]
    drawn = [link for cell in read(book).cells for link in LINK.findall(cell.source) if link.endswith(".svg")]
    assert drawn
    assert all((tmp_path / link).is_file() for link in drawn)
    copy.write_text("the reader's own")
    subprocess.run(command, cwd=ROOT, check=True)
    assert copy.read_text() == "the reader's own"
