"""The sizing as a calculator: sliders for the traffic, over the figures that a load test has measured.

It computes, and asks no endpoint for anything.
"""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from ..catalog import Limit, Setting
from ..errors import BadInput
from ..notebook.display import Output, show_markdown, show_widget
from ..notebook.frontend import STATUS_CLASS, attended
from ..notebook.markup import Html, count, escape
from ..playground.bars import FULL
from ..playground.parts import LABEL, WRAP, number, number_box
from ..playground.rendering import line
from .sizing import SHAPES, Sizing, Traffic, size

# Keyword of the calculator -> its name on the page, its range, and the step of its slider.
SLIDERS: dict[str, tuple[Setting, Limit]] = {
    "users_a_day": (Setting("users a day", "whole number", step=1000), Limit(0, 200_000, 1000)),
    "requests_each": (Setting("requests each", "whole number"), Limit(1, 50, 10)),
    "percent": (Setting("% of the knee", "whole number", step=5), Limit(10, 100, 70)),
}
MEASURED: dict[str, tuple[Setting, Limit]] = {
    "requests_a_minute": (Setting("req. a minute", "number", step=1.0), Limit(0.1, 1e6, 100)),
    "usd_per_hour": (Setting("$ an hour", "number", step=0.1), Limit(0.0, 1e4, 0)),
}
NOTE = "Measured: the requests a minute of one instance at its knee, and what it costs an hour."
_CELL = "padding:0 2px;text-align:center;vertical-align:bottom;background:none"
_HIGH = 60  # pixels of the highest bar


class Calculator:
    """Sliders over `sizing.size`; a cell that ends with a Calculator shows it.

    `inputs` has the control of each value, by its name. Without a front end (`interactive` False; None
    detects it) there are none, and the values given are computed once.
    """

    def __init__(self, values: dict[str, Any], *, interactive: bool | None = None) -> None:
        self._values = values
        self.interactive = attended() if interactive is None else interactive
        self.inputs: dict[str, Any] = {}
        self._copy: Output | None = None
        if self.interactive:
            self._build()

    @property
    def sizing(self) -> Sizing:
        """What the controls' values need and cost."""
        given = self._values
        traffic = Traffic(given["users_a_day"], given["requests_each"], given["shape"])
        share = given["percent"] / 100
        return size(traffic, given["requests_a_minute"], given["usd_per_hour"], share=share)

    def static_copy(self) -> str:
        """Return the values and what follows as Markdown, for saved notebooks."""
        given = self._values
        told = (
            f"**{given['users_a_day']:,} users a day**, {given['requests_each']:g} requests each, shape "
            f'"{given["shape"]}", at {given["percent"]:g} % of a knee of {given["requests_a_minute"]:.0f} '
            f"requests a minute, ${given['usd_per_hour']:.2f} an hour:"
        )
        return "\n".join(
            [told, "", *(f"- {each}" for each in str(self.sizing).replace("$", r"\$").split("\n"))]
        )

    def _ipython_display_(self) -> None:
        if not self.interactive:
            show_markdown(self.static_copy())
            return
        show_widget(self.widget)
        self._copy = Output()
        self._redraw()

    def _build(self) -> None:
        self.status, self.chart = widgets.HTML(), widgets.HTML()
        self.status.add_class(STATUS_CLASS)
        sliders = [self._slider(name) for name in SLIDERS]
        boxes = [self._box(name) for name in MEASURED]
        self.widget = widgets.VBox(
            [
                *(*sliders, self._choice()),
                *(widgets.HTML(line(NOTE)), widgets.HBox(boxes, layout=widgets.Layout(**WRAP))),
                *(self.status, self.chart),
            ]
        )
        self._redraw()

    def _slider(self, name: str) -> Any:
        setting, limit = SLIDERS[name]
        box, slider, row = number(setting, self._values[name], limit, self._say)
        self.inputs[name] = box
        slider.observe(lambda change: self._set(name, change["new"]), "value")
        return row

    def _box(self, name: str) -> Any:
        setting, limit = MEASURED[name]
        shown = round(self._values[name], 2)  # computed with as it was measured
        self.inputs[name] = number_box(setting, shown, limit, self._say, self._setter(name))
        return self.inputs[name]

    def _choice(self) -> Any:
        given = {"value": self._values["shape"], "description": "shape of a day", "style": LABEL}
        self.inputs["shape"] = choice = widgets.Dropdown(options=list(SHAPES), **given)
        choice.observe(lambda change: self._set("shape", change["new"]), "value")
        return choice

    def _setter(self, name: str) -> Callable[[float], None]:
        return lambda value: self._set(name, value)

    def _set(self, name: str, value: Any) -> None:
        self._values[name] = value
        self._redraw()

    def _say(self, words: str) -> None:
        self.status.value = line(words)

    def _redraw(self) -> None:
        found = self.sizing
        self._say(
            f"At most {count(found.peak, 'instance')} at once. Always on: {_usd(found.always_on_usd)}. "
            f"Scaled: {_usd(found.scaled_usd)}."
        )
        self.chart.value = chart(found)
        if self._copy is not None:
            rows = "".join(f"<p>{escape(each)}</p>" for each in str(found).split("\n"))
            summary = "The calculator as it was set last (kept in the saved notebook)"
            self._copy.show(Html(f"<details><summary>{summary}</summary>{rows}</details>", str(found)))


def calculator(
    traffic: Traffic,
    requests_a_minute: float,
    usd_per_hour: float,
    *,
    share: float = 0.7,
    interactive: bool | None = None,
) -> Calculator:
    """Show what a traffic needs and costs, with sliders that begin at the arguments, those of `size`.

    Raises BadInput for values that `size` refuses, or that a slider does not reach.
    """
    size(traffic, requests_a_minute, usd_per_hour, share=share)
    values = {
        "users_a_day": traffic.users_a_day,
        "requests_each": traffic.requests_each,
        "percent": round(100 * share),
        "requests_a_minute": requests_a_minute,
        "usd_per_hour": usd_per_hour,
    }
    for name, (setting, limit) in {**SLIDERS, **MEASURED}.items():
        try:
            values[name] = setting.read(values[name], limit, name)
        except BadInput as error:
            raise BadInput(str(error).replace("this model takes", "the calculator takes")) from error
    return Calculator({**values, "shape": traffic.shape}, interactive=interactive)


def chart(sizing: Sizing) -> str:
    """Return the instances by hour as bars in an HTML table."""
    heads = "".join(f'<th scope="col" style="{_CELL}">{hour}</th>' for hour in range(len(sizing.instances)))
    cells = "".join(f'<td style="{_CELL}">{_bar(n / sizing.peak)}{n}</td>' for n in sizing.instances)
    row = 'style="text-align:left;font-weight:normal;white-space:nowrap;background:none"'
    return (
        '<div role="region" aria-label="Instances by hour of the day" style="overflow-x:auto" tabindex="0">'
        '<table style="border-collapse:collapse;color:var(--jp-content-font-color1,#212121)">'
        f'<caption style="text-align:left">Instances by hour of the day</caption>'
        f'<tr><th scope="row" {row}>instances</th>{cells}</tr>'
        f'<tr><th scope="row" {row}>hour</th>{heads}</tr></table></div>'
    )


def _bar(share: float) -> str:
    style = f"height:{share * _HIGH:.0f}px;min-width:12px;background:{FULL}"
    return f'<div aria-hidden="true" style="{style}"></div>'


def _usd(amount: float) -> str:
    return f"about ${amount:,.0f} a month"
