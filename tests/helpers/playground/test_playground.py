import threading
import time
from dataclasses import replace
from html import unescape
from types import SimpleNamespace

import pytest

from helpers import catalog
from helpers.errors import BadInput, ModelRefused, StreamBroken
from helpers.generate.types import Generation, Response, TokenLikelihood
from helpers.notebook.markup import escape, quote
from helpers.playground.runner import Snapshot
from helpers.playground.settings import history
from helpers.playground.widget import playground, show_tokens

from .fakes import LIMITS, SOON, FakeStream, Writer, eventually, made, response

HOSTILE = (
    "<img src=x onerror=alert(1)> **bold** `code` $x$ [a](http://b.c)\n# head\n\u202eright\x1b[31m & &lt;"
)


def test_what_the_controls_say_reaches_the_function():
    writer = Writer()
    play = made(writer)
    play.controls.inputs["temperature"].value = 2.5
    play.controls.inputs["max_tokens"].value = 7
    play.controls.inputs["prompt"].value = "Else:"
    assert not writer.calls
    play.controls.generate_button.click()
    play.wait(SOON)
    assert writer.calls == [{"prompt": "Else:", "temperature": 2.5, "max_tokens": 7}] == [play.settings]
    assert "one two three" in play.controls.text.value
    assert "Finished (COMPLETE): 3 tokens" in play.controls.status.value


def test_slider_and_box_say_the_same_and_keep_the_models_range():
    play = made(Writer())
    rows = [each.children for each in play.controls.widget.children if hasattr(each, "children")]
    ((box, slider),) = [row for row in rows if row[0] is play.controls.inputs["max_tokens"]]
    assert (slider.min, slider.max, slider.value) == (1, 2048, 100)
    slider.value = 250
    assert (box.value, play.settings["max_tokens"]) == (250, 250)
    box.value = 9999
    assert (slider.value, play.settings["max_tokens"]) == (2048, 2048)


def test_only_the_settings_that_the_function_takes_have_controls():
    play = made(Writer())
    assert set(play.controls.inputs) == {"prompt", "temperature", "max_tokens"}
    everything = made(lambda **settings: str(settings))
    assert set(everything.controls.inputs) == {
        "prompt",
        "temperature",
        "max_tokens",
        "k",
        "p",
        "stop_sequences",
    }
    everything.controls.inputs["stop_sequences"].value = "--\n\\n\n"
    assert everything.settings["stop_sequences"] == ("--", "\n")
    assert everything.settings["k"] == 0


