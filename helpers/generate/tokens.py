"""Tokens as HTML: a text in the pieces that the model wrote it in, each shaded by its likelihood."""

from math import exp
from typing import TYPE_CHECKING

from ..errors import BadInput
from ..notebook.markup import Html, count, escape, visible

if TYPE_CHECKING:
    from .types import Response, TokenLikelihood

# Fixed colours, dark on light, so that they read the same in every theme: the contrast is 9 to 1 or better.
SHADES = ((0.5, "#FFFFFF"), (0.1, "#FBE9C0"), (0.01, "#F6D27A"), (0.0, "#E69F00"))
_BOX = "color:#000000;border:1px solid #8A8A8A;border-radius:3px"


def show_tokens(response: "Response") -> Html:
    """Show the first generation's tokens, shaded by likelihood; the numbers are on hover and in a table.

    Ask for them with `likelihoods="GENERATION"`; raises BadInput for a response that has none.
    """
    generation = response.generations[0]
    listed = generation.token_likelihoods
    if not listed:
        raise BadInput('This response lists no tokens; generate with likelihoods="GENERATION".')
    return token_view(listed, generation.text, generation.finish_reason)


def token_view(listed: "tuple[TokenLikelihood, ...]", text: str, finish_reason: str | None) -> Html:
    """Show the tokens of `text`, shaded by likelihood, their table, and whether max_tokens cut them off."""
    ending = ""
    if finish_reason == "MAX_TOKENS":
        ending = (
            " max_tokens counts these pieces: it was reached, so the text may end in the middle of a word."
        )
    caption = f"{count(len(listed), 'token')}, {count(len(text.split()), 'word')}.{ending}"
    body = "".join(_marked(entry) for entry in listed)
    return Html(
        f'<figure style="margin:0"><figcaption style="line-height:1.8">{caption}<br>{_legend()}</figcaption>'
        f'<div dir="auto" style="line-height:2;overflow-wrap:anywhere">{body}</div></figure>{_table(listed)}',
        f"{caption}\n" + "|".join(visible(entry.token) for entry in listed),
    )


def _marked(entry: "TokenLikelihood") -> str:
    style = f"background:{_shade(entry)};{_BOX};padding:1px 2px;box-decoration-break:clone"
    shown = escape(entry.token).replace(" ", "&#160;").replace("<br>", "⏎") or "∅"
    breaks = "<br>" * entry.token.count("\n")
    # Hard spaces and box-decoration-break keep a token a box; <bdi> keeps its writing direction to itself.
    return f'<bdi style="{style}" title="{_number(entry)}">{shown}</bdi><wbr>{breaks}'


def _shade(entry: "TokenLikelihood") -> str:
    if entry.likelihood is None:
        return "#FFFFFF"
    return next(shade for lowest, shade in SHADES if _probability(entry.likelihood) >= lowest)


def _number(entry: "TokenLikelihood") -> str:
    if entry.likelihood is None:
        return "no likelihood"
    return f"log-likelihood {entry.likelihood:.2f}, probability {_probability(entry.likelihood):.1%}"


def _probability(likelihood: float) -> float:
    """Return the probability, at most 1: a container may report log-likelihoods slightly above 0."""
    return exp(min(likelihood, 0.0))


def _legend() -> str:
    names = ("50 % or more", "10 to 50 %", "1 to 10 %", "under 1 %")
    marks = (
        f'<span style="background:{shade};{_BOX};padding:0 4px;white-space:nowrap">{name}</span>'
        for (_, shade), name in zip(SHADES, names, strict=True)
    )
    return "Probability that the model gave to a token: " + " ".join(marks)


def _table(listed: "tuple[TokenLikelihood, ...]") -> str:
    rows = "".join(
        f"<tr><td>{number}</td><td><bdi><code>{escape(entry.token)}</code></bdi></td><td>{_number(entry)}</td></tr>"
        for number, entry in enumerate(listed, 1)
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("number", "token", "likelihood"))
    return f"<details><summary>The tokens in a table</summary><table><tr>{heads}</tr>{rows}</table></details>"
