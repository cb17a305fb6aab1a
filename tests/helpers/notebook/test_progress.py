"""The line of progress: what has arrived, and how long the rest takes at the pace so far."""

from typing import Any

import pytest

from helpers.notebook import progress
from helpers.notebook.progress import Progress


class Line:
    """An output that remembers what it showed."""

    def __init__(self, shown: list[str]) -> None:
        self.show_text = shown.append


class Watched:
    """A progress that a person looks at, its clock, and the lines that it showed."""

    def __init__(self) -> None:
        self.now, self.lines = 0.0, list[str]()
        self.progress = Progress(True, clock=lambda: self.now)

    def at(self, seconds: float, answers: int = 0) -> str:
        self.now = seconds
        self.progress.show(answers)
        return self.lines[-1]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    found = Watched()
    monkeypatch.setattr(progress, "attended", lambda: True)
    monkeypatch.setattr(progress, "Output", lambda: Line(found.lines))
    return found


def test_it_says_at_once_what_is_asked_for_and_soon_what_has_arrived(watched: Watched) -> None:
    watched.progress.expect(4, 400)
    assert watched.lines == ["Asking for 400 tokens at most ..."]
    assert watched.at(1) == "0 of 4 answers, 0 tokens so far"
    watched.progress.arrived(20)
    assert watched.at(2) == "0 of 4 answers, 20 tokens so far, at most 38 s left"  # 380 at 10 a second


def test_the_time_left_follows_the_pace_and_the_lengths_so_far(watched: Watched) -> None:
    watched.progress.expect(4, 400)
    watched.progress.arrived(75)
    watched.progress.answered(100, 50)  # 75 tokens for one that ended: three times 75 are to come
    assert watched.at(5, answers=1) == "1 of 4 answers, 75 tokens so far, about 15 s left"
    watched.progress.arrived(125)
    for _ in range(3):
        watched.progress.answered(100, 50)
    assert watched.at(10, answers=4).endswith("about 0 s left")


def test_long_answers_under_way_are_not_forgotten_for_the_short_ones_that_ended(watched: Watched) -> None:
    watched.progress.expect(4, 400)
    watched.progress.arrived(10 + 3 * 60)
    watched.progress.answered(100, 10)
    assert watched.at(10, answers=1).endswith("about 6 s left")  # 120 more at most, at 19 a second


def test_a_line_is_shown_five_times_a_second_at_most(watched: Watched) -> None:
    watched.progress.expect(4, 400)
    for n in range(100):
        watched.at(n / 100)
    assert len(watched.lines) <= 1 + 5


def test_what_a_broken_stream_had_brought_is_taken_back(watched: Watched) -> None:
    watched.progress.expect(1, 100)
    watched.progress.arrived(20)
    watched.progress.arrived(-20)
    assert watched.at(1) == "0 of 1 answers, 0 tokens so far"


def test_unattended_there_is_only_the_last_line(capsys: Any) -> None:
    shown = Progress(True)
    shown.expect(4, 400)
    shown.arrived(10)
    shown.show(0)
    shown.end("done")
    assert capsys.readouterr().out == "done\n"
