"""Figures on a card that reads the same in every theme, with what they say in words.

Readable in print, in dark themes, and with every kind of colour vision.
"""

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import FancyBboxPatch

from .markup import folded, inline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A soft card with round corners: an image knows nothing of the page's theme, so it reads the same in each.
CARD, GREY = "#E4E8ED", "#666666"
# Okabe and Ito 2008, "Color Universal Design": told apart with every kind of colour vision
BLUE, VERMILLION = "#0072B2", "#D55E00"
DOTS_PER_INCH = 110
MARGIN = 0.1  # inches, to the edge of the card


@dataclass(frozen=True)
class Picture:
    """A figure and what it says in words: its alternative text, and below it on a click."""

    figure: Figure
    alt: str

    def png(self) -> bytes:
        """Return the figure as PNG, on a card that is the same in every theme."""
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Description": self.alt})
        return buffer.getvalue()

    def _ipython_display_(self) -> None:
        # nbconvert uses the alt of the metadata; JupyterLab and GitHub do not, hence the words below it.
        from IPython.display import Markdown, display

        picture = {"image/png": base64.b64encode(self.png()).decode(), "text/plain": self.alt}
        display(picture, raw=True, metadata={"image/png": {"alt": self.alt}})  # type: ignore[no-untyped-call]
        display(Markdown(folded("In words", inline(self.alt))))  # type: ignore[no-untyped-call]

    def __repr__(self) -> str:
        return self.alt


def figure(columns: int, rows: int = 1) -> "tuple[Figure, list[Axes]]":
    """Return a figure on its card, with so many axes side by side, in so many rows."""
    layout = ConstrainedLayoutEngine(w_pad=MARGIN, h_pad=MARGIN)
    width, height = 4.2 * columns + 0.6, 3.4 if rows == 1 else 2.6 * rows
    made = Figure(figsize=(width, height), layout=layout, facecolor="none")
    style: dict[str, Any] = {
        "boxstyle": "round,pad=0,rounding_size=0.08",
        "facecolor": CARD,
        "edgecolor": "none",
    }
    card = FancyBboxPatch((0, 0), width, height, transform=made.dpi_scale_trans, zorder=-1, **style)
    card.set_in_layout(False)
    made.add_artist(card)
    return made, [made.add_subplot(rows, columns, n + 1, facecolor="none") for n in range(rows * columns)]


def line(color: str, marker: str, label: str) -> dict[str, Any]:
    """Return the style of a line with error bars."""
    return {"color": color, "marker": marker, "capsize": 3, "label": label}


def name_axes(axis: "Axes", x: str, y: str) -> None:
    """Name an axes' two axes, and leave out the frame's other sides."""
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.spines[["top", "right"]].set_visible(False)