@pytest.mark.parametrize(
    "wrong", [{"temperature": 6}, {"max_tokens": 0}, {"max_tokens": 10.7}, {"k": 3}, {"heat": 1}]
)
def test_bad_starting_values_are_refused(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        made(Writer(), **wrong)


@pytest.mark.parametrize("one_more", ["shown", "folded"])
def test_a_new_control_is_a_word_in_the_table(monkeypatch, one_more):
    row = replace(catalog.SETTINGS["frequency_penalty"], control=one_more)
    monkeypatch.setitem(catalog.SETTINGS, "frequency_penalty", row)
    sent = []

    class Client(SimpleNamespace):
        def stream(self, prompt, **settings):
            sent.append(settings)
            return FakeStream(["text"])

    client = Client(limits=LIMITS, session=SimpleNamespace(writer="it"), supports=lambda feature: False)
    play = playground(client, prompt="Write:", interactive=True)
    box = play.controls.inputs["frequency_penalty"]
    assert (box.description, box.value, box.step) == ("frequency_penalty", 0.0, 0.05)
    box.value = 0.5
    play.start()
    play.wait(SOON)
    assert sent[0]["frequency_penalty"] == play.history["frequency_penalty"][0] == 0.5
    assert "frequency_penalty 0.5" in play.static_copy()


def test_a_slider_takes_fractions_where_it_begins_at_a_whole_number():
    play = made(Writer(), temperature=1)
    play.controls.inputs["temperature"].value = 0.35
    assert play.settings["temperature"] == 0.35


def test_what_is_typed_beyond_the_range_is_said():
    play = made(Writer())
    for typed, kept in ((9999, 2048), (9999, 2048), (-5, 1)):
        play.controls.inputs["max_tokens"].value = typed
        assert play.settings["max_tokens"] == play.controls.inputs["max_tokens"].value == kept
        assert f"max_tokens takes 1 to 2048: {typed} became {kept}." in play.controls.status.value


def test_live_is_off_at_first_and_then_waits_for_the_hand_to_rest(monkeypatch):
    monkeypatch.setattr("helpers.playground.widget.DEBOUNCE", 0.1)
    writer = Writer()
    play = made(writer)
    play.controls.live.value = True
    for value in (1.0, 1.5, 2.0):
        play.controls.inputs["temperature"].value = value
    eventually(lambda: writer.calls)
    play.wait(SOON)
    time.sleep(0.3)
    assert [call["temperature"] for call in writer.calls] == [2.0]


def test_stop_closes_the_stream_and_keeps_the_text():
    gate = threading.Semaphore(1)
    stream = FakeStream(["first", "second"], gate=gate)
    play = made(Writer(stream))
    play.start()
    eventually(lambda: gate._value == 0)
    play.controls.stop_button.click()
    play.wait(SOON)
    assert stream.closed.is_set()
    assert "Stopped: 1 token in" in play.controls.status.value
    (run,) = play.history.to_dict("records")
    assert (run["status"], run["text"]) == ("stopped", "first")


def test_a_new_run_ends_the_old_and_late_tokens_of_it_never_show():
    late = threading.Semaphore(1)

    class Stubborn(FakeStream):
        def close(self):
            """Goes on sending: the connection is slow to close."""

    old = Stubborn(["old", " late"], gate=late)
    play = made(Writer(old, FakeStream(["new"])))
    play.start()
    eventually(lambda: late._value == 0)
    (first,) = play._runner._threads
    play.start()
    play.wait(SOON)
    shown = []
    play.controls.text.observe(lambda change: shown.append(change["new"]), "value")
    late.release()
    first.join(SOON)
    assert shown == []
    assert "new" in play.controls.text.value
    assert "old" not in play.controls.text.value
    assert list(play.history["status"]) == ["stopped", "finished"]
    assert list(play.history["run"]) == [1, 2]


def test_at_most_twenty_updates_a_second_and_every_piece_arrives():
    class Slow(FakeStream):
        def __iter__(self):
            for piece in super().__iter__():
                time.sleep(0.002)
                yield piece

    play = made(Writer(Slow([f"{n} " for n in range(200)])))
    shown = []
    play.controls.text.observe(lambda change: shown.append(change["new"]), "value")
    began = time.perf_counter()
    play.start()
    play.wait(SOON)
    assert len(shown) <= 20 * (time.perf_counter() - began) + 3
    assert play.history["text"][0] == "".join(f"{n} " for n in range(200))


def test_an_error_is_said_and_kept_with_the_partial_text():
    broken = FakeStream(["half"], error=StreamBroken("the <stream> broke", partial_text="half"))
    play = made(Writer(broken))
    play.start()
    play.wait(SOON)
    assert "Failed: the &lt;stream&gt; broke" in play.controls.status.value
    assert "half" in play.controls.text.value
    assert list(play.history["status"]) == ["failed"]


def test_a_broken_stream_is_told_without_what_only_a_program_sees():
    error = StreamBroken(
        "'e': ... in this error's partial_text", partial_text="half", reason="the model says: <no>"
    )
    play = made(Writer(FakeStream(["half"], error=error)))
    play.start()
    play.wait(SOON)
    assert "Failed: the stream broke: the model says: &lt;no&gt;" in play.controls.status.value
    assert "partial_text" not in play.controls.status.value
    assert "half" in play.controls.text.value


def test_the_time_to_the_first_token_is_shown_and_kept():
    play = made(Writer(FakeStream(["one", " two"])))
    play.start()
    play.wait(SOON)
    assert "(the first after 0." in play.controls.status.value
    assert 0 <= play.history["time_to_first_token_seconds"][0] <= play.history["seconds"][0]
    whole = made(lambda prompt, temperature, max_tokens: "a text", interactive=False)
    assert whole.history["time_to_first_token_seconds"].isna().all()


def test_the_history_shows_whole_texts():
    text = "word " * 100 + "end"
    play = made(lambda prompt, temperature, max_tokens: text, interactive=False)
    assert text in play.history._repr_html_()


def test_without_a_front_end_it_runs_once_at_once_and_shows_no_controls(monkeypatch):
    monkeypatch.setenv("PLAYGROUND_SYNC", "1")
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **kwargs: shown.append(args))
    writer = Writer()
    play = made(writer, interactive=None)
    assert len(writer.calls) == 1
    assert play.controls is None
    play._ipython_display_()
    ((copy,),) = shown
    assert "one two three" in copy.data
    assert "temperature 0.9, max_tokens 100" in copy.data
    assert "3 tokens" in copy.data
    assert play.history["seconds"].notna().all()


def test_without_a_front_end_an_error_fails_the_cell():
    def refuse(prompt, temperature, max_tokens):
        raise ModelRefused("no", status=400, model_message="no")

    with pytest.raises(ModelRefused):
        made(refuse, interactive=False)


@pytest.mark.parametrize("answer", ["a text", response("a text")])
def test_a_function_may_answer_at_once(answer):
    play = made(lambda prompt, temperature, max_tokens: answer, interactive=False)
    assert play.history["text"][0] == "a text"


def test_a_clients_playground_says_who_writes_and_what_it_costs():
    client = SimpleNamespace(
        stream=Writer(),
        limits=LIMITS,
        session=SimpleNamespace(writer="a small <model>"),
        supports=lambda feature: False,
    )
    play = playground(client, prompt="Write:", usd_per_hour=3600.0, interactive=True)
    play.start()
    play.wait(SOON)
    assert "a small &lt;model&gt;" in play.controls.text.value
    assert "of the endpoint" in play.controls.status.value


