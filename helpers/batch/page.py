"""The page of a batch: all runs in a table, then each with its recommendation, its doubt and a text."""

from collections.abc import Sequence

from ..notebook.markup import attribute, block, count, escape
from ..records.recommended import Recommended
from .outcome import Outcome

LONGEST_PROMPT = 600  # characters
STYLE = """
:root{color-scheme:light dark}
body{font-family:sans-serif;line-height:1.45;margin:2em auto;padding:0 1em;max-width:60em;
background:#fff;color:#111}
table{border-collapse:collapse;width:100%}
caption{text-align:start;font-weight:bold;padding:.3em 0}
th,td{text-align:start;vertical-align:top;padding:.3em .8em .3em 0;border-bottom:1px solid #767676}
tbody th,h2{overflow-wrap:anywhere}
tbody th{min-width:6em}
td.number,th.number{text-align:end}
section{border-top:2px solid #767676;margin-top:2em;break-inside:avoid}
h1,h2,h3,dt{break-after:avoid}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3em 1em}
dt{font-weight:bold}
dd{margin:0;overflow-wrap:anywhere}
figure{margin:1em 0 0}
blockquote{margin:.3em 0;padding:.5em 1em;border-inline-start:4px solid #767676;background:#f3f3f3}
a{color:#0645ad}
@media(prefers-color-scheme:dark){body{background:#111;color:#eee}a{color:#8cf}blockquote{background:#222}}
@media print{body{margin:0;max-width:none;background:#fff;color:#000}blockquote{background:#fff}
a{color:#000}}
"""
SANDBOX = "In the sandbox nothing is paid."
AWS = (
    "What a run cost is the price of the time in which it kept its endpoint busy; runs side by side each "
    "count the whole of it. The endpoint is billed from its creation to its deletion, busy or not."
)


def page(outcomes: Sequence[Outcome]) -> str:
    """Return the HTML of summary.html; whatever a model wrote in it is shown literally."""
    done = sum(each.status == "done" for each in outcomes)
    runtimes = {each.runtime for each in outcomes}
    notes = [note for runtime, note in (("sandbox", SANDBOX), ("aws", AWS)) if runtime in runtimes]
    heads = ("Run", "Status", "Recommended", "Tokens", "Cost", "Time")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Batch summary</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>
<body><main><h1>Batch summary</h1>
<p>{done} of {count(len(outcomes), "run")} done. {" ".join(notes)}</p>
<table><caption>All runs</caption>
<thead><tr>{"".join(f'<th scope="col"{_right(head)}>{head}</th>' for head in heads)}</tr></thead>
<tbody>{"".join(_row(each) for each in outcomes)}</tbody></table>
{"".join(_section(each) for each in outcomes)}
</main></body></html>
"""


def _row(outcome: Outcome) -> str:
    found = outcome.recommended
    fields = {
        "Status": escape(outcome.status),
        "Recommended": escape(found.verdict if found else "none"),
        "Tokens": "" if outcome.tokens is None else f"{outcome.tokens:,}",
        "Cost": escape(_cost(outcome)),
        "Time": f"{outcome.seconds:,.0f} s",
    }
    name = f'<th scope="row"><a href="#{attribute(outcome.name)}">{escape(outcome.name)}</a></th>'
    cells = "".join(f"<td{_right(head)}>{told}</td>" for head, told in fields.items())
    return f"<tr>{name}{cells}</tr>\n"


def _right(head: str) -> str:
    return ' class="number"' if head in ("Tokens", "Time") else ""


def _section(outcome: Outcome) -> str:
    found = outcome.recommended
    told = {"Status": outcome.status, "Error": outcome.error}
    if found:
        told |= {"Recommended": found.verdict, "How sure": found.doubt, "Why": found.reason}
        told |= {"Cohere's advice": found.advice}
    else:
        told |= {"Recommended": "none: this run has not come to a recommendation."}
        told |= {"Setting": outcome.setting}
    told |= {"Used": _used(outcome), "Cost": _cost(outcome, parts=True)}
    listed = "".join(
        f"<dt>{name}</dt><dd>{escape(text[0].upper() + text[1:])}</dd>" for name, text in told.items() if text
    )
    name = attribute(outcome.name)
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(outcome.name)}</h2>\n'
        f"<dl>{listed}</dl>{_written(found) if found else ''}{_links(outcome)}</section>\n"
    )


def _written(found: Recommended) -> str:
    prompt = found.prompt
    if len(prompt) > LONGEST_PROMPT:
        prompt = f"{prompt[:LONGEST_PROMPT]}…"
    return (
        f"<h3>The prompt</h3><blockquote>{block(prompt)}</blockquote>"
        f"<figure><figcaption>One of the answers at this setting, written by {escape(found.writer)}:"
        f"</figcaption><blockquote>{block(found.text)}</blockquote></figure>"
    )


def _links(outcome: Outcome) -> str:
    of = f"the notebook of {outcome.name}"
    shown = {outcome.output: of, outcome.page: f"{of} as HTML"}
    links = [f'<a href="{attribute(name)}">{escape(told)}</a>' for name, told in shown.items() if name]
    return f"<p>Run of {escape(outcome.notebook)}: {', '.join(links)}</p>" if links else ""


def _used(outcome: Outcome) -> str:
    used = [] if outcome.tokens is None else [f"{outcome.tokens:,} tokens written, as far as the API tells"]
    busy = outcome.endpoint_seconds
    return "; ".join([*used, *([f"the endpoint was busy for {busy:,.0f} s"] if busy else [])])


def _cost(outcome: Outcome, *, parts: bool = False) -> str:
    """Return what the run cost in words, with the shares of instance and software if `parts`."""
    if outcome.status == "not run":
        return ""
    if outcome.runtime == "sandbox":
        return "nothing: practised in the sandbox" if parts else "nothing"
    shares = {"instance": outcome.instance_usd, "software": outcome.software_usd}
    told = ", ".join(f"{name} {_usd(usd)}" for name, usd in shares.items())
    known = [usd for usd in shares.values() if usd is not None]
    if not known:
        return "not known"
    total = _usd(sum(known)) if len(known) == len(shares) else "partly known"
    return f"{total} ({told})" if parts or total == "partly known" else total


def _usd(usd: float | None) -> str:
    return "not known" if usd is None else f"${usd:,.4f}" if usd < 1 else f"${usd:,.2f}"
