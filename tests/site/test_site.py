"""The site of the notebooks: complete, its solutions folded, and at home in a folder without a network."""

import re
import subprocess
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from ..browser.conftest import browser  # noqa: F401  a fixture
from ..notebooks.books import BOOKS, ROOT, code_cells, read, tags

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

each_book = pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
CONTRAST = (ROOT / "tests/browser/contrast.js").read_text(encoding="utf-8")
READABLE = 4.5  # WCAG 2.2, 1.4.3
PHONE = {"width": 420, "height": 900}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make site` builds it, and a warning is an error."""
    found = [each for each in (ROOT / "build/site-tools").glob("*/python*") if each.stem == "python"]
    if not found:
        pytest.skip("build/site-tools, with Sphinx, was not made: `make test` makes it")
    folder = tmp_path_factory.mktemp("site")
    command = [str(found[0]), "-m", "tests.site", str(folder), "-W", "--keep-going"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=300)
    return folder


class Elements(HTMLParser):
    """A page's elements: each a name and attributes."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Elements]:
    return {page: Elements(page) for page in sorted(site.glob("*.html"))}


def test_every_notebook_has_its_page_and_the_first_page_lists_them(pages: dict[Path, Elements]) -> None:
    names = {page.name: page for page in pages}
    assert set(names) == {f"{book.stem}.html" for book in BOOKS} | {"index.html", "search.html"}
    listed = {each.get("href") for each in pages[names["index.html"]].named("a")}
    assert listed >= {f"{book.stem}.html" for book in BOOKS}


def test_every_link_leads_somewhere(pages: dict[Path, Elements]) -> None:
    anchors = {page: {each.get("id") for _, each in elements.found} for page, elements in pages.items()}
    for page, elements in pages.items():
        for tag, attributes in elements.found:
            for link in filter(None, map(attributes.get, ("href", "src", "action"))):
                parts = urlsplit(link)
                if parts.scheme == "data" or (tag == "a" and parts.scheme == "https"):
                    continue
                assert not parts.scheme, (page.name, link)
                assert not parts.netloc, (page.name, link)
                target = page.parent / unquote(parts.path) if parts.path else page
                assert target.is_file(), (page.name, link)
                assert not parts.fragment or unquote(parts.fragment) in anchors[target], (page.name, link)


def test_no_style_asks_the_network(site: Path) -> None:
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        for link in re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)", text):
            assert link.startswith(("data:", "#")) or (style.parent / urlsplit(link).path).is_file(), link


@each_book
def test_a_page_has_all_of_its_notebook(pages: dict[Path, Elements], site: Path, book: Path) -> None:
    elements, notebook = pages[site / f"{book.stem}.html"], read(book)
    text = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    figures = sum("image/png" in out.get("data", {}) for cell in code_cells(book) for out in cell.outputs)
    drawn = [each for each in elements.named("img") if "_images/" in each["src"]]
    assert len(drawn) == text.count("](diagrams/") + figures
    assert all(len(each["alt"].split()) > 10 for each in drawn)
    assert len(elements.named("summary")) >= text.count("<summary")
    assert "–" not in (site / f"{book.stem}.html").read_text(encoding="utf-8"), "a command's -- is kept"
    download = site / "_sources" / book.name
    assert f"_sources/{book.name}" in {each.get("href") for each in elements.named("a")}
    assert download.read_bytes() == book.read_bytes()


@each_book
def test_a_solution_is_folded_with_its_output(pages: dict[Path, Elements], site: Path, book: Path) -> None:
    solutions = [cell for cell in code_cells(book) if "solution" in tags(cell)]
    folded = [
        each for each in pages[site / f"{book.stem}.html"].named("details") if "hide" in each.get("class", "")
    ]
    assert len(folded) == len(solutions)
    assert not [each for each in folded if "open" in each]


@pytest.fixture
def opened(browser: "Browser", site: Path) -> Iterator[Callable[[str], "Page"]]:  # noqa: F811
    """opened(name) opens a page in the folder, as a reader does; nothing may be asked of a network."""
    asked: list[str] = []
    context = browser.new_context(viewport=PHONE, offline=True)

    def open_page(name: str) -> "Page":
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.goto(f"{site.as_uri()}/{name}")
        return page

    yield open_page
    context.close()
    assert asked
    assert not [each for each in asked if not each.startswith(("file:", "data:"))]


@pytest.mark.slow
@each_book
def test_a_page_can_be_read_on_a_phone_in_both_themes(opened: Callable[[str], "Page"], book: Path) -> None:
    page = opened(f"{book.stem}.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)
        texts = page.evaluate(f"({CONTRAST})(document.querySelector('article'))")
        assert len(texts) > 50
        assert [each for each in texts if each["contrast"] < READABLE] == []


@pytest.mark.slow
def test_what_follows_a_question_stands_apart_from_its_options(opened: Callable[[str], "Page"]) -> None:
    page = opened("00_start_here.html")
    gaps = page.evaluate(
        """() => [...document.querySelectorAll('article details + p')].map(after =>
            after.getBoundingClientRect().top -
            after.previousElementSibling.getBoundingClientRect().bottom)"""
    )
    assert gaps
    assert min(gaps) >= 16


@pytest.mark.slow
def test_a_table_without_headings_has_no_empty_row(opened: Callable[[str], "Page"]) -> None:
    page = opened("index.html")
    assert not page.locator("article thead").is_visible()
    assert page.locator("article tbody tr").count() == len(BOOKS)


@pytest.mark.slow
def test_a_solution_opens_by_the_keyboard(opened: Callable[[str], "Page"]) -> None:
    page = opened("00_start_here.html")
    solution = page.locator("details.hide").first
    assert not solution.locator("pre").first.is_visible()
    solution.locator("summary").press("Enter")
    assert solution.locator("pre").first.is_visible()


@pytest.mark.slow
def test_the_search_finds_a_page(opened: Callable[[str], "Page"]) -> None:
    page = opened("search.html?q=likelihood")
    page.locator("#search-results li a", has_text="Generate text").first.click()
    page.wait_for_url("**/03_generate.html*")
