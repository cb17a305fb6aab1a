"""Trees of the beginnings of answers, counted, at several temperatures side by side."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..generate.beginnings import Branch, Path, ask, tree
from ..notebook.display import Output
from ..notebook.frontend import attended
from ..notebook.markup import Html, attribute, count, escape, visible
from .bars import FULL, bar, quote_prompt, quote_token

if TYPE_CHECKING:
    from ..generate.client import Client

TEMPERATURES = (0.0, 1.0, 5.0)
_SPACE = re.compile("(?<!“)␣")
MOST_BRANCHES = 6  # listed at each fork; the others are folded


@dataclass(frozen=True)
class Column:
    """The answers at one temperature so far, and how many are asked for."""

    temperature: float
    paths: tuple[Path, ...]
    answers: int

    @property
    def title(self) -> str:
        """Its heading."""
        different = len({path[:1] for path in self.paths})
        told = f"{count(len(self.paths), 'answer')}, {count(different, 'different beginning')}"
        waiting = "" if len(self.paths) == self.answers else f" (of {self.answers})"
        return f"Temperature {self.temperature:g}: {told}{waiting}"


@dataclass(frozen=True)
class Beginnings:
    """Trees of beginnings; a cell that ends with it shows and keeps them. Make it with `beginnings`."""

    columns: tuple[Column, ...]
    prompt: str
    writer: str

    def static_copy(self) -> Html:
        """Return the trees as nested lists, every text shown literally, for saved notebooks too."""
        columns = "".join(_column(each) for each in self.columns)
        head = f"What {self.writer} begins with after {quote_prompt(self.prompt)}"
        html = (
            f'<div style="color:var(--jp-content-font-color1,#212121)"><p>{escape(head)}</p>'
            f'<div style="display:flex;flex-wrap:wrap;gap:1em">{columns}</div></div>'
        )
        return Html(html, "\n".join([visible(head), *map(_plain, self.columns)]))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return self.static_copy()._repr_mimebundle_()


def beginnings(
    client: "Client",
    *,
    prompt: str,
    temperatures: Sequence[float] | None = None,
    answers: int = 32,
    tokens: int = 6,
    interactive: bool | None = None,
) -> Beginnings:
    """Ask for `answers` short answers of `tokens` tokens at each temperature, and merge them into trees.

    Without `temperatures`: those of 0, 1 and 5 that the model takes. With a front end (`interactive`; None
    detects it) the trees grow as the answers come. Raises BadInput for a value the model does not take.
    """
    limit = client.limits["temperature"]
    chosen = temperatures or [each for each in TEMPERATURES if each <= limit.high]
    for each in chosen:
        limit.check("temperature", each)
    growing = Output() if (attended() if interactive is None else interactive) else None
    trees = Beginnings((), prompt, client.session.writer)
    for each in chosen:
        paths, before = tuple[Path, ...](), trees.columns
        for answered in ask(client, prompt, temperature=each, answers=answers, tokens=tokens):
            paths += answered
            trees = replace(trees, columns=(*before, Column(each, paths, answers)))
            if growing is not None:
                growing.show(trees)
    if growing is not None:  # the cell's own output takes its place
        growing.show_text("")
    return trees


def _column(column: Column) -> str:
    label = attribute(column.title)
    body = _list(tree(column.paths), len(column.paths))
    return (
        f'<div role="region" aria-label="{label}" style="flex:1 1 15em;min-width:0">'
        f"<strong>{escape(column.title)}</strong>{body}</div>"
    )


def _list(branches: Sequence[Branch], whole: int) -> str:
    if not branches:
        return ""
    items = [_item(each, whole) for each in branches]
    first, others = "".join(items[:MOST_BRANCHES]), "".join(items[MOST_BRANCHES:])
    style = "margin:0;padding-left:1.1em;list-style:none"
    listed = f'<ul style="{style}">{first}</ul>'
    if not others:
        return listed
    left = branches[MOST_BRANCHES:]
    words = f"{count(len(left), 'more way')} to go on, {count(sum(each.count for each in left), 'answer')}"
    folded = f'<summary>{words}</summary><ul style="{style}">{others}</ul>'
    return f'{listed}<details style="padding-left:1.1em">{folded}</details>'


def _item(branch: Branch, whole: int) -> str:
    # a line may break before a space that is drawn, as at any other space
    text = _SPACE.sub(r"<wbr>\g<0>", escape(quote_token(branch.text)))
    words = f"<bdi>{text}</bdi> {branch.count}"
    line = bar(branch.count / whole, FULL)
    return f'<li style="overflow-wrap:anywhere">{words}{line}{_list(branch.branches, whole)}</li>'


def _plain(column: Column) -> str:
    return "\n".join([column.title, *_plain_lines(tree(column.paths), "  ")])


def _plain_lines(branches: Sequence[Branch], indent: str) -> list[str]:
    found = []
    for each in branches:
        found += [
            f"{indent}{quote_token(each.text)} {each.count}",
            *_plain_lines(each.branches, indent + "  "),
        ]
    return found
