"""The runs of a playground side by side: the latest, and those that are pinned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets

from .parts import WRAP
from .rendering import line, run_column
from .runner import Snapshot

LATEST = 3  # how many runs that are not pinned are shown


@dataclass(frozen=True)
class Column:
    """One run's column, and the box that pins it."""

    pin: Any
    widget: Any


class Runs:
    """The columns, in the order of the runs' starts; `widget` holds them.

    A pinned run stays. One that is no longer pinned goes when the next run comes, if three newer are there.
    """

    def __init__(self, usd_per_hour: float | None) -> None:
        self._usd_per_hour = usd_per_hour
        self._columns: dict[int, Column] = {}
        nothing = widgets.HTML(line("Nothing was generated yet."))
        self.widget = widgets.HBox([nothing], layout=widgets.Layout(**WRAP))

    @property
    def shown(self) -> Sequence[int]:
        """The numbers of the runs that are shown."""
        return sorted(self._columns)

    def pin(self, number: int) -> Any:
        """Return the box that pins the run of that number, which must be shown."""
        return self._columns[number].pin

    def add(self, run: Snapshot) -> None:
        """Show a run that has ended, in place of the oldest that is not pinned."""
        self._columns[run.number] = self._column(run)
        loose = [number for number in self.shown if not self.pin(number).value]
        for number in loose[:-LATEST]:
            del self._columns[number]
        self.widget.children = [self._columns[number].widget for number in self.shown]

    def _column(self, run: Snapshot) -> Column:
        pin = widgets.Checkbox(description=f"pin run {run.number}", indent=False)
        pin.layout.width = "auto"
        text = widgets.HTML(run_column(run, self._usd_per_hour))
        layout = widgets.Layout(flex="1 1 9rem", min_width="0")
        return Column(pin, widgets.VBox([text, pin], layout=layout))
