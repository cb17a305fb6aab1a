"""The widgets of a playground and their layout."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from ..catalog import SETTINGS, Limit, Setting
from ..notebook.frontend import STATUS_CLASS
from .comparison import Comparison
from .parts import LABEL, WRAP, collapsible, number
from .rendering import describe_run, framed, line, tokens
from .runner import Snapshot
from .runs import Runs
from .settings import stop_sequences

OWN = "your own"


class Controls:
    """The widgets of one playground, `widget` among them, which holds all others.

    `inputs` has the control of each setting in `values`, by its name. A control calls `changed` with its
    setting's name and new value; the buttons call `start`, `start_three` and `stop`. `shows_python`: whether
    there is a place for the call that made the text (`show_python`).
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        limits: Mapping[str, Limit],
        presets: Mapping[str, str],
        *,
        writer: str,
        usd_per_hour: float | None,
        shows_python: bool,
        changed: Callable[[str, Any], None],
        start: Callable[[], None],
        start_three: Callable[[], None],
        stop: Callable[[], None],
    ) -> None:
        self._values, self._writer, self._usd_per_hour = values, writer, usd_per_hour
        self._changed, self._shown = changed, 0
        self.comparison: Comparison | None = None
        self.inputs: dict[str, Any] = {}
        self.status = widgets.HTML(line(f"Press Generate. The writer is {writer}."))
        self.status.add_class(STATUS_CLASS)
        self.progress, self.text = widgets.HTML(), widgets.HTML(framed("", "Text"))
        self.tokens, self.runs = widgets.HTML(tokens(None)), Runs(usd_per_hour)
        self.python = widgets.Textarea(
            description="Python", rows=12, style=LABEL, layout=widgets.Layout(width="auto")
        )
        self.widget = widgets.VBox(
            [
                *self._prompt_rows(presets),
                *self._setting_rows(limits),
                self._buttons(start, stop),
                widgets.HBox([self.status, self.progress]),
                self.text,
                *collapsible("the tokens of the text", self.tokens, folded=False),
                *self._compare(limits, start_three),
                *collapsible("the runs so far, side by side", self.runs.widget),
                *(collapsible("this text as Python", self.python) if shows_python else []),
            ]
        )

    def show(self, now: Snapshot) -> None:
        """Show a run's text and status so far."""
        self.text.value = framed(now.text, f"Text written by {self._writer}")
        words = line(describe_run(now, self._usd_per_hour))
        # A screen reader hears of the beginning and the end (`status`), not of every token between.
        if now.state != "running":
            self.progress.value, self.status.value = "", words
            self.tokens.value = tokens(now)
            return
        self.progress.value = words
        if now.number != self._shown:
            self._shown = now.number
            if self.comparison is not None:
                self.comparison.leave()
            self.status.value = line("Writing")
            self.tokens.value = tokens(now)

    def show_python(self, calls: Sequence[str]) -> None:
        """Show the Python of the latest calls."""
        self.python.value = "\n".join(calls)

    def _compare(self, limits: Mapping[str, Limit], start: Callable[[], None]) -> list[Any]:
        if "temperature" not in self._values:
            return []
        limit = limits["temperature"]
        self.comparison = Comparison(limit, usd_per_hour=self._usd_per_hour, say=self._say, start=start)
        return collapsible("three temperatures at once", self.comparison.widget)

    def _setting_rows(self, limits: Mapping[str, Limit]) -> list[Any]:
        offered = [setting for name, setting in SETTINGS.items() if name in self._values]
        rows = {setting.name: self._setting_row(setting, limits) for setting in offered}
        more = [setting.name for setting in offered if setting.control == "folded"]
        shown = [row for name, row in rows.items() if name not in more]
        if not more:
            return shown
        folded = widgets.VBox([rows[name] for name in more])
        return [*shown, *collapsible(f"more settings: {', '.join(more)}", folded)]

    def _setting_row(self, setting: Setting, limits: Mapping[str, Limit]) -> Any:
        if not setting.is_number:
            return self._stop_row()
        name = setting.name
        box, slider, row = number(setting, self._values[name], limits[name], self._say)
        self.inputs[name] = box
        slider.observe(lambda change: self._changed(name, change["new"]), "value")
        return row

    def _say(self, words: str) -> None:
        self.progress.value, self.status.value = "", line(words)

    def _buttons(self, start: Callable[[], None], stop: Callable[[], None]) -> Any:
        self.live = widgets.Checkbox(description="live: generate at every change", indent=False)
        self.generate_button = widgets.Button(description="Generate", button_style="primary", icon="play")
        self.stop_button = widgets.Button(description="Stop", icon="stop")
        self.generate_button.on_click(lambda _: start())
        self.stop_button.on_click(lambda _: stop())
        buttons = [self.generate_button, self.stop_button, self.live]
        return widgets.HBox(buttons, layout=widgets.Layout(**WRAP))

    def _prompt_rows(self, presets: Mapping[str, str]) -> list[Any]:
        if "prompt" not in self._values:
            return []
        wide = widgets.Layout(width="auto")
        prompt = widgets.Textarea(
            self._values["prompt"], description="prompt", rows=4, style=LABEL, layout=wide
        )
        self.inputs["prompt"] = prompt
        prompt.observe(lambda change: self._changed("prompt", change["new"]), "value")
        if not presets:
            return [prompt]
        self.presets = examples(presets, prompt)
        return [self.presets, prompt]

    def _stop_row(self) -> Any:
        given = "\n".join(text.replace("\n", r"\n") for text in self._values["stop_sequences"])
        box = widgets.Textarea(given, description="stop_sequences", rows=2, style=LABEL)
        self.inputs["stop_sequences"] = box
        box.observe(lambda change: self._changed("stop_sequences", stop_sequences(change["new"])), "value")
        hint = widgets.HTML(line(r"one text a line; \n stands for a line break"))
        return widgets.HBox([box, hint], layout=widgets.Layout(**WRAP))


def examples(presets: Mapping[str, str], prompt: Any) -> Any:
    """Return a choice of prompts that fills the box `prompt` and names the one in it."""
    names = {text: name for name, text in presets.items()}
    choice = widgets.Dropdown(options=[OWN, *presets], description="example", style=LABEL)

    def fill(change: Any) -> None:
        if change["new"] != OWN:
            prompt.value = presets[change["new"]]

    def follow(_: Any) -> None:
        choice.value = names.get(prompt.value, OWN)

    follow(None)
    choice.observe(fill, "value")
    prompt.observe(follow, "value")
    return choice
