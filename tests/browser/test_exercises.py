"""Questions and exercises in JupyterLab, with the keyboard alone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .lab import Notebook

if TYPE_CHECKING:
    from playwright.sync_api import Locator

QUESTION = "Does a model of 6 billion parameters fit on it?"
STARTER = """from helpers.notebook import exercises
answer = []
exercises.check("fits", answer)"""


@pytest.mark.slow
def test_a_question_is_answered(opened: Callable[[str], Notebook]) -> None:
    book = opened("00_start_here.ipynb")
    book.resize(1400, 12_000)  # JupyterLab draws what is in sight only
    question = book.page.locator(".jp-MarkdownCell", has_text=QUESTION)
    wrong, right, _ = question.locator("details").all()
    to_the_first_option(question)
    for option, key, says in ((wrong, "Enter", "Not quite."), (right, "Space", "Right.")):
        answer = option.get_by_text(says)
        assert answer.is_hidden()
        book.page.keyboard.press(key)
        answer.wait_for(state="visible")
        book.page.keyboard.press("Tab")
    assert question.locator("details[open]").count() == 2


def to_the_first_option(question: "Locator") -> None:
    """Press Tab from the selected cell, past its toolbar, to the first of the question's options."""
    question.focus()
    for _ in range(5):
        question.page.keyboard.press("Tab")
        if question.evaluate("() => document.activeElement.tagName") == "SUMMARY":
            return
    raise AssertionError("Tab does not reach the options")


@pytest.mark.slow
def test_an_exercise_is_begun_and_checked(written: Callable[..., Notebook]) -> None:
    book = written(STARTER)
    assert book.text_of(0).startswith("To begin: ")
    book.page.locator(".jp-CodeCell").focus()
    press = book.page.keyboard.press
    press("Enter")
    press("Control+End")
    press("ArrowUp")
    press("End")
    press("ArrowLeft")
    book.page.keyboard.type("'ml.g4dn.xlarge'")
    press("Shift+Enter")
    book.page.locator(".jp-CodeCell .jp-OutputArea", has_text="Not yet: ml.g4dn.xlarge has 16 GB").wait_for()
