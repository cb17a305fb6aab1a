"""The same prompt at three temperatures at once, side by side."""

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from ..catalog import SETTINGS, Limit
from .parts import WRAP, number_box
from .rendering import describe_run, framed, line
from .runner import Snapshot


class Comparison:
    """A column for each of three temperatures, and the button that writes them all; it calls `start`.

    `say` hears of the beginning and the end, and of a temperature that the model does not take.
    """

    def __init__(
        self,
        limit: Limit,
        *,
        usd_per_hour: float | None,
        say: Callable[[str], None],
        start: Callable[[], None],
    ) -> None:
        self._usd_per_hour, self._say = usd_per_hour, say
        self._states: dict[int, str] = {}  # of the runs that were begun last, by their columns
        self.boxes = [number_box(SETTINGS["temperature"], each, limit, say) for each in three(limit)]
        for each in self.boxes:  # in a narrow column there is no room to line them up with the others
            each.layout.width, each.style.description_width = "auto", "initial"
        self.texts = [widgets.HTML() for _ in self.boxes]
        self.lines = [widgets.HTML() for _ in self.boxes]
        self.button = widgets.Button(
            description="Generate all three",
            icon="play",
            layout=widgets.Layout(width="auto", align_self="flex-start"),
        )
        self.button.on_click(lambda _: start())
        self._empty()
        column = widgets.Layout(flex="1 1 9rem", min_width="0")
        columns = [
            widgets.VBox(each, layout=column) for each in zip(self.boxes, self.texts, self.lines, strict=True)
        ]
        self.widget = widgets.VBox([self.button, widgets.HBox(columns, layout=widgets.Layout(**WRAP))])

    @property
    def temperatures(self) -> Sequence[float]:
        """The temperatures in the boxes, from left to right."""
        return [each.value for each in self.boxes]

    def begin(self) -> None:
        """Empty the columns, before three runs begin."""
        self._states = {}
        self._empty()
        self._say("Writing three texts")

    def _empty(self) -> None:
        for place, (text, words) in enumerate(zip(self.texts, self.lines, strict=True), 1):
            text.value, words.value = framed("", f"Text {place} of three"), ""

    def leave(self) -> None:
        """Say of the runs that are under way that another one has stopped them."""
        for place, state in self._states.items():
            if state == "running":
                self.lines[place].value = line("Stopped by the next run.")
        self._states = {}

    def show(self, place: int, now: Snapshot) -> None:
        """Show one run in its column, 0 to 2."""
        self._states[place] = now.state
        label = f"Text {place + 1} of three, at temperature {now.settings['temperature']:g}"
        self.texts[place].value = framed(now.text, label)
        self.lines[place].value = line(describe_run(now, self._usd_per_hour))
        states = set(self._states.values())
        if "running" in states or len(self._states) < len(self.boxes):
            return
        one = f"{states.pop().capitalize()}: all three." if len(states) == 1 else ""
        self._say(one or "All three have ended; below each text stands how.")


def three(limit: Limit) -> tuple[float, float, float]:
    """Return the lowest temperature, one in between (1 where the model takes more), and the highest."""
    return limit.low, 1.0 if limit.high > 1 else (limit.low + limit.high) / 2, limit.high
