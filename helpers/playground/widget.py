"""Sliders over a function that generates text.

The plain call comes first; the same function is then given to `Playground`, or a client to `playground`.
"""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from ..catalog import Limit
from ..generate.tokens import show_tokens
from ..notebook.frontend import SCRIPT, STATUS_CLASS, attended
from .controls import LABEL, folding, number
from .rendering import folded_copy, framed, in_words, line, side_by_side, static_copy, tokens
from .runner import Runner, Snapshot
from .settings import NAMES, NUMBERS, history, starting_values, stop_sequences

if TYPE_CHECKING:
    import pandas as pd

    from ..generate.client import Client

__all__ = ["Playground", "playground", "show_tokens"]

DEBOUNCE = 0.4  # seconds without a change before "live" generates
OWN = "your own"


class Playground:
    """Controls for the settings that `function` takes; a cell that ends with a Playground shows it.

    `function` takes any of prompt, temperature, max_tokens, k, p and stop_sequences by name and returns a
    Stream, a Response or a text. `limits` gives the ranges; `settings` the values to begin with. Without a
    front end (`interactive` False; None finds out) it runs once, when it is made, and raises what goes wrong.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        limits: Mapping[str, Limit],
        *,
        presets: Mapping[str, str] | None = None,
        writer: str = "the model",
        usd_per_hour: float | None = None,
        interactive: bool | None = None,
        **settings: Any,
    ) -> None:
        self._function, self._writer, self._usd_per_hour = function, writer, usd_per_hour
        self._values = starting_values(function, limits, settings)
        self._runs: list[Snapshot] = []
        self._last: Snapshot | None = None
        self._runner = Runner(self._show, self._kept)
        self._timer: threading.Timer | None = None
        self._copy: Any = None
        self.interactive = attended() if interactive is None else interactive
        if self.interactive:
            self._build(limits, presets or {})
        else:
            self.run()

    @property
    def settings(self) -> dict[str, Any]:
        """What the controls say now: the arguments of the next call."""
        return dict(self._values)

    @property
    def history(self) -> "pd.DataFrame":
        """Every run so far, one row each; `status` is finished, stopped or failed."""
        return history(self._runs, tuple(self._values))

    def start(self) -> None:
        """Generate in the background, as the Generate button does; a run under way is stopped."""
        self._forget_timer()
        self._runner.start(self._function, self._values)

    def run(self) -> None:
        """Generate and wait for the end; raises what went wrong."""
        self._runner.run(self._function, self._values)

    def stop(self) -> None:
        """Stop the run under way, as the Stop button does."""
        self._forget_timer()
        self._runner.stop()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the run under way has ended."""
        self._runner.join(timeout)

    def _show(self, now: Snapshot) -> None:
        began = now.state == "running" and (self._last is None or self._last.number != now.number)
        self._last = now
        if not self.interactive:
            return
        words = line(in_words(now, self._usd_per_hour))
        if now.state == "running":
            # A screen reader is told of a beginning and an end, not of every token between.
            self.progress.value = words
        self.text.value = framed(now.text, f"Text written by {self._writer}")
        if began:
            self.status.value = line("Writing")
            self.tokens.value = tokens(now)
        elif now.state != "running":
            self.progress.value, self.status.value = "", words
            self.tokens.value = tokens(now)

    def _kept(self, last: Snapshot) -> None:
        self._runs.append(last)
        if self.interactive:
            self.runs.value = side_by_side(self._runs, self._usd_per_hour)
            if self._copy is not None:
                self._copy.update(folded_copy(self._last, self._writer))

    def static_copy(self) -> str:
        """What a saved notebook keeps: the last run as Markdown, its text shown literally."""
        return static_copy(self._last, self._writer)

    def _ipython_display_(self) -> None:
        from IPython.display import HTML, Markdown, display

        if self.interactive:
            display(self.widget)  # type: ignore[no-untyped-call]
            display(HTML(SCRIPT))  # type: ignore[no-untyped-call]
            self._copy = display(folded_copy(self._last, self._writer), display_id=True)  # type: ignore[no-untyped-call]
        else:
            display(Markdown(self.static_copy()))  # type: ignore[no-untyped-call]

    def _build(self, limits: Mapping[str, Limit], presets: Mapping[str, str]) -> None:
        self.controls: dict[str, Any] = {}
        self.status = widgets.HTML(line(f"Press Generate; {self._writer} writes."))
        self.status.add_class(STATUS_CLASS)
        self.progress, self.text = widgets.HTML(), widgets.HTML(framed("", "Text"))
        self.tokens, self.runs = widgets.HTML(tokens(None)), widgets.HTML(side_by_side([]))
        rows = {n: self._number(n, limits[n]) for n in NUMBERS if n in self._values}
        shown = [*self._prompt_rows(presets), *(rows.pop(n) for n in NUMBERS[:2] if n in rows)]
        more = [*rows.values(), *self._stop_rows()]
        if more:
            names = ", ".join(name for name in NAMES[3:] if name in self._values)
            shown += folding(f"more settings: {names}", widgets.VBox(more))
        shown += [self._buttons(), widgets.HBox([self.status, self.progress]), self.text]
        shown += folding("the tokens of the text", self.tokens, folded=False)
        shown += folding("the runs so far, side by side", self.runs)
        self.widget = widgets.VBox(shown)

    def _buttons(self) -> Any:
        self.live = widgets.Checkbox(description="live: generate at every change", indent=False)
        self.generate_button = widgets.Button(description="Generate", button_style="primary", icon="play")
        self.stop_button = widgets.Button(description="Stop", icon="stop")
        self.generate_button.on_click(lambda _: self.start())
        self.stop_button.on_click(lambda _: self.stop())
        buttons = [self.generate_button, self.stop_button, self.live]
        return widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap"))

    def _number(self, name: str, limit: Limit) -> Any:
        box, row = number(name, self._values[name], limit)
        self._control(name, box, lambda given: given)
        return row

    def _prompt_rows(self, presets: Mapping[str, str]) -> list[Any]:
        if "prompt" not in self._values:
            return []
        wide = widgets.Layout(width="auto")
        prompt = widgets.Textarea(
            self._values["prompt"], description="prompt", rows=4, style=LABEL, layout=wide
        )
        self._control("prompt", prompt, lambda given: given)
        if not presets:
            return [prompt]
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
        self.presets = choice
        return [choice, prompt]

    def _stop_rows(self) -> list[Any]:
        if "stop_sequences" not in self._values:
            return []
        given = "\n".join(text.replace("\n", r"\n") for text in self._values["stop_sequences"])
        box = widgets.Textarea(given, description="stop at", rows=2, style=LABEL)
        self._control("stop_sequences", box, stop_sequences)
        hint = widgets.HTML(line(r"one text a line; \n stands for a line break"))
        return [widgets.HBox([box, hint], layout=widgets.Layout(flex_flow="row wrap"))]

    def _control(self, name: str, control: Any, read: Callable[[Any], Any]) -> None:
        self.controls[name] = control

        def changed(change: Any) -> None:
            self._values[name] = read(change["new"])
            if self.live.value:
                self._start_soon()

        control.observe(changed, "value")

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _start_soon(self) -> None:
        self._forget_timer()
        self._timer = threading.Timer(DEBOUNCE, self.start)
        self._timer.daemon = True
        self._timer.start()


def playground(
    client: "Client",
    *,
    prompt: str,
    presets: Mapping[str, str] | None = None,
    usd_per_hour: float | None = None,
    interactive: bool | None = None,
    **settings: Any,
) -> Playground:
    """A Playground for `client.stream`; `settings` are the values to begin with, such as temperature."""
    listing = client.supports("likelihoods")
    return Playground(
        partial(client.stream, likelihoods="GENERATION") if listing else client.stream,
        client.limits,
        presets=presets,
        writer=client.session.writer,
        usd_per_hour=usd_per_hour,
        interactive=interactive,
        prompt=prompt,
        **settings,
    )
