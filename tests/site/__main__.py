"""Build the site of the notebooks from their stored outputs: `python -m tests.site FOLDER [OPTION ...]`."""

import re
import shutil
import sys
import tempfile
from pathlib import Path

from sphinx.cmd.build import build_main

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROW = re.compile(
    r"^\| \[(.+?)\]\(notebooks/(\w+)\.ipynb\) (\|.+\|)$", re.M
)  # of the README's list of notebooks


def build(folder: str, *options: str) -> int:
    """Build into the folder, with these options of sphinx-build; 0 if it went well."""
    with tempfile.TemporaryDirectory() as name:
        source, built = Path(name, "source"), Path(name, "built", "site")  # myst-nb writes beside it
        shutil.copytree(ROOT / "notebooks", source, ignore=shutil.ignore_patterns("runs", ".*"))
        shutil.copy(ROOT / "data/playground.png", source)
        (source / "index.md").write_text(front_page(), encoding="utf-8")
        doctrees = str(Path(name, "doctrees"))
        failed = build_main(["-q", "-c", str(HERE), "-d", doctrees, *options, str(source), str(built)])
        if not failed:
            shutil.copytree(built, folder, dirs_exist_ok=True)
        return failed


def front_page() -> str:
    """Return index.md with the README's list of notebooks, for readers and for the pages' order."""
    rows = ROW.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    table = ["| | |", "|---|---|", *(f"| [{title}]({name}.ipynb) {what}" for title, name, what in rows)]
    order = ["```{toctree}", ":hidden:", "", *(f"{title} <{name}>" for title, name, _ in rows), "```"]
    page = (HERE / "index.md").read_text(encoding="utf-8")
    return page.replace("<!-- the notebooks -->", "\n".join([*table, "", *order]))


if __name__ == "__main__":
    sys.exit(build(*sys.argv[1:]))
