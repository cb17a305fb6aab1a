"""The runs side by side: the latest, those that are pinned, and none without a token."""

import threading

from helpers.playground import runs

from .fakes import SOON, FakeStream, Writer, eventually, made


def texts(play) -> str:
    """The HTML of all columns, from left to right."""
    return "".join(column.children[0].value for column in play.controls.runs.widget.children)


def generate(play, times: int = 1) -> None:
    for _ in range(times):
        play.start()
        play.wait(SOON)


def numbered(count: int) -> Writer:
    return Writer(*(FakeStream([f"text{n}"]) for n in range(1, count + 1)))


def test_the_latest_runs_stand_side_by_side():
    play = made(numbered(4))
    generate(play, 4)
    assert [f"text{n}" in texts(play) for n in range(1, 5)] == [False, True, True, True]


def test_a_pinned_run_is_never_pushed_out():
    play = made(numbered(12))
    generate(play, 1)
    play.controls.runs.pin(1).value = True
    generate(play, 5)
    assert play.controls.runs.shown == [1, 4, 5, 6]
    play.controls.runs.pin(5).value = True
    generate(play, 5)
    assert play.controls.runs.shown == [1, 5, 9, 10, 11]
    assert texts(play).index("text1<") < texts(play).index("text5<") < texts(play).index("text9<")


def test_a_run_that_is_no_longer_pinned_goes_with_the_next_one():
    play = made(numbered(6))
    generate(play, 1)
    play.controls.runs.pin(1).value = True
    generate(play, 4)
    play.controls.runs.pin(1).value = False
    assert play.controls.runs.shown == [1, 3, 4, 5]  # under the reader's hand nothing moves
    generate(play, 1)
    assert play.controls.runs.shown == [4, 5, 6]


def test_a_pin_says_which_run_it_pins():
    play = made(numbered(2))
    generate(play, 2)
    assert play.controls.runs.pin(2).description == "pin run 2"


def test_two_runs_that_end_together_both_stand_side_by_side(monkeypatch):
    drawn, run_column = [], runs.run_column

    def slow(run, usd_per_hour=None):
        """The first to draw is the last to show."""
        drawn.append(run_column(run, usd_per_hour))
        mine = drawn[-1]
        if len(drawn) == 1:
            second.wait(0.5)
        else:
            second.set()
        return mine

    second, gate = threading.Event(), threading.Semaphore(1)
    play = made(Writer(FakeStream(["stopped", "never"], gate=gate), FakeStream(["finished"])))
    monkeypatch.setattr(runs, "run_column", slow)
    play.start()
    eventually(lambda: play._runner._runs[0]._now.text)
    (first,) = play._runner._threads
    play.start()
    play.wait(SOON)
    first.join(SOON)
    assert [f"Text of run {n}" in texts(play) for n in (1, 2)] == [True, True]


def test_quick_clicks_push_no_real_run_out():
    gate = threading.Semaphore(0)
    idle = [FakeStream(["never"], gate=gate) for _ in range(10)]
    play = made(Writer(FakeStream(["real"]), *idle))
    generate(play)
    for _ in idle:
        play.start()
    play.stop()
    play.wait(SOON)
    threads = [each for each in threading.enumerate() if each.name == "playground"]
    for each in threads:
        each.join(SOON)
    assert "real" in texts(play)
    assert list(play.history["text"]) == ["real"]


def test_a_run_of_no_tokens_is_not_kept_however_it_ended():
    refused = FakeStream([], error=RuntimeError("refused"))
    play = made(Writer(refused, FakeStream([]), FakeStream(["a text"])))
    generate(play)
    assert "Failed: refused" in play.controls.status.value
    generate(play)
    assert "Finished (COMPLETE): 0 tokens" in play.controls.status.value
    assert play.history.empty
    assert play.controls.runs.shown == []
    generate(play)
    assert list(play.history["text"]) == ["a text"]