def test_an_example_fills_the_prompt():
    play = made(Writer(), presets={"mail": "Write a mail:"})
    play.controls.presets.value = "mail"
    assert play.settings["prompt"] == "Write a mail:"


def test_the_example_that_is_named_is_the_prompt_that_is_shown():
    play = made(Writer(), prompt="Write a mail:", presets={"mail": "Write a mail:"})
    assert play.controls.presets.value == "mail"
    play.controls.inputs["prompt"].value = "Else:"
    assert (play.controls.presets.value, play.settings["prompt"]) == ("your own", "Else:")


def test_the_tokens_are_shown_at_the_end_and_gone_when_a_new_run_begins():
    gate = threading.Semaphore(0)
    play = made(lambda prompt, temperature, max_tokens: listed(("water", -0.1), ("fall", -6.0)))
    play.start()
    play.wait(SOON)
    assert play.controls.tokens.value.count("<bdi") == 4
    play._function = Writer(FakeStream(["other"], gate=gate))
    play.start()
    eventually(lambda: "<bdi" not in play.controls.tokens.value)
    gate.release()
    play.wait(SOON)
    assert "lists no tokens" in play.controls.tokens.value


def test_the_state_of_a_run_is_said_once():
    gate = threading.Semaphore(1)
    play = made(Writer(FakeStream(["first", "second"], gate=gate)))
    play.start()
    eventually(lambda: "Writing" in play.controls.status.value)
    seen = play.controls.status.value + play.controls.progress.value
    assert seen.count("Writing") == 1
    assert "0 tokens in" in play.controls.progress.value
    gate.release()
    play.wait(SOON)


def test_a_screen_reader_hears_of_the_beginning_and_the_end_only():
    play = made(Writer(FakeStream([" word"] * 50)))
    said = []
    play.controls.status.observe(lambda change: said.append(change["new"]), "value")
    play.start()
    play.wait(SOON)
    assert len(said) == 2
    assert "Writing" in said[0]
    assert "Finished (COMPLETE): 50 tokens" in said[1]


def test_every_number_has_a_visible_label():
    play = made(lambda **settings: "")
    for name in ("temperature", "max_tokens", "k", "p"):
        assert play.controls.inputs[name].description == name


# --- model text is never interpreted


def test_hostile_text_is_shown_literally_everywhere():
    play = made(Writer(FakeStream([HOSTILE])))
    play.start()
    play.wait(SOON)
    for html in (play.controls.text.value, escape(HOSTILE)):
        assert "<img" not in html
        assert "⟨U+202E⟩right⟨U+001B⟩" in html
        assert "&amp;lt;" in html
    copy = play.static_copy()
    for marked in ("<img", "**bold**", "`code`", "$x$", "[a](", "# head", "\u202e", "\x1b"):
        assert marked not in copy
    assert all(line.startswith(("> ", "**", "")) for line in copy.splitlines())


def test_a_quotation_renders_as_the_text_itself():
    mistune = pytest.importorskip("mistune")
    text = "    indented\n\n1. one\n- two\n***\nplain & simple <b>"
    html = mistune.html(quote(text))
    for tag in ("<code", "<ol", "<ul", "<hr", "<b>", "<h1"):
        assert tag not in html
    assert "plain & simple <b>" in unescape(html)


def listed(*pairs, reason="COMPLETE"):
    tokens = tuple(TokenLikelihood(token, likelihood) for token, likelihood in pairs)
    return Response((Generation("".join(t for t, _ in pairs), reason, -1.0, tokens),))


def test_tokens_are_shaded_and_their_numbers_are_on_hover_and_in_a_table():
    shown = show_tokens(listed((" water", -0.1), ("fall", -6.0), ("<b>\u202e", None), reason="MAX_TOKENS"))
    assert shown.html.count("<bdi") == 6
    assert 'title="log-likelihood -6.00, probability 0.2%"' in shown.html
    assert "#E69F00;color:#000000" in shown.html
    assert "3 tokens, 1 word." in shown.html
    assert "middle of a word" in shown.html
    assert "<table>" in shown.html
    assert "<b>" not in shown.html
    assert "\u202e" not in shown.html + shown.plain


def test_a_response_without_tokens_says_how_to_get_them():
    with pytest.raises(BadInput, match='likelihoods="GENERATION"'):
        show_tokens(response("text"))


def test_a_snapshot_without_time_has_no_speed():
    assert Snapshot(1, {}, "running").tokens_per_second == 0


def test_the_history_shows_what_cannot_be_seen() -> None:
    hostile = "red \x1b[31m and \u202etfel"
    run = Snapshot(1, {}, "finished", hostile)
    assert history([run], [])["text"][0] == "red \u27e8U+001B\u27e9[31m and \u27e8U+202E\u27e9tfel"
