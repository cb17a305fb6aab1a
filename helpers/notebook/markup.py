"""Showing text that a model wrote: never interpreted, whatever it holds."""

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

# HTML, Markdown, mathematics and links all start from one of these
_MARKDOWN = re.compile(r"[!-/:-@\[-`{-~]")
# What can become markup in the middle of a line, links without brackets among it; ordinary words have none.
_INLINE = re.compile(r"[$&*<>@\[\\\]^`{|}~]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.", re.IGNORECASE)
# MathJax, which JupyterLab runs over HTML and Markdown, reads no formula across the edge of an element.
_MATHEMATICS = re.compile(r"\$|\\|&#36;|&#92;")
_JOINERS = "\u200c\u200d"  # parts of ordinary writing in several scripts, and of emoji


@dataclass(frozen=True)
class Html:
    """HTML for a notebook, with the same as plain text for everything that shows no HTML."""

    html: str
    plain: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.plain

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.plain}


def visible(text: str) -> str:
    """The text with its invisible characters (controls, direction marks) written as ⟨U+XXXX⟩."""
    return "".join(_visible(character) for character in text)


def escape(text: str) -> str:
    """The text as HTML that shows it literally; a line break stays one."""
    return _no_formula(html.escape(visible(text))).replace("\n", "<br>")


def attribute(text: str) -> str:
    """The text as the value of an HTML attribute."""
    return html.escape(visible(text))


def count(number: int, noun: str) -> str:
    """The number with its noun: 1 token, 2 tokens."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def block(text: str) -> str:
    """The text as an HTML block: literal, with its spaces, in its own writing direction."""
    style = "white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate;text-align:start"
    return f'<div dir="auto" style="{style}">{escape(text)}</div>'


def quote(text: str) -> str:
    """The text as a Markdown quotation that shows it literally."""
    return "\n".join(f"> {_literal(line)}<br>" for line in visible(text).split("\n"))


def inline(text: str) -> str:
    """The text within a line of Markdown that shows it literally; line breaks and tabs become spaces."""
    return _no_formula(_as_entities(_INLINE, " ".join(visible(text).split())))


def _literal(line: str) -> str:
    body = line.lstrip(" \t")
    indent = "&#160;" * (len(line) - len(body))
    return indent + _no_formula(_as_entities(_MARKDOWN, body))


def _as_entities(characters: re.Pattern[str], text: str) -> str:
    return characters.sub(lambda found: f"&#{ord(found.group())};", text)


def _no_formula(escaped: str) -> str:
    return _MATHEMATICS.sub(r"<span>\g<0></span>", escaped)


def _visible(character: str) -> str:
    if character in "\n\t" or character in _JOINERS:
        return character
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return f"⟨U+{ord(character):04X}⟩"
    return character
