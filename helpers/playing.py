"""What a playground says and keeps, apart from its controls: settings, words, history, the static copy."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .catalog import Limit
from .errors import BadInput
from .markup import Html, block, count, escape, inline, quote, visible
from .running import Snapshot

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("temperature", "max_tokens", "k", "p")
NAMES = ("prompt", *NUMBERS, "stop_sequences")
RESULTS = ("text", "tokens", "finish_reason", "seconds", "tokens_per_second", "state")


def starting_values(
    function: Callable[..., Any], limits: Mapping[str, Limit], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The settings that `function` takes by name, in order: those given, else the model's defaults.

    Raises BadInput for a setting that it does not take, and for a value out of the model's range.
    """
    parameters = inspect.signature(function).parameters.values()
    takes_all = any(each.kind is each.VAR_KEYWORD for each in parameters)
    taken = [name for name in NAMES if takes_all or any(each.name == name for each in parameters)]
    unknown = [name for name in given if name not in taken]
    if unknown:
        raise BadInput(f"The function takes no {', '.join(unknown)}; it takes {', '.join(taken)}.")
    values: dict[str, Any] = {"prompt": "", "stop_sequences": ()}
    values |= {name: limits[name].default for name in NUMBERS if name in limits}
    values |= given
    for name in NUMBERS:
        if name in given:
            limits[name].check(name, given[name])
    values |= {name: int(values[name]) for name in ("max_tokens", "k") if name in values}
    return {name: values[name] for name in taken if name in values}


def stop_sequences(lines: str) -> tuple[str, ...]:
    r"""The stop sequences of a text box: one a line, where \n stands for a line break."""
    return tuple(line.replace(r"\n", "\n") for line in lines.split("\n") if line)


def history(runs: Iterable[Snapshot], names: Iterable[str]) -> "pd.DataFrame":
    """One row a run, in the order they were started: its number, its settings, what came of it.

    `finish_reason` is empty where there is none. Control characters and direction marks are written as
    ⟨U+XXXX⟩, as everywhere they are shown.
    """
    import pandas as pd

    # JupyterLab would read formulas into the texts of a table.
    pd.set_option("display.html.use_mathjax", False)
    columns = ["run", *names, *RESULTS]
    rows = (
        {"run": run.number, **run.settings, **_results(run)}
        for run in sorted(runs, key=lambda run: run.number)
    )
    return pd.DataFrame(list(rows), columns=columns).rename(columns={"state": "status"})


def _results(run: Snapshot) -> dict[str, Any]:
    shown = {"text": visible(run.text), "finish_reason": visible(run.finish_reason or "")}
    return {name: getattr(run, name) for name in RESULTS} | shown


def in_words(now: Snapshot, usd_per_hour: float | None = None) -> str:
    """The state of a run in words; with a price, what its time on the endpoint costs."""
    if now.state == "failed":
        return f"Failed: {now.error}"
    begun = {"running": "Writing", "stopped": "Stopped"}.get(now.state, _ending(now.finish_reason))
    speed = f"{count(now.tokens, 'token')} in {now.seconds:.1f} s, {now.tokens_per_second:.0f} tokens/s"
    if usd_per_hour is None:
        return f"{begun}: {speed}."
    return f"{begun}: {speed}, about ${now.seconds / 3600 * usd_per_hour:.5f} of the endpoint's time."


def static_copy(last: Snapshot | None, writer: str) -> str:
    """The last run as Markdown, without timings: the settings, the text shown literally, how it ended."""
    if last is None:
        return "*Nothing was generated yet.*"
    told = ", ".join(f"{name} {value:g}" for name, value in last.settings.items() if name in NUMBERS)
    end = _ending(last.finish_reason) if last.state == "finished" else last.state.capitalize()
    counted = f", {count(last.tokens, 'token')}" if last.tokens else ""  # a plain text comes without a count
    return f"**Written by {inline(writer)}** ({told}):\n\n{quote(last.text)}\n\n{inline(end)}{counted}."


def folded_copy(last: Snapshot | None, writer: str) -> Html:
    """The last text folded away, for a cell that shows the controls: a saved notebook keeps it."""
    text = "" if last is None else last.text
    summary = f"The last text, written by {escape(writer)} (kept in the saved notebook)"
    return Html(f"<details><summary>{summary}</summary>{block(text)}</details>", visible(text))


def _ending(reason: str | None) -> str:
    told = {"MAX_TOKENS": "Cut off at max_tokens (MAX_TOKENS)", None: "Finished"}
    return told.get(reason, f"Finished ({reason})")
