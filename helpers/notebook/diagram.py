"""Diagrams: SVG drawn from a text of boxes, bars, arrows and notes (`data/diagrams`), and nothing else.

A line of the text is a shape, its numbers in pixels, and after each `|` a line of its label:

    title | The diagram's name
    text  | What it shows, in words (a text of several lines has several of these)
    size  720 200
    box   20 40 160 80 | Model | what runs      x, y, width, height; of several lines the first is bold
    arrow 180 80 240 80 | names                 from x, y to x, y; the label stands above its middle
    note  20 20 | plain text                    x, y of its first line

The kinds of boxes are `box`, `soft`, `cost`, `done`, and `gone` (dashed); `tag` is a price tag, as large.
"""

import html
from base64 import b64encode

from ..catalog.data import DATA
from .markup import Html

FOLDER = DATA / "diagrams"
# A light card of its own: an image knows nothing of JupyterLab's theme, and so reads the same in each.
CARD, INK, LINE = "#ffffff", "#1b2430", "#5b6675"
KINDS = {  # fill, edge
    "box": ("#dbe9fb", "#2f6db5"),
    "soft": ("#eef1f5", "#8a94a3"),
    "cost": ("#fde3c8", "#b8610b"),
    "done": ("#d7f0dd", "#2c7a45"),
    "gone": ("#ffffff", "#8a94a3"),
}
SIZE, LEADING = 13, 17  # of the letters, and from line to line
_FONT = "font-family=\"'Helvetica Neue', Arial, 'Liberation Sans', sans-serif\""
_HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{LINE}"/></marker></defs>'
)
Row = tuple[str, list[float], list[str]]


def source(name: str, **values: str) -> str:
    """Read the text of a diagram, with the values in the place of their names in braces."""
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8").format(**values)


def text_alternative(text: str) -> str:
    """Return what the diagram shows, in words."""
    return " ".join(line for kind, _, label in _rows(text) if kind == "text" for line in label)


def draw(text: str) -> str:
    """Return the diagram as SVG, with its name and its text alternative; ValueError for a shape unknown."""
    rows = _rows(text)
    title = next(label[0] for kind, _, label in rows if kind == "title")
    width, height = next(numbers for kind, numbers, _ in rows if kind == "size")
    shapes = (_shape(*row) for row in rows if row[0] not in ("title", "text", "size"))
    card = f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="8"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="name words" '
        f'{_FONT} font-size="{SIZE}">',
        f'<title id="name">{html.escape(title)}</title>',
        f'<desc id="words">{html.escape(text_alternative(text))}</desc>',
        _HEAD,
        f'{card} fill="{CARD}" stroke="#c5ccd6"/>',
        *shapes,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def show(name: str, **values: str) -> Html:
    """Return a diagram for a cell to display: an image that carries its text alternative."""
    text = source(name, **values)
    words = text_alternative(text)
    image = b64encode(draw(text).encode()).decode()
    return Html(f'<img src="data:image/svg+xml;base64,{image}" alt="{html.escape(words)}">', words)


def _rows(text: str) -> list[Row]:
    return [_row(line) for line in text.splitlines() if line.strip()]


def _row(line: str) -> Row:
    head, *label = (part.strip() for part in line.split("|"))
    kind, *numbers = head.split()
    return kind, [float(number) for number in numbers], label


def _shape(kind: str, numbers: list[float], label: list[str]) -> str:
    if kind in KINDS:
        return _box(KINDS[kind], numbers, label, dashed=kind == "gone")
    if kind == "tag":
        return _tag(numbers, label)
    if kind == "arrow":
        return _arrow(numbers, label)
    if kind == "note":
        x, y = numbers
        return _words(x, y, label, "start")
    raise ValueError(f"A diagram has no {kind!r}; there are {', '.join([*KINDS, 'tag', 'arrow', 'note'])}.")


def _box(colours: tuple[str, str], numbers: list[float], label: list[str], dashed: bool) -> str:
    (fill, edge), (x, y, width, height) = colours, numbers
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    rect = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"'
    return f'{rect} fill="{fill}" stroke="{edge}" stroke-width="1.5"{dash}/>' + _centred(numbers, label)


def _tag(numbers: list[float], label: list[str]) -> str:
    (fill, edge), (x, y, width, height) = KINDS["cost"], numbers
    path = f"M{x:g} {y + height / 2:g}l16 {-height / 2:g}h{width - 16:g}v{height:g}h{16 - width:g}z"
    return (
        f'<path d="{path}" fill="{fill}" stroke="{edge}" stroke-width="1.5"/>'
        f'<circle cx="{x + 16:g}" cy="{y + height / 2:g}" r="4" fill="{CARD}" stroke="{edge}"/>'
        + _centred([x + 18, y, width - 18, height], label)
    )


def _centred(numbers: list[float], label: list[str]) -> str:
    x, y, width, height = numbers
    first = y + height / 2 - LEADING * (len(label) - 1) / 2 + SIZE * 0.35
    return _words(x + width / 2, first, label, "middle", bold=True)


def _arrow(numbers: list[float], label: list[str]) -> str:
    x, y, to_x, to_y = numbers
    path = f'<path d="M{x:g} {y:g}L{to_x:g} {to_y:g}" stroke="{LINE}" stroke-width="1.5"'
    above = (y + to_y) / 2 - 7 - LEADING * (len(label) - 1)
    return f'{path} marker-end="url(#head)"/>' + _words((x + to_x) / 2, above, label, "middle")


def _words(x: float, y: float, label: list[str], anchor: str, *, bold: bool = False) -> str:
    weights = [" font-weight='bold'" if bold and len(label) > 1 else ""] + [""] * len(label)
    return "".join(
        f'<text x="{x:g}" y="{y + number * LEADING:g}" text-anchor="{anchor}" fill="{INK}"'
        f"{weights[number]}>{html.escape(line)}</text>"
        for number, line in enumerate(label)
    )
