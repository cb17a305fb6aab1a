"""What a playground shows, as HTML: its text, its status, the tokens, the runs so far; and who can see it.

Colours are JupyterLab's own, which follow its theme; the second values are for front ends without them.
"""

from collections.abc import Sequence

from .markup import attribute, block, escape
from .playing import NUMBERS, in_words
from .running import Snapshot
from .tokens import token_view

STATUS_CLASS = "playground-status"
SIDE_BY_SIDE = 3  # as many of the latest runs are compared
_FRAME = (
    "color:var(--jp-content-font-color1,#212121);background:var(--jp-layout-color1,#FFFFFF);"
    "border:1px solid var(--jp-content-font-color2,#767676);border-radius:3px;"
    "padding:0.5em 0.7em;line-height:1.5"
)
# ipywidgets gives the handle of a slider no name, and nothing that a screen reader is told of when it
# changes. This script gives both, to every view of a playground that there is or will be.
SCRIPT = f"""<script>
(() => {{
  const name = () => {{
    for (const handle of document.querySelectorAll('.widget-slider [role=slider]:not([aria-label])')) {{
      const label = handle.closest('.widget-slider').querySelector('.widget-label');
      if (label && label.title) handle.setAttribute('aria-label', label.title);
    }}
    for (const status of document.querySelectorAll('.{STATUS_CLASS}:not([role])'))
      status.setAttribute('role', 'status');
  }};
  name();
  if (window.playgroundNames) return;
  let waiting = false;
  window.playgroundNames = new MutationObserver(() => {{
    if (waiting) return;
    waiting = true;
    setTimeout(() => {{ waiting = false; name(); }}, 200);
  }});
  window.playgroundNames.observe(document.body, {{childList: true, subtree: true}});
}})();
</script>"""


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
    settings = ", ".join(f"{name} {value:g}" for name, value in run.settings.items() if name in NUMBERS)
    title = f"Run {run.number}: {settings}"
    # scrolls by keyboard as well, which is what tabindex is for
    text = (
        f'<div role="region" tabindex="0" aria-label="Text of run {run.number}" '
        f'style="{_FRAME};max-height:16em;overflow:auto">{block(run.text)}</div>'
    )
    words = f"{line(title)}{text}{line(in_words(run, usd_per_hour))}"
    return f'<div style="flex:1 1 14em;min-width:0">{words}</div>'
