"""The figures of a sweep, each described in words.

Every function takes the table of `sweep.run` and returns a Picture; the last line of a cell shows it.
"""

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..notebook.markup import Html, block, escape, visible
from ..notebook.picture import BLUE, GREY, VERMILLION, Picture, line, name_axes
from ..notebook.picture import figure as figure_of
from .measures import MEASURES, SETTING, SHARES, check, standard_error, summary
from .metrics import embeddings
from .metrics.quality import ended
from .table import equal, facts

if TYPE_CHECKING:
    import pandas as pd


def length(df: "pd.DataFrame") -> Picture:
    """Plot the tokens of texts by max_tokens, and the share of texts that ended by themselves."""
    check(df)
    groups = df.assign(ended=ended(df)).groupby("max_tokens")
    limits, done, count = list(groups.groups), groups["ended"].sum(), groups.size()
    figure, (left, right) = figure_of(2)
    left.plot(limits, limits, color=GREY, linestyle="--", label="the limit")
    left.errorbar(
        limits,
        groups["tokens"].mean(),
        yerr=[standard_error(group["tokens"]) for _, group in groups],
        **line(BLUE, "o", "mean length"),
    )
    name_axes(left, "max_tokens", "tokens")
    left.legend(frameon=False)
    names = [str(limit) for limit in limits]
    right.bar(names, done, color=BLUE, label="ended by itself")
    right.bar(names, count - done, bottom=done, color=VERMILLION, hatch="//", label="cut off at the limit")
    name_axes(right, "max_tokens", "texts")
    right.locator_params(axis="y", integer=True)
    right.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.18), ncols=2)
    told = "; ".join(f"{n}: {done[n]} of {count[n]}, {groups['tokens'].mean()[n]:.0f} tokens" for n in limits)
    return Picture(figure, f"Texts that ended by themselves and mean length, by max_tokens. {told}.")


def temperature(df: "pd.DataFrame") -> Picture:
    """Plot mean token log-likelihood and diversity by temperature, at the largest max_tokens.

    Where no likelihoods are known (chat APIs), diversity alone. That is the effective number of different
    good answers (`measures.summary`); without wordllama 1 - self-similarity, without repetitions distinct-2.
    """
    check(df)
    rows = df[df["max_tokens"] == df["max_tokens"].max()]
    name, label = _diversity(rows)
    table = summary(rows, only=("likelihood", name))
    if name == "self_similarity":
        table[name] = 1 - table[name]
    groups = table.groupby("temperature")
    measures = [(name, label, VERMILLION, "s", groups)]
    if rows["likelihood"].notna().any():
        by_answer = rows.groupby("temperature")
        measures.insert(0, ("likelihood", "mean log-likelihood of a token", BLUE, "o", by_answer))
    figure, axes = figure_of(len(measures))
    for axis, (measure, words, color, marker, spread) in zip(axes, measures, strict=True):
        errors = [standard_error(group[measure]) for _, group in spread]  # over answers, over prompts
        means = groups[measure].mean()
        axis.errorbar(list(groups.groups), means, yerr=errors, **line(color, marker, words))
        axis.set_xscale("symlog", linthresh=1)  # half of the width for 0 to 1
        axis.set_xticks(list(groups.groups), [f"{value:g}" for value in groups.groups], minor=False)
        axis.minorticks_off()
        name_axes(axis, "temperature", words)
    axes[-1].set_ylim(bottom=0)
    names = [measure for measure, *_ in measures]
    told = "; ".join(
        f"{t:g}: {' and '.join(_number(group[each].mean()) for each in names)}" for t, group in groups
    )
    what = f"Log-likelihood and {label}" if len(measures) == 2 else label.capitalize()
    return Picture(figure, f"{what} by temperature. {told}.")


def _diversity(rows: "pd.DataFrame") -> tuple[str, str]:
    """Return the measure of diversity that these rows allow, and its label."""
    if rows.groupby(SETTING).size().min() < 2:
        return "distinct_2", "distinct-2"
    if not embeddings.available():
        return "self_similarity", "1 - self-similarity"
    return "different", "effectively different good answers"


