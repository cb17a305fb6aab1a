"""A diagram is SVG that can be read: in any theme, by a screen reader, with whole labels."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.notebook import diagram

FILES = sorted(path.stem for path in diagram.FOLDER.glob("*.txt"))
NUMBERS = {"before": "58", "turn": "78", "after": "622"}
MEASURED = {"first": "1234 ms", "whole": "1234.5 s", "pace": " (1000 tokens/s)", **NUMBERS}
EMPTY = "title | A\ntext | B\nsize 100 100\n"
SVG = "{http://www.w3.org/2000/svg}"
# Of the widest letters that a browser may fall back to (DejaVu Sans), in pixels at a size of 13.
WIDTH, BOLD_WIDTH = 7.6, 8.7


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(diagram.draw(text))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("kind", diagram.KINDS)
def test_words_and_edges_stand_out_from_what_is_behind_them(kind: str) -> None:
    fill, edge = diagram.KINDS[kind]
    assert contrast(diagram.INK, fill) >= 7
    assert contrast(edge, diagram.CARD) >= 3
    assert contrast(diagram.LINE, diagram.CARD) >= 3


@pytest.mark.parametrize("name", FILES)
def test_it_has_a_name_and_words_for_those_who_do_not_see_it(name: str) -> None:
    text = diagram.source(name, **MEASURED)
    root = parsed(text)
    named = [root.find(f"{SVG}{each}") for each in ("title", "desc")]
    assert [each.get("id") for each in named if each is not None] == root.get("aria-labelledby", "").split()
    assert named[1] is not None
    assert named[1].text == diagram.text_alternative(text)
    assert len(diagram.text_alternative(text)) > 100


@pytest.mark.parametrize("name", FILES)
def test_all_of_it_is_on_the_card_and_each_label_in_its_box(name: str) -> None:
    rows = diagram._rows(diagram.source(name, **MEASURED))
    width, height = next(numbers for kind, numbers, _ in rows if kind == "size")
    for kind, numbers, label in rows:
        x, y, *size = numbers or (0, 0)
        if kind in diagram.KINDS:
            assert 0 < x < x + size[0] <= width - 10
            assert 0 < y < y + size[1] <= height - 10
            assert all(len(each) * WIDTH <= size[0] for each in label)
            assert len(label[:-1]) == 0 or len(label[0]) * BOLD_WIDTH <= size[0]
            assert len(label) * diagram.LEADING <= size[1]
        if kind == "note":
            assert x + max(map(len, label)) * WIDTH <= width
            assert y + (len(label) - 1) * diagram.LEADING <= height - 10


@pytest.mark.parametrize("name", FILES)
def test_boxes_in_a_row_do_not_overlap(name: str) -> None:
    boxes = [n for kind, n, label in diagram._rows(diagram.source(name, **MEASURED)) if kind in diagram.KINDS]
    for (x, y, width, height), (to_x, to_y, _, to_height) in pairwise(boxes):
        if (y, height) == (to_y, to_height) and to_x > x:
            assert x + width <= to_x


@given(
    st.text(
        st.characters(
            codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="|\u2028\u2029\ufffe\uffff"
        )
    )
)
def test_whatever_a_label_says_is_text_and_no_markup(label: str) -> None:
    root = parsed(f"{EMPTY}note 10 20 | {label}")
    assert [each.text or "" for each in root.iter(f"{SVG}text")] == [label.strip()]


def test_a_shape_that_is_unknown_is_named() -> None:
    with pytest.raises(ValueError, match="no 'circle'; there are box"):
        diagram.draw(f"{EMPTY}circle 1 2 | x")


def test_a_cell_shows_an_image_with_its_words_and_without_images_the_words() -> None:
    shown = diagram.show("request", **MEASURED)
    assert re.match(r'<img src="data:image/svg\+xml;base64,[\w+/=]+" alt="The call goes', shown.html)
    assert "the first token after 1234 ms" in repr(shown)
    assert "{" not in repr(shown)
