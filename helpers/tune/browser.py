"""Sliders over a finished sweep: they look answers up in its table and send nothing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..catalog.settings import SWEPT
from ..errors import BadInput
from ..notebook.display import show_markdown, show_widget
from ..notebook.frontend import attended
from ..notebook.markup import block, escape, inline, quote
from .measures import SETTING, check
from .table import facts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Browser", "browse"]


class Browser:
    """A table of `sweep.run` with a slider for each setting that it has several values of.

    A cell that ends with a Browser shows it. `rows` are those of the sliders' setting, one a repetition.
    Without a front end (`interactive` False; None detects it) it shows the starting setting alone.
    """

    def __init__(
        self, df: "pd.DataFrame", *, interactive: bool | None = None, writer: str = "the model", **start: Any
    ) -> None:
        check(df)
        self._df, self._writer = df, writer
        # `tolist` gives Python's own numbers, which the sliders' labels and `==` with a caller's need
        self.choices = {name: sorted(df[name].unique().tolist()) for name in SETTING}
        self._chosen = {
            name: values[-1 if name == "max_tokens" else 0] for name, values in self.choices.items()
        }
        for name, value in start.items():
            self._check(name, value)
            self._chosen[name] = value
        self.interactive = attended() if interactive is None else interactive
        self.controls: dict[str, Any] = {}
        if self.interactive:
            self._build()

    @property
    def setting(self) -> Mapping[str, Any]:
        """The setting that the sliders are at."""
        return dict(self._chosen)

    @property
    def rows(self) -> "pd.DataFrame":
        """The rows of that setting, one a repetition; none where the run was not finished."""
        found = self._df
        for name, value in self._chosen.items():
            found = found[found[name] == value]
        return found

    def static_copy(self) -> str:
        """Return the rows as Markdown, their texts shown literally, for unattended runs."""
        head = f"**Written by {inline(self._writer)}** ({inline(self._told())}):"
        parts = [f"{quote(row['text'])}\n\n{inline(_facts(row))}" for row in self._listed()]
        return "\n\n".join([head, *(parts or ["*No answer yet.*"])])

    def _ipython_display_(self) -> None:
        if self.interactive:
            show_widget(self.widget)
        else:
            show_markdown(self.static_copy())

    def _check(self, name: str, value: Any) -> None:
        if value not in self.choices.get(name, ()):
            known = ", ".join(map(str, self.choices.get(name, self.choices)))
            raise BadInput(f"The table has no {name} {value!r}; it has {known}.")

    def _told(self) -> str:
        return ", ".join(f"{name} {self._chosen[name]:g}" for name in SWEPT)

    def _listed(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self.rows.to_dict("records")]

    def _build(self) -> None:
        import ipywidgets as widgets

        self.text = widgets.HTML()
        for name in ("prompt_id", *SWEPT):
            values = self.choices[name]
            if len(values) > 1:
                make = widgets.Dropdown if name == "prompt_id" else widgets.SelectionSlider
                self.controls[name] = make(
                    options=[(f"{v:g}" if name in SWEPT else str(v), v) for v in values],
                    value=self._chosen[name],
                    description=name,
                    tooltip=name,  # its name for a screen reader (notebook.frontend.SCRIPT)
                    layout=widgets.Layout(width="100%", max_width="36rem"),
                )
                self.controls[name].observe(self._moved(name), "value")
        self.widget = widgets.VBox([*self.controls.values(), self.text])
        self._show()

    def _moved(self, name: str) -> Any:
        def moved(change: Mapping[str, Any]) -> None:
            self._chosen[name] = change["new"]
            self._show()

        return moved

    def _show(self) -> None:
        answers = "".join(
            f"{block(row['text'])}<small>{escape(_facts(row))}</small><hr>" for row in self._listed()
        )
        said = f"Written by {self._writer}: {self._told()}"
        self.text.value = (
            f'<div role="region" aria-live="polite" aria-label="The answers at this setting">'
            f"<p>{escape(said)}</p>{answers or 'No answer yet.'}</div>"
        )


def browse(
    df: "pd.DataFrame", *, interactive: bool | None = None, writer: str = "the model", **start: Any
) -> Browser:
    """Return sliders over the table of `sweep.run`; `start`: values to begin with, as temperature=1.0.

    Sends nothing: only settings that the sweep tried can be chosen. Raises BadInput for a table
    that is not a sweep's, and for a value that it does not have.
    """
    return Browser(df, interactive=interactive, writer=writer, **start)


def _facts(row: Mapping[str, Any]) -> str:
    likelihood = row["likelihood"]
    likely = [f"likelihood {likelihood:.2f}"] if likelihood == likelihood else []  # else NaN
    kind = "asked for" if row["measured"] else "cut from a longer answer"
    return ", ".join([f"repetition {row['repetition']}", *facts(row), *likely, kind])
