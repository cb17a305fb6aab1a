"""The parts that the playgrounds' widgets are made of: numbers with their sliders, and what can be folded."""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from ..catalog import Limit, Setting

LABEL = {"description_width": "6.5rem"}
WRAP = {"flex_flow": "row wrap"}


def number(setting: Setting, value: float, limit: Limit, say: Callable[[str], None]) -> tuple[Any, Any, Any]:
    """Return a box labelled with the setting's name, a slider of the same value, and the row of both.

    A value typed outside the range becomes its nearest end; `say` tells so. The slider's tooltip is its
    name for a screen reader (`notebook.frontend.SCRIPT`).
    """
    low, high = (int(limit.low), int(limit.high)) if setting.is_whole else (limit.low, limit.high)
    slider_of = widgets.IntSlider if setting.is_whole else widgets.FloatSlider
    wide = widgets.Layout(flex="1 1 12rem")
    common = {"value": value, "step": setting.step}
    slider = slider_of(**common, min=low, max=high, readout=False, tooltip=setting.name, layout=wide)

    def move(near: float) -> None:
        slider.value = near

    def slid(change: Any) -> None:
        box.value = change["new"]

    box = number_box(setting, value, limit, say, move)
    slider.observe(slid, "value")
    return box, slider, widgets.HBox([box, slider], layout=widgets.Layout(**WRAP))


def number_box(
    setting: Setting,
    value: float,
    limit: Limit,
    say: Callable[[str], None],
    changed: Callable[[float], None] = lambda _: None,
) -> Any:
    """Return a box labelled with the setting's name; `changed` hears of each value within the range.

    A value typed outside it becomes its nearest end, and `say` tells so.
    """
    low, high = (int(limit.low), int(limit.high)) if setting.is_whole else (limit.low, limit.high)
    box_of = widgets.IntText if setting.is_whole else widgets.FloatText
    narrow = widgets.Layout(width="13rem")
    box = box_of(value=value, step=setting.step, description=setting.name, style=LABEL, layout=narrow)

    def typed(change: Any) -> None:
        near = min(max(change["new"], low), high)
        if near == change["new"]:
            changed(near)
            return
        box.value = near
        # after it, as what changes with the value may have words of its own
        say(f"{setting.name} takes {low:g} to {high:g}: {change['new']:g} became {near:g}.")

    box.observe(typed, "value")
    return box


def collapsible(what: str, part: Any, *, folded: bool = True) -> list[Any]:
    """Return a button that shows and hides `part`, and the part; unlike an Accordion's, by keyboard too."""
    button = widgets.Button(layout=widgets.Layout(width="auto", align_self="flex-start"))

    def fold(away: bool) -> None:
        part.layout.display = "none" if away else None
        button.description = f"{'Show' if away else 'Hide'} {what}"
        button.icon = "caret-right" if away else "caret-down"

    button.on_click(lambda _: fold(part.layout.display is None))
    fold(folded)
    return [button, part]
