"""The outputs of a cell: a widget, its static copy, and outputs that can be replaced."""

from typing import Any

from .frontend import SCRIPT


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
    """Display Markdown: the static copy of what would be a widget."""
    from IPython.display import Markdown, display

    display(Markdown(text))  # type: ignore[no-untyped-call]
