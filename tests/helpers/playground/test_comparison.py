"""Three temperatures at once: three streams, side by side, and one Stop for all."""

import threading

import pytest

from helpers import catalog
from helpers.playground.comparison import three
from helpers.playground.widget import Playground

from .fakes import SOON, FakeStream, eventually, made


class Streams:
    """A function whose every call streams two tokens, `allowed` of them at once, the others when let."""

    def __init__(self, allowed=2):
        self.allowed, self.streams, self.lock = allowed, {}, threading.Lock()

    def __call__(self, prompt, *, temperature, max_tokens):
        gate = threading.Semaphore(self.allowed)
        stream = FakeStream([f"at {temperature:g}", " more"], gate=gate)
        with self.lock:
            self.streams[temperature] = stream
        return stream

    def are_at(self, tokens):
        """Whether three calls have come and each has sent so many tokens."""
        streams = list(self.streams.values())
        return len(streams) == 3 and all(each.gate._value == self.allowed - tokens for each in streams)


def column(play, place):
    return play.controls.comparison.texts[place].value


def words(play):
    return [each.value for each in play.controls.comparison.lines]


def test_the_prompt_is_asked_at_three_temperatures_at_once():
    function = Streams(allowed=0)
    play = made(function)
    play.controls.comparison.button.click()
    eventually(lambda: function.are_at(0))  # none has sent a token: all are under way at once
    assert "Writing three texts" in play.controls.status.value
    for each in function.streams.values():
        each.gate.release(2)
    play.wait(SOON)
    for place, temperature in enumerate((0, 1, 5)):
        assert f"at {temperature} more" in column(play, place)
        assert f"Text {place + 1} of three, at temperature {temperature}" in column(play, place)
        assert "Finished (COMPLETE): 2 tokens" in words(play)[place]
    assert "Finished: all three." in play.controls.status.value
    assert sorted(play.history["temperature"]) == [0, 1, 5]
    assert play.controls.runs.shown == [1, 2, 3]


def test_one_stop_stops_all_three():
    function = Streams(allowed=1)
    play = made(function)
    play.start_three()
    eventually(lambda: function.are_at(1))
    play.controls.stop_button.click()
    play.wait(SOON)
    assert all(each.closed.is_set() for each in function.streams.values())
    assert all("Stopped" in each for each in words(play))
    assert "Stopped: all three." in play.controls.status.value


def test_a_single_run_takes_over_and_says_what_became_of_the_three():
    function = Streams(allowed=1)
    play = made(function)
    play.start_three()
    eventually(lambda: function.are_at(1))
    function.allowed = 2
    play.start()
    play.wait(SOON)
    assert all("Stopped by the next run" in each for each in words(play))
    assert "at 0.9 more" in play.controls.text.value
    assert "Finished (COMPLETE)" in play.controls.status.value


def test_three_runs_take_over_from_three():
    function = Streams(allowed=0)
    play = made(function)
    play.start_three()
    eventually(lambda: function.are_at(0))
    old = dict(function.streams)
    function.allowed = 2
    play.start_three()
    play.wait(SOON)
    assert all(each.closed.is_set() for each in old.values())
    assert all("Finished" in each for each in words(play))


def test_one_that_fails_leaves_the_others_alone():
    def function(prompt, *, temperature, max_tokens):
        if temperature == 1:
            raise RuntimeError("too hot")
        return FakeStream(["a text"])

    play = made(function)
    play.start_three()
    play.wait(SOON)
    assert "Failed: too hot" in words(play)[1]
    assert "Finished" in words(play)[0]
    assert "below each text stands how" in play.controls.status.value


def test_a_temperature_that_the_model_does_not_take_becomes_its_nearest_and_says_so():
    play = made(Streams())
    play.controls.comparison.boxes[2].value = 7
    assert play.controls.comparison.temperatures == [0, 1, 5]
    assert "temperature takes 0 to 5: 7 became 5." in play.controls.status.value


@pytest.mark.parametrize(
    ("model_id", "expected"), [("cohere-medium", (0, 1, 5)), ("command-r-08-2024", (0, 0.5, 1))]
)
def test_the_three_span_what_the_model_takes(model_id, expected):
    assert three(catalog.model(model_id).limits["temperature"]) == expected


def test_a_function_without_temperature_has_none_of_it():
    play = Playground(lambda prompt: "a text", {}, prompt="x", interactive=True)
    assert play.controls.comparison is None
    play.run()
    assert list(play.history["text"]) == ["a text"]
