"""The settings that a playground begins with, and the table of its runs."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..catalog import SETTINGS, Limit
from ..errors import BadInput
from ..notebook.markup import visible
from .runner import Snapshot

if TYPE_CHECKING:
    import pandas as pd

RESULTS = ("text", "tokens", "finish_reason", "first_seconds", "seconds", "tokens_per_second", "state")
NAMES = {"state": "status", "first_seconds": "time_to_first_token_seconds"}  # as the table has them


def starting_values(
    function: Callable[..., Any], limits: Mapping[str, Limit], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings that `function` takes by name, as given, else by the model's defaults.

    Raises BadInput for a setting that it does not take, and for a value that the model does not.
    """
    parameters = inspect.signature(function).parameters.values()
    takes_all = any(each.kind is each.VAR_KEYWORD for each in parameters)
    offered = ["prompt", *(name for name, setting in SETTINGS.items() if setting.control != "none")]
    taken = [name for name in offered if takes_all or any(each.name == name for each in parameters)]
    unknown = [name for name in given if name not in taken]
    if unknown:
        raise BadInput(f"The function takes no {', '.join(unknown)}; it takes {', '.join(taken)}.")
    values = {
        "prompt": "",
        "stop_sequences": (),
        **{n: limit.default for n, limit in limits.items()},
        **given,
    }
    return {name: _read(name, values[name], limits) for name in taken if name in values}


def _read(name: str, value: Any, limits: Mapping[str, Limit]) -> Any:
    return SETTINGS[name].read(value, limits[name]) if name in limits else value


def stop_sequences(lines: str) -> tuple[str, ...]:
    r"""Return the stop sequences of a text box: one a line, where \n stands for a line break."""
    return tuple(line.replace(r"\n", "\n") for line in lines.split("\n") if line)


def history(runs: Iterable[Snapshot], names: Iterable[str]) -> "pd.DataFrame":
    """Return a row for each run, in the order of their starts: its number, settings and result.

    `finish_reason` is empty where there is none, `time_to_first_token_seconds` NaN where a text came as a
    whole. Control characters and direction marks are written as
    ⟨U+XXXX⟩, as everywhere they are shown.
    """
    import pandas as pd

    # JupyterLab would typeset what looks like a formula in a text, and pandas cut a long one.
    pd.set_option("display.html.use_mathjax", False)
    pd.set_option("display.max_colwidth", None)
    columns = ["run", *names, *RESULTS]
    rows = (
        {"run": run.number, **run.settings, **_results(run)}
        for run in sorted(runs, key=lambda run: run.number)
    )
    return pd.DataFrame(list(rows), columns=columns).rename(columns=NAMES)


def _results(run: Snapshot) -> dict[str, Any]:
    shown = {"text": visible(run.text), "finish_reason": visible(run.finish_reason or "")}
    first = math.nan if run.first_seconds is None else run.first_seconds
    return {name: getattr(run, name) for name in RESULTS} | shown | {"first_seconds": first}
