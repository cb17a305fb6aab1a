"""What GitHub's view of a notebook leaves of it: it runs nothing, and takes styles, scripts and controls out.

Which elements it keeps: github/markup's README and html-pipeline's sanitization filter. That view itself can't be had
in a test, so these hold the notebooks to what is known of it.
"""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import bleach
import pytest
from nbconvert.filters.markdown import markdown2html

from .books import BOOKS, FOLDER, code_cells, read

each_book = pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
KEPT = set(
    "a b blockquote br caption code dd details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img kbd li ol p "
    "pre s samp small span strong sub summary sup table tbody td tfoot th thead tr ul wbr".split()
)
ATTRIBUTES = {"img": ["src", "alt"], "a": ["href"]}  # no style, no class, no event
GONE = re.compile(r"<(style|script|svg|button|select|textarea)\b.*?</\1>|<input\b[^>]*>", re.S)
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
ALT = re.compile(r'<img [^>]*alt="([^"]*)"')
NAME_OF_AN_OBJECT = re.compile(r"<\S+ (object|at 0x).*>|\w+\(.*\)", re.S)  # a widget's repr


def on_github(html: str) -> str:
    return bleach.clean(
        GONE.sub("", html), KEPT, ATTRIBUTES, protocols={"https", "data"}, strip=True, strip_comments=True
    )


def words(html: str) -> list[str]:
    """What a reader sees, and what a picture says to those who do not see it."""
    html = re.sub(r"<style\b.*?</style>", "", html, flags=re.S)
    return unescape(re.sub(r"<[^>]*>", " ", html)).split() + " ".join(ALT.findall(html)).split()


def outputs(book: Path, kind: str) -> Iterator[str]:
    for cell in code_cells(book):
        yield from (out.data[kind] for out in cell.outputs if kind in out.get("data", {}))


def test_the_rules_take_out_what_github_does() -> None:
    assert (
        on_github("<style>b{}</style><b style='color:red' onclick='x()'>a</b><script>y()</script>")
        == "<b>a</b>"
    )
    assert on_github("<svg><text>lost</text></svg><button>lost</button><input value='lost'>") == ""
    assert (
        on_github("<details><summary>A</summary>\n\nB</details>")
        == "<details><summary>A</summary>\n\nB</details>"
    )
    assert on_github("<img src='javascript:x()' alt='a'>") == '<img alt="a">'
    assert words("<style>b{}</style><b>a</b><img src='' alt=\"two words\">") == ["a", "two", "words"]


@each_book
def test_no_word_of_a_text_is_lost(book: Path) -> None:
    for cell in read(book).cells:
        if cell.cell_type == "markdown":
            html = markdown2html(cell.source)
            assert words(on_github(html)) == words(html), cell.source


@each_book
def test_every_picture_is_a_file_beside_the_notebook_with_its_words(book: Path) -> None:
    for cell in read(book).cells:
        for alt, path in PICTURE.findall(cell.source) if cell.cell_type == "markdown" else []:
            assert len(alt.split()) > 10, path
            assert Path(path).suffix in {".svg", ".png"}
            assert (FOLDER / path).resolve().is_relative_to(FOLDER), path
            assert not Path(path).is_absolute(), path
            assert (FOLDER / path).is_file(), path


@pytest.mark.parametrize("picture", sorted(FOLDER.glob("diagrams/*.svg")), ids=lambda picture: picture.stem)
def test_a_picture_needs_nothing_that_an_image_is_not_given(picture: Path) -> None:
    text = picture.read_text(encoding="utf-8")
    assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg"'), "a browser shows no image without it"
    assert not re.search(r"<(script|foreignObject|image|style|use)\b|@import|href=|url\((?!#)", text)


@each_book
def test_no_word_of_an_output_is_lost(book: Path) -> None:
    for html in [*outputs(book, "text/html"), *map(markdown2html, outputs(book, "text/markdown"))]:
        assert words(html), html
        assert words(on_github(html)) == words(html), html


@each_book
def test_every_output_says_something_without_a_kernel(book: Path) -> None:
    for cell in code_cells(book):
        for out in (out for out in cell.outputs if "data" in out):
            if not {"text/html", "text/markdown", "image/png"} & set(out.data):
                assert not NAME_OF_AN_OBJECT.fullmatch(out.data["text/plain"]), cell.source


@each_book
def test_a_figure_is_told_in_words_too(book: Path) -> None:
    for cell in code_cells(book):
        kinds = [kind for out in cell.outputs for kind in out.get("data", {})]
        assert ("image/png" in kinds) <= ("text/markdown" in kinds), cell.source
