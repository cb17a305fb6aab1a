"""The playground: sliders over a function that generates text.

Call the function plainly first; then pass it to `Playground`, or a client to `playground`.
"""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..catalog import Limit
from ..generate.tokens import show_tokens
from ..notebook.display import Output, show_markdown, show_widget
from ..notebook.frontend import attended
from .comparison import Comparison
from .controls import Controls
from .python_call import python_call
from .rendering import folded_copy, static_copy
from .runner import Runner, Snapshot
from .settings import history, starting_values

if TYPE_CHECKING:
    import pandas as pd

    from ..generate.client import Client

__all__ = ["Playground", "playground", "show_tokens"]

DEBOUNCE = 0.4  # seconds that "live" waits after the last change before it generates


class Playground:
    """Controls for the settings that `function` takes; a cell that ends with a Playground shows it.

    `function` takes any of prompt, temperature, max_tokens, k, p and stop_sequences by name and returns a
    Stream, a Response or a text. `limits` gives the ranges; `settings` the values to begin with. `controls`
    has the widgets. With `named`, the function's name in the reader's notebook, the call that made a text is
    shown as Python. Without a front end (`interactive` False; None detects it) there are none: it runs once,
    when it is made, and raises what goes wrong.
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
        named: str = "",
        **settings: Any,
    ) -> None:
        self._function, self._writer, self._usd_per_hour = function, writer, usd_per_hour
        self._named = named
        self._values = starting_values(function, limits, settings)
        self._runs: list[Snapshot] = []
        self._last: dict[int, Snapshot] = {}  # the newest run; those of a comparison by their columns
        self._runner = Runner(self._keep_run)
        self._timer: threading.Timer | None = None
        self._copy: Output | None = None
        self.interactive = attended() if interactive is None else interactive
        self.controls = self._build_controls(limits, presets or {}) if self.interactive else None
        if not self.interactive:
            self.run()

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments of the next call, as the controls are now."""
        return dict(self._values)

    @property
    def history(self) -> "pd.DataFrame":
        """Every run so far, one row each; `status` is finished, stopped or failed.

        A run without a single token is left out.
        """
        return history(self._runs, tuple(self._values))

    def start(self) -> None:
        """Generate in the background, as the Generate button does; runs under way are stopped."""
        self._begin(self._values)
        self._runner.start(self._function, (self._values, self._show))

    def start_three(self) -> None:
        """Generate at the three temperatures of the comparison at once, as its button does."""
        comparison = self.controls.comparison if self.controls is not None else None
        assert comparison is not None  # whose button it is
        several = [self._values | {"temperature": each} for each in comparison.temperatures]
        self._begin(*several)
        comparison.begin()
        shows = [partial(self._show_three, comparison, place) for place in range(len(several))]
        self._runner.start(self._function, *zip(several, shows, strict=True))

    def run(self) -> None:
        """Generate and wait for the end; raises what went wrong."""
        self._runner.run(self._function, (self._values, self._show))

    def stop(self) -> None:
        """Stop what is under way, as the Stop button does."""
        self._cancel_timer()
        self._runner.stop()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the run under way has ended, at most `timeout` seconds."""
        self._runner.join(timeout)

    def _begin(self, *calls: Mapping[str, Any]) -> None:
        self._cancel_timer()
        if self.controls is not None and self._named:
            fixed = getattr(self._function, "keywords", {})  # a partial's
            self.controls.show_python([python_call(self._named, {**each, **fixed}) for each in calls])

    def _show(self, now: Snapshot) -> None:
        self._last = {0: now}
        if self.controls is not None:
            self.controls.show(now)

    def _show_three(self, comparison: Comparison, place: int, now: Snapshot) -> None:
        self._last[place] = now
        comparison.show(place, now)

    def _keep_run(self, last: Snapshot) -> None:
        if not last.text and not last.tokens:
            return
        self._runs.append(last)
        if self.controls is not None:
            self.controls.runs.add(last)
            self._keep_copy()

    def _keep_copy(self) -> None:
        if self._copy is not None:
            last = [self._last[place] for place in sorted(self._last)]
            self._copy.show(folded_copy(last, self._writer))

    def static_copy(self) -> str:
        """Return the last run as Markdown for saved notebooks, its text shown literally."""
        return static_copy(self._last.get(0), self._writer)

    def _ipython_display_(self) -> None:
        if self.controls is not None:
            show_widget(self.controls.widget)
            self._copy = Output()
            self._keep_copy()
        else:
            show_markdown(self.static_copy())

    def _build_controls(self, limits: Mapping[str, Limit], presets: Mapping[str, str]) -> Controls:
        return Controls(
            self._values,
            limits,
            presets,
            writer=self._writer,
            usd_per_hour=self._usd_per_hour,
            shows_python=bool(self._named),
            changed=self._changed,
            start=self.start,
            start_three=self.start_three,
            stop=self.stop,
        )

    def _changed(self, name: str, value: Any) -> None:
        self._values[name] = value
        if self.controls is not None and self.controls.live.value:
            self._start_after_pause()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _start_after_pause(self) -> None:
        self._cancel_timer()
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
    """Return a Playground for `client.stream`; `settings` are values to begin with, as temperature=1.

    The Python that it shows calls the client `client`, as the notebooks do.
    """
    listing = client.supports("likelihoods")
    return Playground(
        partial(client.stream, likelihoods="GENERATION") if listing else client.stream,
        client.limits,
        presets=presets,
        writer=client.session.writer,
        usd_per_hour=usd_per_hour,
        interactive=interactive,
        named="client.stream",
        prompt=prompt,
        **settings,
    )
