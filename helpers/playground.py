"""Sliders over a function that generates text: the only module that imports ipywidgets.

The plain call comes first; the same function is then given to `Playground`, or a client to `playground`.
"""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from .catalog import Limit
from .front_end import attended
from .markup import block, escape
from .playing import (
    NAMES,
    NUMBERS,
    folded_copy,
    history,
    in_words,
    starting_values,
    static_copy,
    stop_sequences,
)
from .running import Runner, Snapshot
from .tokens import show_tokens

if TYPE_CHECKING:
    import pandas as pd

    from .generation import Client

__all__ = ["Playground", "playground", "show_tokens"]

DEBOUNCE = 0.4  # seconds without a change before "live" generates
STEPS = {"temperature": 0.05, "p": 0.01}
OWN = "your own"
# JupyterLab's variables follow its theme; the second values are for front ends without them.
FRAME = (
    "color:var(--jp-content-font-color1,#212121);background:var(--jp-layout-color1,#FFFFFF);"
    "border:1px solid var(--jp-border-color0,#767676);border-radius:3px;padding:0.6em;min-height:5em"
)


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
        self._runner = Runner(self._show, self._runs.append)
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
        self._runner.start(self._function, self._values)

    def run(self) -> None:
        """Generate and wait for the end; raises what went wrong."""
        self._runner.run(self._function, self._values)

    def stop(self) -> None:
        """Stop the run under way, as the Stop button does."""
        self._runner.stop()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the run under way has ended."""
        self._runner.join(timeout)

    def _show(self, now: Snapshot) -> None:
        self._last = now
        if not self.interactive:
            return
        said = escape(in_words(now, self._usd_per_hour))
        self.status.value = f'<div role="status" style="{FRAME};min-height:0">{said}</div>'
        label = f"Text written by {self._writer}"
        self.text.value = (
            f'<div role="region" aria-label="{escape(label)}" style="{FRAME}">{block(now.text)}</div>'
        )
        if now.state != "running" and self._copy is not None:
            self._copy.update(folded_copy(self._last, self._writer))

    def static_copy(self) -> str:
        """What a saved notebook keeps: the last run as Markdown, its text shown literally."""
        return static_copy(self._last, self._writer)

    def _ipython_display_(self) -> None:
        from IPython.display import Markdown, display

        if self.interactive:
            display(self.widget)  # type: ignore[no-untyped-call]
            self._copy = display(folded_copy(self._last, self._writer), display_id=True)  # type: ignore[no-untyped-call]
        else:
            display(Markdown(self.static_copy()))  # type: ignore[no-untyped-call]

    def _build(self, limits: Mapping[str, Limit], presets: Mapping[str, str]) -> None:
        self.status = widgets.HTML(f'<div role="status">Press Generate; {escape(self._writer)} writes.</div>')
        self.text = widgets.HTML()
        self.controls: dict[str, Any] = {}
        self.live = widgets.Checkbox(description="live: generate at every change", indent=False)
        rows = {n: self._number(n, limits[n]) for n in NUMBERS if n in self._values}
        shown = [*self._prompt_rows(presets), *(rows.pop(n) for n in NUMBERS[:2] if n in rows)]
        folded = [*rows.values(), *self._stop_rows()]
        if folded:
            names = ", ".join(name for name in NAMES[3:] if name in self._values)
            shown.append(
                widgets.Accordion([widgets.VBox(folded)], titles=[f"More: {names}"], selected_index=None)
            )
        generate = widgets.Button(description="Generate", button_style="primary", icon="play")
        stop = widgets.Button(description="Stop", icon="stop")
        generate.on_click(lambda _: self.start())
        stop.on_click(lambda _: self.stop())
        self.generate_button, self.stop_button = generate, stop
        buttons = widgets.HBox([generate, stop, self.live], layout=widgets.Layout(flex_flow="row wrap"))
        self.widget = widgets.VBox([*shown, buttons, self.status, self.text])

    def _number(self, name: str, limit: Limit) -> Any:
        """A box with the name as its label, and a slider beside it that says the same."""
        value = self._values[name]
        whole = isinstance(value, int)
        low, high = (int(limit.low), int(limit.high)) if whole else (limit.low, limit.high)
        settings = {"value": value, "min": low, "max": high, "step": STEPS.get(name, 1)}
        box_of, slider_of = (
            (widgets.BoundedIntText, widgets.IntSlider)
            if whole
            else (widgets.BoundedFloatText, widgets.FloatSlider)
        )
        box = box_of(**settings, description=name, layout=widgets.Layout(width="13rem"))
        slider = slider_of(**settings, readout=False, tooltip=name, layout=widgets.Layout(flex="1 1 12rem"))
        widgets.link((box, "value"), (slider, "value"))
        self._control(name, box, lambda given: given)
        return widgets.HBox([box, slider], layout=widgets.Layout(flex_flow="row wrap"))

    def _prompt_rows(self, presets: Mapping[str, str]) -> list[Any]:
        if "prompt" not in self._values:
            return []
        wide = widgets.Layout(width="100%")
        prompt = widgets.Textarea(self._values["prompt"], description="prompt", rows=4, layout=wide)
        self._control("prompt", prompt, lambda given: given)
        if not presets:
            return [prompt]
        choice = widgets.Dropdown(options=[OWN, *presets], description="example")

        def choose(change: Any) -> None:
            if change["new"] != OWN:
                prompt.value = presets[change["new"]]

        choice.observe(choose, "value")
        self.presets = choice
        return [choice, prompt]

    def _stop_rows(self) -> list[Any]:
        if "stop_sequences" not in self._values:
            return []
        given = "\n".join(text.replace("\n", r"\n") for text in self._values["stop_sequences"])
        box = widgets.Textarea(
            given, description="stop at", placeholder=r"one a line; \n is a line break", rows=2
        )
        self._control("stop_sequences", box, stop_sequences)
        return [box]

    def _control(self, name: str, control: Any, read: Callable[[Any], Any]) -> None:
        self.controls[name] = control

        def changed(change: Any) -> None:
            self._values[name] = read(change["new"])
            if self.live.value:
                self._start_soon()

        control.observe(changed, "value")

    def _start_soon(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
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
    return Playground(
        client.stream,
        client.limits,
        presets=presets,
        writer=client.session.writer,
        usd_per_hour=usd_per_hour,
        interactive=interactive,
        prompt=prompt,
        **settings,
    )
