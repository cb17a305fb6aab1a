"""The likeliest next tokens as bars and in words: their probabilities before and after a setting.

Saved notebooks get them as a Markdown table. Colours are JupyterLab's own, which follow its theme;
the second values are for front ends without them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..generate.next_token import NextToken, Sampling, Seen
from ..generate.reshape import Reshaped, Reshaping
from ..notebook.markup import attribute, count, escape, inline, visible

MOST_BARS = 12
ASK_ON = "Press Ask, and more answers are asked for; if even they don't tell, the model itself draws."
ASK_YOURS = (
    "Nothing is asked of your own endpoint without a press, as its time is what you pay for: "
    "press Ask to look further, or Draw to have the model itself draw."
)
_GREY = "var(--jp-content-font-color2,#616161)"
FULL = "var(--jp-brand-color1,#1976D2)"
_CELL = "padding:1px 0.6em 1px 0;text-align:left;background:none;white-space:nowrap"
_WIDE = "padding:1px 0.6em 1px 0;width:60%;min-width:4em"


@dataclass(frozen=True)
class Row:
    """One bar: its name, how long it is before and after (0 to 1), and both in words."""

    name: str
    before: float
    after: float
    labels: tuple[str, str]
    cut: bool = False


def quote_token(token: str) -> str:
    """Return a token in quotes, its spaces and line breaks visible."""
    return f"“{visible(token).replace(' ', '␣').replace(chr(10), '⏎').replace(chr(9), '⇥')}”"


def quote_prompt(prompt: str) -> str:
    """Return a prompt in quotes, only its beginning if it is long."""
    return f"“{prompt if len(prompt) <= 60 else f'{prompt[:59]}…'}”"


def describe_setting(setting: Sampling) -> str:
    """Describe a setting in words."""
    return f"temperature {setting.temperature:g}, k {setting.k}, p {setting.p:g}"


def rows(known: NextToken, reshaping: Reshaping, setting: Sampling) -> list[Row]:
    """Return a row for each of the likeliest tokens, one for the other seen ones, one for all unseen."""
    if not can_be_shown(reshaping):
        return _only_before(known)
    pairs = list(zip(known.seen, reshaping.tokens, strict=True))
    bars = [_bar(rank, seen, one, setting) for rank, (seen, one) in enumerate(pairs[:MOST_BARS])]
    if others := pairs[MOST_BARS:]:
        before = sum(seen.probability for seen, _ in others)
        low, high = sum(one.low for _, one in others), min(1.0, sum(one.high for _, one in others))
        name = f"{count(len(others), 'other token')} that {'was' if len(others) == 1 else 'were'} seen"
        words = _range(low, high) if high else "cut off"
        bars.append(Row(name, before, (low + high) / 2, (_percent(before), words), not high))
    most = min(1.0, max(0.0, 1 - sum(one.low for one in reshaping.tokens)))
    words = "can't be drawn" if reshaping.is_known else f"at most {_percent(most)}"
    bars.append(Row("not seen", known.unseen, 0.0, (_percent(known.unseen), words), reshaping.is_known))
    return bars


def chart(known: NextToken, reshaping: Reshaping, setting: Sampling, writer: str) -> str:
    """Return the bars as an HTML table; only those before the setting where those after aren't known."""
    body = "".join(_html(row) for row in rows(known, reshaping, setting))
    heads = "".join(
        f'<th scope="col" style="{_CELL}">{name}</th>' for name in ("token", "", "before", "after")
    )
    return _table(f"Next token of {writer} after {quote_prompt(known.prompt)}", f"<tr>{heads}</tr>{body}")


def tally(drawn: Sequence[str], setting: Sampling, writer: str) -> str:
    """Return the model's own draws, counted, as an HTML table."""
    body = "".join(
        f'<tr><th scope="row" style="{_CELL}"><bdi>{escape(name)}</bdi></th>'
        f'<td style="{_WIDE}">{bar(times / len(drawn), FULL)}</td>'
        f'<td style="{_CELL}">{times} of {len(drawn)}</td></tr>'
        for name, times in _frequencies(drawn)
    )
    return _table(f"Drawn by {writer} itself at {describe_setting(setting)}", body)


def describe_draws(drawn: Sequence[str]) -> str:
    """Describe what was drawn at this setting: the last token, and how often each was."""
    counted = ", ".join(f"{name} {times}" for name, times in _frequencies(drawn)[:MOST_BARS])
    return f"Drawn: {name_of(drawn[-1])}. So far at this setting: {counted}."


def can_be_shown(reshaping: Reshaping) -> bool:
    """Return whether the bars after the setting are known, or nearly so."""
    return reshaping.is_known or reshaping.is_nearly_known


