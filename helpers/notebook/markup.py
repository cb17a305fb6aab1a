"""Display of text that a model wrote, which is never interpreted as markup."""

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

# all HTML, Markdown, mathematics and links begin with one of these
_MARKDOWN = re.compile(r"[!-/:-@\[-`{-~]")
# characters that can be markup inside a line, also of bare links; ordinary words have none
_INLINE = re.compile(r"[$&*<>@\[\\\]^`{|}~]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.", re.IGNORECASE)
# MathJax, which JupyterLab applies to HTML and Markdown, finds no formula across an element's boundary.
_MATHEMATICS = re.compile(r"\$|\\|&#36;|&#92;")
_JOINERS = "\u200c\u200d"  # part of ordinary text in several scripts, and of emoji


@dataclass(frozen=True)
class Html:
    """HTML for a notebook, with a plain-text version for programs that show no HTML."""

    html: str
    plain: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.plain

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.plain}


def visible(text: str) -> str:
    """Return the text with invisible characters (controls, direction marks) written as ⟨U+XXXX⟩."""
    return "".join(_visible(character) for character in text)


def escape(text: str) -> str:
    """Return HTML that shows the text literally, with its line breaks."""
    return _no_formula(html.escape(visible(text))).replace("\n", "<br>")


def attribute(text: str) -> str:
    """Return the text as the value of an HTML attribute."""
    return html.escape(visible(text))


def count(number: int, noun: str) -> str:
    """Return the number with its noun: 1 token, 2 tokens."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def block(text: str) -> str:
    """Return an HTML block that shows the text literally, with its spaces and its own writing direction."""
    style = "white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate;text-align:start"
    return f'<div dir="auto" style="{style}">{escape(text)}</div>'


def quote(text: str) -> str:
    """Return a Markdown quotation that shows the text literally."""
    return "\n".join(f"> {_literal(line)}<br>" for line in visible(text).split("\n"))


def folded(summary: str, body: str) -> str:
    """Return Markdown that shows the summary, plain words, and on a click the body, which is Markdown."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def inline(text: str) -> str:
    """Return Markdown that shows the text literally within a line; line breaks and tabs become spaces."""
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
