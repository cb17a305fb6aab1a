"""The HTML of a playground: its text, its status, the tokens, and the runs so far.

Colours are JupyterLab's own, which follow its theme; the second values are for front ends without them.
"""

from collections.abc import Sequence

from ..catalog import SETTINGS
from ..errors import StreamBroken
from ..generate.tokens import token_view
from ..notebook.markup import Html, attribute, block, count, escape, inline, quote, visible
from .runner import Snapshot

_FRAME = (
    "color:var(--jp-content-font-color1,#212121);background:var(--jp-layout-color1,#FFFFFF);"
    "border:1px solid var(--jp-content-font-color2,#767676);border-radius:3px;"
    "padding:0.5em 0.7em;line-height:1.5"
)


def framed(text: str, label: str) -> str:
    """Return a model's text, shown literally, as a region named `label`."""
    style = f"{_FRAME};min-height:5em"
    return f'<div role="region" aria-label="{attribute(label)}" style="{style}">{block(text)}</div>'


def line(words: str) -> str:
    """Return a line of this tutorial's own words."""
    return f'<div style="line-height:1.5;overflow-wrap:anywhere">{escape(words)}</div>'


def tokens(last: Snapshot | None) -> str:
    """Return the last run's tokens, shaded by likelihood, or why there are none."""
    if last is None or last.state == "running":
        return line("The tokens are shown when the text has ended.")
    if not last.token_likelihoods:
        ended = "A text that did not come to its end" if last.state != "finished" else "This model's stream"
        return line(f"{ended} lists no tokens.")
    return token_view(last.token_likelihoods, last.text, last.finish_reason).html


def run_column(run: Snapshot, usd_per_hour: float | None = None) -> str:
    """Return one of several runs: its settings, its text, and how it ended."""
    title = f"Run {run.number}: {_numbers(run)}"
    # tabindex: it scrolls by keyboard as well
    text = (
        f'<div role="region" tabindex="0" aria-label="Text of run {run.number}" '
        f'style="{_FRAME};max-height:16em;overflow:auto">{block(run.text)}</div>'
    )
    return f"{line(title)}{text}{line(describe_run(run, usd_per_hour))}"


def describe_run(now: Snapshot, usd_per_hour: float | None = None) -> str:
    """Describe the state of a run in words; with a price, also what its time on the endpoint costs."""
    if now.error is not None:
        return f"Failed: {_reason(now.error)}"
    words = f"{count(now.tokens, 'token')} in {now.seconds:.1f} s"
    if now.first_seconds is not None:
        words += f" (the first after {now.first_seconds:.2f} s), {now.tokens_per_second:.0f} tokens/s"
    if usd_per_hour is not None:
        words += f", about ${now.seconds / 3600 * usd_per_hour:.5f} of the endpoint's time"
    if now.state == "running":  # the state itself is shown beside it
        return f"{words}."
    begun = "Stopped" if now.state == "stopped" else _describe_ending(now.finish_reason)
    return f"{begun}: {words}."


def _reason(error: Exception) -> str:
    """Say what went wrong, without the names by which a program would find the text so far."""
    if isinstance(error, StreamBroken) and error.reason:
        return f"the stream broke: {error.reason}. What had come until then is kept; Generate asks anew."
    return str(error)


def static_copy(last: Snapshot | None, writer: str) -> str:
    """Return the last run as Markdown, without timings: settings, the literal text, how it ended."""
    if last is None:
        return "*Nothing was generated yet.*"
    told = _numbers(last)
    end = _describe_ending(last.finish_reason) if last.state == "finished" else last.state.capitalize()
    counted = f", {count(last.tokens, 'token')}" if last.tokens else ""  # plain texts have no count
    return f"**Written by {inline(writer)}** ({told}):\n\n{quote(last.text)}\n\n{inline(end)}{counted}."


def folded_copy(last: Sequence[Snapshot], writer: str) -> Html:
    """Return the last texts, folded away, for saved notebooks, which don't keep the controls."""
    if not last:
        words = "Nothing was generated yet. The saved notebook keeps the last text here."
        return Html(line(words), words)
    summary = f"The last text, written by {escape(writer)} (kept in the saved notebook)"
    texts = "".join(f"{line(_numbers(each))}{block(each.text)}" for each in last)
    plain = "\n\n".join(f"{_numbers(each)}\n{visible(each.text)}" for each in last)
    return Html(f"<details><summary>{summary}</summary>{texts}</details>", plain)


def _numbers(run: Snapshot) -> str:
    """List a run's settings that are numbers."""
    numbers = {n: value for n, value in run.settings.items() if n in SETTINGS and SETTINGS[n].is_number}
    return ", ".join(f"{name} {value:g}" for name, value in numbers.items())


def _describe_ending(reason: str | None) -> str:
    told = {"MAX_TOKENS": "Cut off at max_tokens (MAX_TOKENS)", None: "Finished"}
    return told.get(reason, f"Finished ({reason})")
