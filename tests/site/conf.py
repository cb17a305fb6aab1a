"""Sphinx's settings for the site of the notebooks: nothing is run, and no page asks a network."""

import json
from pathlib import Path
from typing import Any

project = "Cohere on Amazon SageMaker"
extensions = ["myst_nb"]
smartquotes = False  # it would make one dash of the two of a command's option

nb_execution_mode = "off"
nb_render_markdown_format = "myst"  # with tables
nb_code_prompt_show = "Show the solution"
nb_code_prompt_hide = "Hide the solution"
myst_enable_extensions: list[str] = []  # a dollar is a price, not a formula

html_theme = "sphinx_book_theme"
html_title = project
html_theme_options = {
    "footer_content_items": [],
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the search field stands in the sidebar
    "use_fullscreen_button": False,
}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_context = {"default_mode": "auto"}  # the theme of the reader's browser
html_permalinks = False
html_use_index = False
html_show_search_summary = False  # it fetches pages, which no browser lets a page in a folder do


def prepare(app: Any, name: str, source: list[str]) -> None:
    """Fold the cells with the tag `solution`, code and outputs; give the figures their alternative texts."""
    if Path(app.env.doc2path(name)).suffix != ".ipynb":
        return
    book = json.loads(source[0])
    for cell in book["cells"]:
        tags = cell["metadata"].get("tags", [])
        if "solution" in tags:
            tags.append("hide-cell")
        for output in cell.get("outputs", []):
            if alt := output.get("metadata", {}).get("image/png", {}).get("alt"):
                cell["metadata"]["mystnb"] = {"image": {"alt": alt}}
    source[0] = json.dumps(book)


def setup(app: Any) -> None:
    """Have Sphinx call it for every page that it reads."""
    app.connect("source-read", prepare)
