"""The figure of a load test: what all readers get together, and what one of them waits."""

from typing import TYPE_CHECKING

from ..notebook.picture import BLUE, GREY, VERMILLION, Picture, figure, line, name_axes
from . import load

if TYPE_CHECKING:
    import pandas as pd


def under_load(table: "pd.DataFrame") -> Picture:
    """Plot the table of `load.measure`: throughput and first-token times by readers, with the knee marked."""
    made, (left, right) = figure(2)
    users, knee = list(table.index), load.knee(table)
    left.plot(users, table["tokens_a_second"], color=BLUE, marker="o")
    left.axvline(knee, color=GREY, linestyle="--", label=f"knee: {knee}")
    left.set_ylim(bottom=0)
    left.legend(frameon=False)
    name_axes(left, "readers at once", "tokens a second, all readers")
    for column, color, marker in (("first_token_p50", BLUE, "o"), ("first_token_p95", VERMILLION, "s")):
        style = line(color, marker, column.removeprefix("first_token_"))
        right.plot(users, table[column], **{name: style[name] for name in ("color", "marker", "label")})
    right.set_ylim(bottom=0)
    right.legend(frameon=False)
    name_axes(right, "readers at once", "seconds to the first token")
    told = "; ".join(
        f"{n}: {row.tokens_a_second:.0f} tokens a second, first token after "
        f"{row.first_token_p50:.2f} s (p50), {row.first_token_p95:.2f} s (p95)"
        for n, row in table.iterrows()
    )
    return Picture(made, f"Throughput and time to the first token, by readers; knee at {knee}. {told}.")
