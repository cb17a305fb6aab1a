"""Sliders over a finished sweep, which look its answers up and send nothing, and thumbs to grade them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..catalog.settings import DRAWN_BY, SWEPT
from ..errors import BadInput
from ..notebook.display import show_markdown, show_widget
from ..notebook.frontend import STATUS_CLASS, attended
from ..notebook.markup import attribute, block, count, escape, inline, quote
from .grades import Agreement, Grades
from .measures import SETTING, check
from .metrics.quality import ended, faults
from .table import equal, facts

if TYPE_CHECKING:
    import pandas as pd

ANSWER = ("prompt_id", *DRAWN_BY, "repetition")  # what the rows that one answer gives have in common
LABEL = {"description_width": "6.5rem"}
THUMBS = {True: ("Good", "thumbs-up"), False: ("Not good", "thumbs-down")}


class Browser:
    """A table of `sweep.run` with a slider for each setting that it has several values of.

    A cell that ends with a Browser shows it. `rows` are those of the sliders' setting, one a repetition; the
    same text is shown once, and counted. With `grades` each has two buttons, good and not good; pressed
    again, one takes its grade back. Without a front end (`interactive` False; None detects it) it shows the
    starting setting alone.
    """

    def __init__(
        self,
        df: "pd.DataFrame",
        *,
        grades: Grades | None = None,
        interactive: bool | None = None,
        writer: str = "the model",
        **start: Any,
    ) -> None:
        check(df)
        self._grades, self._writer = grades, writer
        asked = df["max_tokens"].where(df["measured"]).groupby([df[name] for name in ANSWER])
        self._df = df.assign(fault=faults(df), ended=ended(df), asked_at=asked.transform("max"))
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
        return self._at_setting().drop(columns=["fault", "ended", "asked_at"])

    def static_copy(self) -> str:
        """Return the rows as Markdown, their texts shown literally, for unattended runs."""
        head = f"**Written by {inline(self._writer)}** ({inline(self._told())}):"
        answers = [
            f"{quote(row['text'])}\n\n{inline(_facts(row))}{_graded(good)}" for row, good in self._listed()
        ]
        parts = [head, *(answers or ["*No answer yet.*"]), inline(self._tally())]
        return "\n\n".join(filter(None, parts))

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

    def _at_setting(self) -> "pd.DataFrame":
        found = self._df
        for name, value in self._chosen.items():
            found = found[found[name] == value]
        return found

    def _listed(self) -> list[tuple[dict[str, Any], bool | None]]:
        """Return a row for each different text of the setting, with its `repetitions` and its grade."""
        rows = self._at_setting()
        given = {} if self._grades is None or rows.empty else self._grades.of(rows)
        found: dict[str, tuple[dict[str, Any], bool | None]] = {}
        for label, row in zip(rows.index, rows.to_dict("records"), strict=True):
            first, _ = found.setdefault(row["text"], ({**row, "repetitions": []}, given.get(label)))
            first["repetitions"].append(row["repetition"])
        return list(found.values())

    def _tally(self) -> str:
        """Say on how many graded texts of the table the gate agrees."""
        if self._grades is None:
            return ""
        given = self._grades.of(self._df)
        return str(Agreement.of(self._df, given)) if given else "No text of this table is graded yet."

    def _build(self) -> None:
        import ipywidgets as widgets

        for name in ("prompt_id", *SWEPT):
            values = self.choices[name]
            if len(values) > 1:
                make = widgets.Dropdown if name == "prompt_id" else widgets.SelectionSlider
                self.controls[name] = make(
                    options=[(f"{v:g}" if name in SWEPT else str(v), v) for v in values],
                    value=self._chosen[name],
                    description=name,
                    tooltip=name,  # its name for a screen reader (notebook.frontend.SCRIPT)
                    style=LABEL,
                    layout=widgets.Layout(width="auto", max_width="36rem"),
                )
                self.controls[name].observe(partial(self._moved, name), "value")
        self.heading, self.tally = widgets.HTML(), widgets.HTML()
        for line in (self.heading, self.tally):
            line.add_class(STATUS_CLASS)
        most = int(self._df.groupby(SETTING).size().max())
        grade = None if self._grades is None else self._grade
        self.answers = [AnswerView(place, grade) for place in range(most)]
        views = [view.widget for view in self.answers]
        self.widget = widgets.VBox([*self.controls.values(), self.heading, *views, self.tally])
        self._show()

    def _moved(self, name: str, change: Mapping[str, Any]) -> None:
        self._chosen[name] = change["new"]
        self._show()

    def _grade(self, place: int, good: bool | None) -> None:
        assert self._grades is not None
        row, _ = self._listed()[place]
        failed = ""
        try:
            self._grades.set(row, good)
        except BadInput as error:  # in a widget's callback nobody would see it
            failed = f"This grade was not kept. {error}"
        self._show(failed)

    def _show(self, failed: str = "") -> None:
        listed = self._listed()
        for place, view in enumerate(self.answers):
            row, good = listed[place] if place < len(listed) else (None, None)
            view.show(row, _facts(row) if row else "", good)
        answers = sum(len(row["repetitions"]) for row, _ in listed)
        found = count(answers, "answer") if listed else "No answer yet"
        said = f"Written by {self._writer}: {self._told()}. {found}."
        self.heading.value = f'<p style="line-height:1.5">{escape(said)}</p>'
        self.tally.value = f'<p style="line-height:1.5">{escape(failed or self._tally())}</p>'


class AnswerView:
    """The widgets of one answer: its text and, with `grade`, a thumb up and a thumb down.

    `grade` is called with the view's place and what was pressed; None when a thumb was taken back.
    """

    def __init__(self, place: int, grade: Callable[[int, bool | None], None] | None) -> None:
        import ipywidgets as widgets

        self._place, self._grade, self._showing = place, grade, False
        self.text = widgets.HTML()
        self.thumbs: dict[bool, Any] = {}
        for good, (name, icon) in THUMBS.items() if grade else ():
            self.thumbs[good] = widgets.ToggleButton(
                description=name, icon=icon, layout=widgets.Layout(width="auto")
            )
            self.thumbs[good].observe(partial(self._pressed, good), "value")
        line = "1px solid var(--jp-border-color1, #bdbdbd)"
        layout = widgets.Layout(border_top=line, padding="0.5em 0")
        self.widget = widgets.VBox([self.text, widgets.HBox(list(self.thumbs.values()))], layout=layout)

    def show(self, row: Mapping[str, Any] | None, told: str, good: bool | None) -> None:
        """Show a row with what is told of it and its grade; nothing for None."""
        self.widget.layout.display = None if row else "none"
        if row is None:
            return
        named = _named(row)
        text = f"{block(row['text'])}<small>{escape(told)}</small>"
        self.text.value = f'<div role="region" aria-label="{attribute(f"Text of {named}")}">{text}</div>'
        self._showing = True
        for each, thumb in self.thumbs.items():
            # The tooltip is its name for a screen reader (notebook.frontend.SCRIPT).
            thumb.tooltip = f"{thumb.description}: {named}"
            thumb.value, thumb.button_style = good is each, "primary" if good is each else ""
        self._showing = False

    def _pressed(self, good: bool, change: Mapping[str, Any]) -> None:
        if not self._showing and self._grade is not None:
            self._grade(self._place, good if change["new"] else None)


def browse(
    df: "pd.DataFrame",
    *,
    grades: Grades | None = None,
    interactive: bool | None = None,
    writer: str = "the model",
    **start: Any,
) -> Browser:
    """Return sliders over the table of `sweep.run`; `start`: values to begin with, as temperature=1.0.

    `grades`: where the reader's grades of the texts are kept, as `Grades(path)` with the path of the run.
    Sends nothing: only settings that the sweep tried can be chosen. Raises BadInput for a table
    that is not a sweep's, and for a value that it does not have.
    """
    return Browser(df, grades=grades, interactive=interactive, writer=writer, **start)


def _graded(good: bool | None) -> str:
    return "" if good is None else f", graded **{THUMBS[good][0].lower()}**"


def _facts(row: Mapping[str, Any]) -> str:
    likelihood = row["likelihood"]
    likely = [f"likelihood {likelihood:.2f}"] if likelihood == likelihood else []  # else NaN
    return ", ".join([*equal(len(row["repetitions"])), _named(row), *facts(row), *likely, _origin(row)])


def _named(row: Mapping[str, Any]) -> str:
    several = row["repetitions"]
    return f"repetition{'s' if len(several) > 1 else ''} {', '.join(map(str, several))}"


def _origin(row: Mapping[str, Any]) -> str:
    """Say at which max_tokens a row's answer was asked for, and that it was cut where it was."""
    if row["measured"]:
        return "asked for"
    longer = row["asked_at"] > row["max_tokens"]  # not so where that row is not in the table: NaN
    limit = f"max_tokens {row['asked_at']:.0f}" if longer else "a larger max_tokens"
    return f"{'' if row['ended'] else 'cut '}from the answer at {limit}"