def grid(df: "pd.DataFrame", measure: str = "share_ended") -> Picture:
    """Plot a measure of `measures.summary` as a heat map, temperature by max_tokens, with numbers."""
    if measure not in MEASURES:
        raise BadInput(f"{measure!r} is no measure; it is one of {', '.join(MEASURES)}.")
    table = summary(df, only=(measure,))
    cells = table.pivot_table(index="temperature", columns="max_tokens", values=measure, dropna=False)
    figure, (axis,) = figure_of(1)
    # a share's colours mean the same in every table; those of other measures span what was seen
    low, high = (0.0, 1.0) if measure in SHARES else (cells.min(axis=None), cells.max(axis=None))
    image = axis.imshow(cells, cmap="cividis", aspect="auto", origin="lower", vmin=low, vmax=high)
    axis.set_xticks(range(len(cells.columns)), [str(limit) for limit in cells.columns])
    axis.set_yticks(range(len(cells.index)), [f"{value:g}" for value in cells.index])
    name_axes(axis, "max_tokens", "temperature")
    figure.colorbar(image, ax=axis, label=measure)
    for row, values in enumerate(cells.to_numpy()):
        for column, value in enumerate(values):
            dark = not isnan(value) and value < (low + high) / 2
            axis.text(
                column, row, _number(value), ha="center", va="center", color="white" if dark else "black"
            )
    lines = (
        f"temperature {t:g}: " + ", ".join(f"{limit}: {_number(v)}" for limit, v in row.items())
        for t, row in cells.iterrows()
    )
    return Picture(figure, f"{measure} by temperature and max_tokens. " + "; ".join(lines) + ".")


def side_by_side(
    df: "pd.DataFrame", by: str = "temperature", *, most: int = 4, writer: str = "the model"
) -> Html:
    """Show the texts of one repetition side by side, by the values of `by`, each at its largest max_tokens.

    It is the repetition with the most different texts, so that there is something to compare. Values with the
    same text share a column, which says how many they are; at most `most` columns are shown, evenly spread.
    The texts are `writer`'s: they are shown literally, whatever they contain.
    """
    check(df)
    if by not in df.columns:
        raise BadInput(f"{by!r} is no column of the table.")
    columns = _spread(max((_columns(df, by, each) for each in df["repetition"].unique()), key=len), most)
    rows = [row for _, row in columns]
    names = [_name(by, values) for values, _ in columns]
    heads = "".join(f'<th scope="col" style="text-align:left">{escape(name)}</th>' for name in names)
    # left, not start: JupyterLab's sanitizer takes no start; the text in it keeps its own direction
    cell = '<td style="vertical-align:top;text-align:left">'
    told = [(row["text"], ", ".join(facts(row))) for row in rows]
    cells = "".join(f"{cell}{block(text)}<small>{escape(words)}</small></td>" for text, words in told)
    plain = "\n\n".join(
        visible(f"{name} ({words}):\n{text}") for name, (text, words) in zip(names, told, strict=True)
    )
    caption = f"<caption>Written by {escape(writer)}</caption>"
    table = f'<table style="table-layout:fixed;width:100%">{caption}<tr>{heads}</tr><tr>{cells}</tr></table>'
    return Html(table, f"Written by {visible(writer)}\n\n{plain}")


def _columns(df: "pd.DataFrame", by: str, repetition: int) -> list[tuple[list[Any], "pd.Series[Any]"]]:
    """Return the different texts of a repetition, each as the values that have it and the first one's row."""
    found: dict[str, tuple[list[Any], pd.Series[Any]]] = {}
    for value in sorted(df[by].unique().tolist()):
        row = _first(df[df[by] == value], repetition)
        found.setdefault(row["text"], ([], row))[0].append(value)
    return list(found.values())


def _first(rows: "pd.DataFrame", repetition: int) -> "pd.Series[Any]":
    """Return its first row at the largest max_tokens; another repetition's where it is still missing."""
    longest = rows[rows["max_tokens"] == rows["max_tokens"].max()]
    same = longest[longest["repetition"] == repetition]
    return (longest if same.empty else same).iloc[0]


def _name(by: str, values: Sequence[Any]) -> str:
    """Name a column, and say how many values have its text."""
    numbers = isinstance(values[0], int | float)
    named = ", ".join(f"{value:g}" if numbers else str(value) for value in values)
    return ": ".join([f"{by} {named}" if numbers else named, *equal(len(values))])


def _spread(values: Sequence[Any], most: int) -> list[Any]:
    """Return at most `most` of the values, evenly spread, both ends among them."""
    if len(values) <= most or most < 2:
        return list(values[:most])
    return [values[round(n * (len(values) - 1) / (most - 1))] for n in range(most)]


def _number(value: float) -> str:
    return "unknown" if isnan(value) else f"{value:.2f}"
