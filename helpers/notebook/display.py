"""The outputs of a cell: texts, tables, a widget and its static copy, and outputs that can be replaced."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from .frontend import SCRIPT
from .markup import Html

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 80  # characters: a printed line of a JupyterLab window of 1100 pixels, its file browser open
LIVE = "*(To move its sliders and press its buttons, run this cell in JupyterLab.)*"
_WORD = re.compile(r"(\s*)(\S+)(?=\s)")  # with the space before it; complete, as a space follows
_LAST_WORD = re.compile(r"(\s*)(\S+)")
_HYPHENED = re.compile(r"[^\s<>-]+(?:-[^\s<>-]+)+(?=[^<>]*<)")  # in a text, not in a tag


class Output:
    """An output of a cell that can be replaced."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, what: Any) -> None:
        """Display `what` in place of what was shown before."""
        self._replace(what, raw=False)

    def show_text(self, text: str) -> None:
        """Display plain text in place of what was shown before."""
        self._replace({"text/plain": text}, raw=True)

    def _replace(self, what: Any, *, raw: bool) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(what, raw=raw, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(what, raw=raw)


def show_widget(widget: Any) -> None:
    """Display a widget, and the script that names its parts for screen readers."""
    from IPython.display import HTML, display

    display(widget)  # type: ignore[no-untyped-call]
    display(HTML(SCRIPT))  # type: ignore[no-untyped-call]


def show_markdown(text: str) -> None:
    """Display Markdown: the static copy of what would be a widget, and how to get that."""
    from IPython.display import Markdown, display

    display(Markdown(f"{text}\n\n{LIVE}"))  # type: ignore[no-untyped-call]


def wrapped(text: object) -> str:
    """Break long lines at spaces to print them; JupyterLab would break them inside words."""
    return "\n".join(
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)
        for line in str(text).splitlines()
    )


def wrapped_stream(pieces: Iterable[str]) -> Iterator[str]:
    """Hand over a text that comes in pieces, each word once it is complete, its lines broken at spaces.

    Nothing else changes: where a line would be too long, the space before a word becomes a line break.
    """
    column, rest = 0, ""
    for piece in chain(pieces, (None,)):
        rest += piece or ""
        words = list((_LAST_WORD if piece is None else _WORD).finditer(rest))
        for word in words:
            space, letters = word.groups()
            if "\n" in space:
                column = 0
            elif space and column and column + len(space) + len(letters) > WIDTH:
                space, column = f"{space[:-1]}\n", 0
            column += len(space.rpartition("\n")[2]) + len(letters)
            yield space + letters
        rest = rest[words[-1].end() :] if words else rest
    if rest:
        yield rest


def table(frame: "pd.DataFrame") -> Html:
    """Return the table with whole texts, in which names and dates with hyphens stay in one line."""
    import pandas as pd

    whole = r'<span style="white-space:nowrap">\g<0></span>'
    with pd.option_context("display.max_colwidth", None):
        style, tag, body = (frame._repr_html_() or "").partition("<table")
        return Html(style + tag + _HYPHENED.sub(whole, body), str(frame))
