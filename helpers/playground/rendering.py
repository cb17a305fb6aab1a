"""What a playground shows, as HTML: its text, its status, the tokens, the runs so far; and who can see it.

Colours are JupyterLab's own, which follow its theme; the second values are for front ends without them.
"""

from collections.abc import Sequence

from ..catalog import SETTINGS
from ..generate.tokens import token_view
from ..notebook.markup import Html, attribute, block, count, escape, inline, quote, visible
from .runner import Snapshot

SIDE_BY_SIDE = 3  # as many of the latest runs are compared
_FRAME = (
    "color:var(--jp-content-font-color1,#212121);background:var(--jp-layout-color1,#FFFFFF);"
    "border:1px solid var(--jp-content-font-color2,#767676);border-radius:3px;"
    "padding:0.5em 0.7em;line-height:1.5"
)


def framed(text: str, label: str) -> str:
    """A model's text, literally, as a region with a name."""
    style = f"{_FRAME};min-height:5em"
    return f'<div role="region" aria-label="{attribute(label)}" style="{style}">{block(text)}</div>'


def line(words: str) -> str:
    """A line of words of our own."""
    return f'<div style="line-height:1.5;overflow-wrap:anywhere">{escape(words)}</div>'


def tokens(last: Snapshot | None) -> str:
    """The tokens of the last run, shaded by likelihood, or why there are none."""
    if last is None or last.state == "running":
        return line("The tokens are shown when the text has ended.")
    if not last.token_likelihoods:
        ended = "A text that did not come to its end" if last.state != "finished" else "This model's stream"
        return line(f"{ended} lists no tokens.")
    return token_view(last.token_likelihoods, last.text, last.finish_reason).html


def side_by_side(runs: Sequence[Snapshot], usd_per_hour: float | None = None) -> str:
    """The latest runs next to each other: their settings, texts and ends."""
    if not runs:
        return line("Nothing was generated yet.")
    latest = sorted(runs, key=lambda run: run.number)[-SIDE_BY_SIDE:]
    columns = "".join(_column(run, usd_per_hour) for run in latest)
    return f'<div style="display:flex;flex-wrap:wrap;gap:0.5em">{columns}</div>'


def _column(run: Snapshot, usd_per_hour: float | None) -> str:
    title = f"Run {run.number}: {_numbers(run)}"
    # scrolls by keyboard as well, which is what tabindex is for
    text = (
        f'<div role="region" tabindex="0" aria-label="Text of run {run.number}" '
        f'style="{_FRAME};max-height:16em;overflow:auto">{block(run.text)}</div>'
    )
    words = f"{line(title)}{text}{line(in_words(run, usd_per_hour))}"
    return f'<div style="flex:1 1 14em;min-width:0">{words}</div>'


def in_words(now: Snapshot, usd_per_hour: float | None = None) -> str:
    """The state of a run in words; with a price, what its time on the endpoint costs."""
    if now.state == "failed":
        return f"Failed: {now.error}"
    words = f"{count(now.tokens, 'token')} in {now.seconds:.1f} s, {now.tokens_per_second:.0f} tokens/s"
    if usd_per_hour is not None:
        words += f", about ${now.seconds / 3600 * usd_per_hour:.5f} of the endpoint's time"
    if now.state == "running":  # that it is being written stands beside
        return f"{words}."
    begun = "Stopped" if now.state == "stopped" else _ending(now.finish_reason)
    return f"{begun}: {words}."


def static_copy(last: Snapshot | None, writer: str) -> str:
    """The last run as Markdown, without timings: the settings, the text shown literally, how it ended."""
    if last is None:
        return "*Nothing was generated yet.*"
    told = _numbers(last)
    end = _ending(last.finish_reason) if last.state == "finished" else last.state.capitalize()
    counted = f", {count(last.tokens, 'token')}" if last.tokens else ""  # a plain text comes without a count
    return f"**Written by {inline(writer)}** ({told}):\n\n{quote(last.text)}\n\n{inline(end)}{counted}."


def folded_copy(last: Snapshot | None, writer: str) -> Html:
    """The last text folded away, for a cell that shows the controls: a saved notebook keeps it."""
    text = "" if last is None else last.text
    summary = f"The last text, written by {escape(writer)} (kept in the saved notebook)"
    return Html(f"<details><summary>{summary}</summary>{block(text)}</details>", visible(text))


def _numbers(run: Snapshot) -> str:
    """A run's settings that are numbers, in words."""
    numbers = {n: value for n, value in run.settings.items() if n in SETTINGS and SETTINGS[n].is_number}
    return ", ".join(f"{name} {value:g}" for name, value in numbers.items())


def _ending(reason: str | None) -> str:
    told = {"MAX_TOKENS": "Cut off at max_tokens (MAX_TOKENS)", None: "Finished"}
    return told.get(reason, f"Finished ({reason})")
