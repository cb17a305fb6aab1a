"""Controls that ipywidgets does not have: a number that is typed or slid, and a part that folds away.

This module and `playground` are the only ones that import ipywidgets.
"""

from typing import Any

import ipywidgets as widgets

from ..catalog import Limit

LABEL = {"description_width": "6.5rem"}
STEPS = {"temperature": 0.05, "p": 0.01}


def number(name: str, value: float, limit: Limit) -> tuple[Any, Any]:
    """A box with the name as its label, and the row that holds it and a slider that says the same.

    The slider's tooltip is its name for a screen reader (`notebook.frontend.SCRIPT`).
    """
    whole = isinstance(value, int)
    low, high = (int(limit.low), int(limit.high)) if whole else (limit.low, limit.high)
    settings = {"value": value, "min": low, "max": high, "step": STEPS.get(name, 1)}
    box_of, slider_of = (
        (widgets.BoundedIntText, widgets.IntSlider)
        if whole
        else (widgets.BoundedFloatText, widgets.FloatSlider)
    )
    box = box_of(**settings, description=name, style=LABEL, layout=widgets.Layout(width="13rem"))
    slider = slider_of(**settings, readout=False, tooltip=name, layout=widgets.Layout(flex="1 1 12rem"))
    widgets.link((box, "value"), (slider, "value"))
    return box, widgets.HBox([box, slider], layout=widgets.Layout(flex_flow="row wrap"))


def folding(what: str, part: Any, *, folded: bool = True) -> list[Any]:
    """A button that shows and hides `part`; unlike an Accordion's title, the keyboard reaches it."""
    button = widgets.Button(layout=widgets.Layout(width="auto", align_self="flex-start"))

    def fold(away: bool) -> None:
        part.layout.display = "none" if away else None
        button.description = f"{'Show' if away else 'Hide'} {what}"
        button.icon = "caret-right" if away else "caret-down"

    button.on_click(lambda _: fold(part.layout.display is None))
    fold(folded)
    return [button, part]