def describe_effect(known: NextToken, reshaping: Reshaping, setting: Sampling) -> str:
    """Describe the setting and what is known of its effect, in words."""
    if not known.draws:
        return "Press Ask: the model begins some dozens of answers, one token each."
    at = f"At {describe_setting(setting)}"
    if not can_be_shown(reshaping):
        return f"{at} tokens that nobody has seen would decide, so the bars are not known."
    kept = sum(1 for each in reshaping.tokens if each.kept)
    likeliest, first = known.seen[0], reshaping.tokens[0]
    change = f"{quote_token(likeliest.token)} had {_percent(likeliest.probability)}, has {_after(first)}"
    if reshaping.is_known:
        return f"{at}: {count(kept, 'token')} can be drawn, and all were seen. {change}."
    return f"{at}: tokens that nobody has seen play a part, so there are ranges. {change}."


def markdown(
    known: NextToken, reshaping: Reshaping, setting: Sampling, writer: str, drawn: Sequence[str] = ()
) -> str:
    """Return the bars (the draws where they aren't known) as a Markdown table, texts shown literally."""
    head = f"**Next token of {inline(writer)}** after {inline(quote_prompt(known.prompt))}."
    head += f" {inline(describe_effect(known, reshaping, setting))}"
    if not can_be_shown(reshaping):
        lines = [f"| {inline(name)} | {times} of {len(drawn)} |" for name, times in _frequencies(drawn)]
        heads = ["| drawn by the model itself | times |", "|---|---|"]
    else:
        lines = [
            f"| {inline(row.name)} | {row.labels[0]} | {row.labels[1]} | {'█' * round(row.after * 20)} |"
            for row in rows(known, reshaping, setting)
        ]
        heads = ["| token | before | after | |", "|---|---|---|---|"]
    return "\n".join([head, "", *heads, *lines]) if lines else head


def name_of(token: str) -> str:
    """Name a drawn token; one without text is the end, or a part of a character."""
    return quote_token(token) if token else "(no text: the end, or a part of a character)"


def _bar(rank: int, seen: Seen, one: Reshaped, setting: Sampling) -> Row:
    words = _after(one) if one.kept is not False else f"cut off by {_cut_by(rank, setting)}"
    before = seen.probability
    return Row(quote_token(seen.token), before, one.probability, (_percent(before), words), one.kept is False)


def _only_before(known: NextToken) -> list[Row]:
    several = [(quote_token(each.token), each.probability) for each in known.seen[:MOST_BARS]]
    several.append(("not seen, or not listed", 1 - sum(share for _, share in several)))
    return [Row(name, share, 0.0, (_percent(share), "not known")) for name, share in several]


def _cut_by(rank: int, setting: Sampling) -> str:
    if setting.temperature == 0:
        return "temperature 0"
    return "k" if setting.k and rank >= setting.k else "p"


def _after(one: Reshaped) -> str:
    return _range(one.low, one.high) + ("" if one.kept else ", perhaps cut off")


def _range(low: float, high: float) -> str:
    ends = _percent(low), _percent(high)
    return (
        _percent((low + high) / 2) if high - low < 0.002 or ends[0] == ends[1] else f"{low:.1%} to {ends[1]}"
    )


def _percent(share: float) -> str:
    return "under 0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


def _frequencies(drawn: Sequence[str]) -> list[tuple[str, int]]:
    return Counter(name_of(each) for each in drawn).most_common()


def _table(caption: str, body: str) -> str:
    label = attribute(caption)
    style = "width:100%;border-collapse:collapse;margin:0;color:var(--jp-content-font-color1,#212121)"
    return (
        f'<div role="region" aria-label="{label}" style="overflow-x:auto" tabindex="0">'
        f'<table style="{style}">'
        f'<caption style="text-align:left">{escape(caption)}</caption>{body}</table></div>'
    )


def _html(row: Row) -> str:
    colour = f"color:{_GREY}" if row.cut else ""
    before, after = (f'<td style="{_CELL};{colour}">{escape(words)}</td>' for words in row.labels)
    return (
        f'<tr><th scope="row" style="{_CELL};{colour};font-weight:normal"><bdi>{escape(row.name)}</bdi></th>'
        f'<td style="{_WIDE}">{bar(row.before, _GREY)}{bar(row.after, FULL)}</td>{before}{after}</tr>'
    )


def bar(share: float, colour: str) -> str:
    """Draw one bar; screen readers read the words beside it."""
    style = f"height:5px;margin:1px 0;width:{share:.2%};background:{colour}"
    return f'<div aria-hidden="true" style="{style}"></div>'
