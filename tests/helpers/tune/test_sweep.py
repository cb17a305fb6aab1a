import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import BadInput, ModelFailed, ModelRefused, StreamBroken, Throttled
from helpers.notebook.progress import Progress
from helpers.tune import concurrency, sweep
from helpers.tune.concurrency import ConcurrencyLimit, run_all
from helpers.tune.truncation import Answer, truncate

from ..fake_client import FakeClient, written
from .interrupts import alarms_interrupt, other_threads_can_lock

PROMPTS = {"post": "Write a post:", "mail": "Write a mail:"}
SETTINGS = {"temperature": (0, 0.5, 1, 2), "max_tokens": (4, 2, 9), "repetitions": 1}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "run.jsonl"


def small_plan(client, **changed):
    return sweep.plan(client, PROMPTS, **{**SETTINGS, **changed})


def without_latency(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns="latency_seconds")


# --- planning


def test_the_articles_thirty_combinations_need_six_requests_and_a_third_of_the_tokens():
    plan = sweep.plan(
        FakeClient(), "Write:", temperature=range(6), max_tokens=range(100, 600, 100), repetitions=1
    )
    assert (len(plan.requests), plan.combinations, plan.max_tokens_total) == (6, 30, 3000)
    text = plan.describe(usd_per_hour=6.0, tokens_per_second=50)
    assert "30 combinations from 6 requests" in text
    assert "3,000 tokens" in text
    assert "9,000" in text
    assert "$0.10" in text
    assert "$" not in plan.describe()
    assert "a second" not in plan.describe(), "nobody has measured a pace"


def test_an_api_without_tokens_is_asked_for_each_limit():
    plan = small_plan(FakeClient("command-r-08-2024"), temperature=(0, 1))
    assert len(plan.requests) == plan.combinations == 2 * 2 * 3
    assert "each limit is asked for separately" in plan.describe()


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 5.01},
        {"temperature": (0, float("nan"))},
        {"temperature": ()},
        {"temperature": "hot"},
        {"max_tokens": 0},
        {"max_tokens": (100, 2049)},
        {"max_tokens": 10.5},
        {"max_tokens": True},
        {"k": 501},
        {"p": 1.0},
        {"presence_penalty": 0.5},
        {"repetitions": 0},
        {"repetitions": 1.5},
        {"seed": 7},
    ],
)
def test_bad_values_are_refused_before_anything_is_sent(wrong):
    client = FakeClient()
    with pytest.raises(BadInput, match=next(iter(wrong))):
        small_plan(client, **wrong)
    assert not client.asked


@pytest.mark.parametrize("prompts", ["", [], ["fine", " "], {"a": None}])
def test_an_empty_prompt_is_refused(prompts):
    with pytest.raises(BadInput, match=r"[Pp]rompt"):
        sweep.plan(FakeClient(), prompts)


def test_numpy_ranges_and_repeated_values_are_taken():
    plan = small_plan(FakeClient(), temperature=np.arange(0, 1.5, 0.5), max_tokens=np.array([4, 4, 2]))
    assert plan.drawn[0] == (0.0, 0.5, 1.0)
    assert plan.max_tokens == (2, 4)


# --- cutting


@given(st.text(min_size=1), st.floats(0, 5), st.integers(1, 15), st.integers(1, 15))
def test_a_cut_answer_is_the_answer_to_the_shorter_request(prompt, temperature, limit, longer):
    client = FakeClient()
    asked = max(limit, longer)
    long, short = (
        Answer.of(client.answer(prompt, temperature, n, listed=True)) for n in (asked, min(limit, longer))
    )
    found = truncate(long, min(limit, longer))
    assert found is not None
    assert (found.text, found.tokens, found.finish_reason, found.likelihoods) == (
        *(short.text, short.tokens, short.finish_reason, short.likelihoods),
    )
    assert found.likelihood == pytest.approx(short.likelihood)


def answer_with(tokens, text, finish_reason="COMPLETE", token_count=None):
    return Answer(text, finish_reason, -1.0, tuple(tokens), (-1.0,) * len(tokens), token_count, 0.1)


@pytest.mark.parametrize(
    ("tokens", "text", "limit"),
    [
        ((), "hello", 1),  # no tokens
        (("he", "llo", "END"), "hello", 2),  # a stop sequence taken out of the text
        ((" he", "llo"), "hello", 1),  # a text that was trimmed
        (("", "é"), "é", 1),  # the first half of a character
        (("a", "\ufffd", "\ufffd"), "aé", 2),
    ],
)
def test_a_cut_that_may_be_wrong_is_refused(tokens, text, limit):
    assert truncate(answer_with(tokens, text), limit) is None
    assert truncate(answer_with(tokens, text, token_count=len(tokens)), limit) is None or tokens[0] == "he"


def test_a_cut_before_a_split_character_is_made():
    found = truncate(answer_with(("a", "b", "\ufffd", "\ufffd"), "abé", token_count=4), 2)
    assert found is not None
    assert found.text == "ab"


def test_an_unknown_finish_reason_stays_unknown():
    found = truncate(answer_with(("a", "b"), "ab", finish_reason=None), 1)
    assert found is not None
    assert found.finish_reason is None


def test_what_cannot_be_cut_is_asked_for(file):
    class Trimming(FakeClient):
        def answer(self, *args, **kwargs):
            response = super().answer(*args, **kwargs)
            generation = response.generations[0]
            odd = kwargs["listed"] and args[0] == PROMPTS["mail"]
            text = generation.text + "!" if odd else generation.text
            changed = type(generation)(
                text, generation.finish_reason, generation.likelihood, generation.token_likelihoods
            )
            return type(response)((changed,), response_tokens=None, latency_seconds=0.1)

    client = Trimming(longest=30)
    table = sweep.run(client, small_plan(client), file, progress=False)
    assert len(client.asked) == 4 + 4 * 3
    assert set(client.asked.values()) == {1}
    assert table[table["prompt_id"] == "mail"]["measured"].all()
    assert table[table["prompt_id"] == "mail"]["text"].str.endswith("!").all()


# --- running


def test_the_table_has_every_combination_as_if_asked_one_by_one(file, capsys):
    client = FakeClient()
    plan = small_plan(client, repetitions=2)
    table = sweep.run(client, plan, file)
    assert list(table.columns) == list(sweep.COLUMNS)
    assert len(table) == plan.combinations == 2 * 4 * 3 * 2
    assert sum(client.asked.values()) == len(plan.requests) == 16
    assert not table.duplicated(["prompt_id", "temperature", "max_tokens", "repetition"]).any()
    for row in table.itertuples():
        alone = client.answer(row.prompt, row.temperature, row.max_tokens, listed=True).generations[0]
        assert (row.text, row.finish_reason) == (alone.text, alone.finish_reason)
        assert row.likelihood == pytest.approx(alone.likelihood)
        assert row.tokens == len(alone.token_likelihoods)
    assert (table["measured"] == (table["max_tokens"] == 9)).all()
    assert (table["latency_seconds"].notna() == table["measured"]).all()
    assert capsys.readouterr().out == "48 combinations from 16 answers.\n"
    pd.testing.assert_frame_equal(sweep.load(file), table)


def test_a_chat_model_gives_the_same_columns(file):
    client = FakeClient("command-r-08-2024")
    table = sweep.run(client, small_plan(client, temperature=(0, 1), seed=3), file, progress=False)
    assert table["measured"].all()
    assert table["likelihood"].isna().all()
    assert table["tokens"].notna().all()


def test_a_second_call_asks_for_nothing(file, capsys):
    client = FakeClient()
    plan = small_plan(client)
    first = sweep.run(client, plan, file)
    again = FakeClient()
    second = sweep.run(again, sweep.plan(again, PROMPTS, **SETTINGS), file)
    assert not again.asked
    pd.testing.assert_frame_equal(first, second)
    assert "8 were in the file, 0 were asked for now" in capsys.readouterr().out


@pytest.mark.slow
def test_every_byte_of_a_half_written_file_is_recovered_from(file):
    client = FakeClient(longest=3)
    plan = sweep.plan(client, "Write:", temperature=(0, 1), max_tokens=(1, 3))
    whole_table = without_latency(sweep.run(client, plan, file, progress=False))
    whole = file.read_bytes()
    header_end = whole.index(b"\n") + 1
    for size in [*range(0, header_end, 40), *range(header_end - 2, len(whole) + 1)]:
        file.write_bytes(whole[:size])
        again = FakeClient(longest=3)
        table = sweep.run(again, plan, file, progress=False)
        pd.testing.assert_frame_equal(without_latency(table), whole_table)
        # an answer is whole with its last brace, as an editor may take the last line's end away
        kept = max(
            0, (whole[:size] + b"\n" if whole[size : size + 1] == b"\n" else whole[:size]).count(b"\n") - 1
        )
        assert sum(again.asked.values()) == 2 - kept
        assert len(file.read_bytes().splitlines()) == 3


@pytest.mark.parametrize(
    "content", [b"not ours", b"not ours\n", b'{"cells": []}\n', b'{"format": 1}\nrubbish\n', b"[]\n"]
)
def test_a_file_that_is_no_run_is_refused_and_left_alone(file, content):
    file.parent.mkdir()
    file.write_bytes(content)
    client = FakeClient()
    with pytest.raises(BadInput, match="left as it"):
        sweep.run(client, small_plan(client), file)
    assert file.read_bytes() == content
    assert not client.asked


RECORD = {
    **{"prompt_id": "post", "temperature": 0.0, "k": 0, "p": 0.75, "repetition": 1, "max_tokens": 9},
    **{"text": "a", "finish_reason": None, "likelihood": -1.0, "tokens": ["a"], "likelihoods": [-1.0]},
    **{"token_count": None, "latency_seconds": 0.1, "answered_at": None},
}


@pytest.mark.parametrize(
    "line",
    [
        "# a note",
        "[]",
        "5",
        "{}",
        "{" * 50_000,
        *(
            json.dumps(RECORD | wrong)
            for wrong in (
                {"prompt_id": []},
                {"temperature": "0"},
                {"max_tokens": None},
                {"text": None},
                {"text": 5},
                {"tokens": "a"},
                {"tokens": [5]},
                {"likelihoods": []},
                {"likelihoods": ["a"]},
                {"latency_seconds": None},
                {"token_count": -1},
                {"answered_at": "today"},
                {"finish_reason": ["x"]},
            )
        ),
    ],
)
def test_a_foreign_line_is_named_and_no_answer_is_lost(file, line):
    client = FakeClient()
    plan = small_plan(client)
    whole = sweep.run(client, plan, file, progress=False)
    asked = client.asked.total()
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*lines[:2], line, *lines[2:]]) + "\n", encoding="utf-8")
    before = file.read_bytes()
    for use in (lambda: sweep.run(client, plan, file, progress=False), lambda: sweep.load(file)):
        with pytest.raises(BadInput, match=r"Line 3 of .*run\.jsonl is not of this run.*take that line out"):
            use()
    assert file.read_bytes() == before
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    pd.testing.assert_frame_equal(sweep.run(client, plan, file, progress=False), whole)
    assert client.asked.total() == asked, "what was paid for is not asked for again"


@pytest.mark.parametrize("ending", ["", "\r\n", "\n\n\n", "\n   \n"])
def test_an_editors_line_ends_lose_no_answer(file, ending):
    client = FakeClient()
    plan = small_plan(client)
    whole = sweep.run(client, plan, file, progress=False)
    asked = client.asked.total()
    file.write_bytes(file.read_bytes().rstrip(b"\n") + ending.encode())
    pd.testing.assert_frame_equal(sweep.load(file), whole)
    pd.testing.assert_frame_equal(sweep.run(client, plan, file, progress=False), whole)
    pd.testing.assert_frame_equal(sweep.load(file), whole)
    assert client.asked.total() == asked
    assert b"\x00" not in file.read_bytes()


@pytest.mark.parametrize("plan", [None, 5, [], {}, {"prompts": 5}, {"model_id": "x", "prompts": [[1]]}])
def test_a_first_line_without_a_plan_is_no_sweeps(file, plan):
    file.parent.mkdir()
    file.write_text(json.dumps({"format": 1, "plan": plan}) + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match="first line holds no plan"):
        sweep.load(file)


@pytest.mark.parametrize("path", ["taken/run.jsonl", "folder"])
def test_a_path_that_cannot_be_a_file_is_one_sentence(tmp_path, path):
    (tmp_path / "taken").write_text("mine")
    (tmp_path / "folder").mkdir()
    client = FakeClient()
    for use in (
        lambda: sweep.run(client, small_plan(client), tmp_path / path),
        lambda: sweep.load(tmp_path / path),
    ):
        with pytest.raises(BadInput, match="can't be used for a run"):
            use()
    assert not client.asked


def test_another_plans_file_is_refused_and_left_alone(file):
    client = FakeClient()
    sweep.run(client, small_plan(client), file, progress=False)
    before = file.read_bytes()
    with pytest.raises(BadInput, match="other settings"):
        sweep.run(client, small_plan(client, temperature=(0, 1)), file)
    with pytest.raises(BadInput, match="plan again"):
        sweep.run(FakeClient("command"), small_plan(client), file)
    assert file.read_bytes() == before


def test_two_runs_never_share_a_file(file):
    inner = FakeClient()

    def meanwhile(key):
        with pytest.raises(BadInput, match="Another run is writing"):
            sweep.run(inner, small_plan(inner), file)

    client = FakeClient(before=meanwhile)
    sweep.run(client, small_plan(client), file, progress=False)
    assert not inner.asked
    assert len(sweep.run(inner, small_plan(inner), file, progress=False)) == 24


def test_loading_a_run_that_does_not_exist(file):
    with pytest.raises(BadInput, match="does not exist"):
        sweep.load(file)


ANOTHER_SWEPT = """
import dataclasses, sys
sys.path.insert(0, {tests!r})
from helpers.catalog import settings
name = "frequency_penalty"
settings.SETTINGS[name] = dataclasses.replace(settings.SETTINGS[name], swept=True)
settings.SWEPT, settings.DRAWN_BY = (*settings.SWEPT, name), (*settings.DRAWN_BY, name)
from fake_client import FakeClient
from helpers.tune import sweep
from helpers.tune.recommend import recommend
client = FakeClient()
plan = sweep.plan(client, "Write:", temperature=[0, 1], frequency_penalty=[0, 0.5], max_tokens=[2, 4])
table = sweep.run(client, plan, {file!r}, progress=False)
assert sweep.load({file!r}).equals(table)
recommend(table[table[name] == 0.5], "some")
print(len(table), sorted(table[name].unique().tolist()))
"""


def test_a_plain_number_is_swept_by_its_row_in_the_table_of_settings_alone(file):
    code = ANOTHER_SWEPT.format(tests=str(Path(__file__).parents[1]), file=str(file))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith("8 [0.0, 0.5]"), done.stderr


# --- streams


def test_answers_are_streamed_and_the_same_as_if_they_were_not(tmp_path):
    tables = {}
    for streams in ("listing", "bare", "none"):
        client = FakeClient(streams=streams)
        table = sweep.run(client, small_plan(client), tmp_path / streams, progress=False)
        tables[streams] = without_latency(table)
        asked = client.asked.total()
        assert (asked, client.streamed) == (8, asked if streams == "listing" else 0)
        assert client.probed == (0 if streams == "none" else 1)
    pd.testing.assert_frame_equal(tables["listing"], tables["bare"])
    pd.testing.assert_frame_equal(tables["listing"], tables["none"])


def test_an_api_without_likelihoods_streams_as_well(file):
    client = FakeClient("command-r-08-2024")
    sweep.run(client, small_plan(client, temperature=(0, 1)), file, progress=False)
    assert client.streamed == client.asked.total() == 12


def test_a_broken_stream_is_asked_again_and_nothing_of_it_is_kept(file):
    client = FakeClient(longest=30)
    whole = sweep.run(FakeClient(longest=30), small_plan(client), file.with_name("whole"), progress=False)
    client.breaking = 2
    table = sweep.run(client, small_plan(client), file, progress=False)
    pd.testing.assert_frame_equal(without_latency(table), without_latency(whole))
    assert client.asked.total() == 8 + 2
    client.breaking = 10**6
    one = sweep.plan(client, "Write:", temperature=1)
    with pytest.raises(StreamBroken):
        sweep.run(client, one, file.with_name("broken"), progress=False)


def test_a_finished_run_is_not_asked_whether_it_streams(file):
    client = FakeClient()
    sweep.run(client, small_plan(client), file, progress=False)
    sweep.run(client, small_plan(client), file, progress=False)
    assert client.probed == 1


@pytest.mark.parametrize("streams", ["listing", "bare"])
def test_progress_counts_the_tokens_that_arrived(file, monkeypatch, streams):
    seen: list[Progress] = []

    class Seen(Progress):
        def __init__(self, wanted):
            super().__init__(wanted)
            seen.append(self)

    monkeypatch.setattr(sweep, "Progress", Seen)
    client = FakeClient(streams=streams)
    client.breaking = 2
    table = sweep.run(client, small_plan(client), file, progress=False)
    (progress,) = seen
    assert progress._tokens == table[table["measured"]]["tokens"].sum()


def test_the_pace_is_what_answers_side_by_side_bring_together(file):
    seconds = 0.1
    client = FakeClient(before=lambda key: time.sleep(seconds))
    table = sweep.run(client, small_plan(client), file, progress=False)  # its eight requests all at once
    tokens = table[table["measured"]]["tokens"].sum()
    assert 0.5 * tokens / seconds < sweep.pace(file) <= tokens / seconds
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    assert sweep.pace(file) is None


# --- interrupts, kills, throttling


def complete_keys(file: Path) -> list[tuple[str, float]]:
    lines = file.read_bytes().split(b"\n")[1:-1] if file.exists() else []
    return [(record["prompt_id"], record["temperature"]) for record in map(json.loads, lines)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # an interrupt in a __del__
def test_interrupted_runs_resume_without_loss_or_double(tmp_path):
    """KeyboardInterrupt arrives at the main thread at any moment, 200 times."""
    draw = random.Random(5)
    expected = without_latency(
        sweep.run(
            FakeClient(), small_plan(FakeClient(), temperature=range(6)), tmp_path / "whole", progress=False
        )
    )

    interrupted = 0
    with alarms_interrupt():
        for number in range(200):
            file = tmp_path / f"{number}.jsonl"
            client = FakeClient(before=lambda key: time.sleep(draw.random() * 0.004))
            plan = small_plan(client, temperature=range(6))
            try:
                signal.setitimer(signal.ITIMER_REAL, draw.uniform(0.0005, 0.015))
                sweep.run(client, plan, file, concurrency=3, progress=False)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
            kept = complete_keys(file)
            again = FakeClient()
            table = without_latency(sweep.run(again, plan, file, progress=False))
            pd.testing.assert_frame_equal(table, expected)
            asked = {(i, t) for i, text in PROMPTS.items() for p, t, _ in again.asked if p == text}
            assert not asked & set(kept)
            assert len(complete_keys(file)) == len(set(complete_keys(file))) == 12
    assert interrupted > 20
    other_threads_can_lock(tmp_path)


KILLED = """
import sys, time
sys.path.insert(0, {tests!r})
from fake_client import FakeClient
from helpers.tune import sweep
client = FakeClient(before=lambda key: time.sleep(0.002))
plan = sweep.plan(client, {prompts!r}, **{settings!r})
print("ready", flush=True)
sweep.run(client, plan, {file!r}, concurrency=2, progress=False)
"""


@pytest.mark.slow
def test_killed_runs_resume_without_loss_or_double(tmp_path):
    """SIGKILL to a process of its own, at a random moment."""
    draw = random.Random(6)
    settings = {**SETTINGS, "temperature": tuple(n / 10 for n in range(50))}
    client = FakeClient()
    plan = sweep.plan(client, PROMPTS, **settings)
    expected = without_latency(sweep.run(client, plan, tmp_path / "whole", progress=False))
    file = tmp_path / "killed.jsonl"
    tests = str(Path(__file__).parents[1])
    code = KILLED.format(tests=tests, prompts=PROMPTS, settings=settings, file=str(file))
    seen = 0
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(draw.uniform(0.0, 0.04))
            process.kill()
        kept = complete_keys(file)
        assert len(kept) == len(set(kept)) >= seen  # nothing asked twice, nothing lost
        seen = len(kept)
    again = FakeClient()
    pd.testing.assert_frame_equal(without_latency(sweep.run(again, plan, file, progress=False)), expected)
    assert sum(again.asked.values()) == 100 - seen


KILLED_IN_STREAM = """
import itertools, os, signal, sys
sys.path.insert(0, {tests!r})
from fake_client import FakeClient
from helpers.tune import sweep
tokens = itertools.count(1)
client = FakeClient(
    longest=30,
    before=lambda key: os.write(1, f"{{key[0]}}/{{key[1]}}\\n".encode()),
    between=lambda: next(tokens) == {last} and os.kill(os.getpid(), signal.SIGKILL),
)
client.breaking = 3
plan = sweep.plan(client, {prompts!r}, **{settings!r})
sweep.run(client, plan, {file!r}, concurrency=3, progress=False)
"""


def test_a_kill_in_the_middle_of_streams_that_also_break_loses_and_doubles_nothing(file):
    settings = {"temperature": (0.0, 0.5, 1.0, 1.5, 2.0, 3.0), "max_tokens": (10, 30)}
    client = FakeClient(longest=30)
    plan = sweep.plan(client, PROMPTS, **settings)
    expected = without_latency(sweep.run(client, plan, file.with_name("whole"), progress=False))
    tests = str(Path(__file__).parents[1])
    kept = []
    for last in (60, 90):  # tokens, those of the three broken streams among them
        told = {"tests": tests, "prompts": PROMPTS, "settings": settings, "file": str(file), "last": last}
        done = subprocess.run([sys.executable, "-c", KILLED_IN_STREAM.format(**told)], capture_output=True)
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        asked = [line.rsplit("/", 1) for line in done.stdout.decode().splitlines()]
        before, kept = kept, complete_keys(file)
        texts = [(PROMPTS[name], temperature) for name, temperature in kept]
        assert kept[: len(before)] == before, "lost"
        assert len(set(kept)) == len(kept) < 12, "doubled"
        assert not {(p, float(t)) for p, t in asked} & set(texts[: len(before)]), "asked for twice"
        assert len(asked) <= len(kept) - len(before) + 3 + 3, "at most those under way, and the broken ones"
    again = FakeClient(longest=30)
    pd.testing.assert_frame_equal(without_latency(sweep.run(again, plan, file, progress=False)), expected)
    assert again.asked.total() == 12 - len(kept) < 12


def test_answers_under_way_are_kept_when_one_fails(file):
    def before(key):
        time.sleep(0.05 if key[1] == 1 else 0.2)
        if key[1] == 1:
            raise ModelRefused("no", status=400, model_message="no")

    client = FakeClient(before=before)
    with pytest.raises(ModelRefused):
        sweep.run(client, small_plan(client), file, progress=False)
    assert len(complete_keys(file)) == 6
    again = FakeClient()
    sweep.run(again, small_plan(again), file, progress=False)
    assert sorted(key[1] for key in again.asked) == [1.0, 1.0]


def test_throttled_requests_are_asked_again(file, monkeypatch):
    failures = iter([True] * 5)

    def before(key):
        if next(failures, False):
            raise Throttled("slow down")

    client = FakeClient(before=before)
    table = sweep.run(client, small_plan(client), file, progress=False)
    assert len(table) == 24
    assert sum(client.asked.values()) == 8 + 5


def run_everything(requests, ask, ceiling=8):
    now = [0.0]
    kept, slept = [], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    limit = ConcurrencyLimit(ceiling, clock=lambda: now[0])
    try:
        run_all(requests, ask, limit, heard=kept.append, sleep=sleep)
    finally:
        run_everything.kept, run_everything.slept, run_everything.limit = kept, slept, limit
    return kept


def test_throttling_without_end_is_given_up():
    def ask(request):
        raise Throttled("slow down")

    with pytest.raises(Throttled):
        run_everything([1, 2, 3], ask)
    assert run_everything.limit.value == 1
    assert run_everything.slept == sorted(run_everything.slept)
    assert max(run_everything.slept) <= 30


def test_a_failing_container_is_asked_three_times():
    asked = []

    def ask(request):
        asked.append(request)
        if request == 2:
            raise ModelFailed("down", status=500, model_message="down")
        return 1

    with pytest.raises(ModelFailed):
        run_everything([1, 2, 3], ask)
    assert asked.count(2) == 3
    assert sorted(run_everything.kept) == [1, 3]


def test_never_more_at_once_than_asked_for(file):
    client = FakeClient(before=lambda key: time.sleep(0.01))
    sweep.run(client, small_plan(client), file, concurrency=3, progress=False)
    assert 1 < client.most_at_once <= 3
    with pytest.raises(BadInput, match="concurrency"):
        sweep.run(client, small_plan(client), file, concurrency=0)


def test_the_pace_grows_while_throughput_grows_and_halves_once_a_round():
    now = [0.0]
    limit = ConcurrencyLimit(100, clock=lambda: now[0])

    def window(seconds):
        now[0] += seconds
        for _ in range(limit.value):
            limit.answered(10)
        return limit.value

    assert [window(1), window(1), window(1)] == [12, 18, 27]  # one second a window: all in parallel
    assert window(1.5) == 27  # no more throughput than with 18
    sent = now[0]
    now[0] += 1
    limit.slowed(sent)
    limit.slowed(sent)
    assert limit.value == 13
    assert window(1) == 14


def test_importing_the_sweep_is_light():
    heavy = ("pandas", "numpy", "IPython", "botocore", "matplotlib", "ipywidgets")
    code = f"import sys, helpers.tune.sweep; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.slow
def test_ten_thousand_rows_take_seconds(file):
    client = FakeClient(longest=40)
    prompts = {f"p{n}": f"Write {n}" for n in range(20)}
    started = time.perf_counter()
    plan = sweep.plan(
        client, prompts, temperature=np.linspace(0, 5, 20), max_tokens=(5, 10, 20, 30, 40), repetitions=5
    )
    assert plan.combinations == 10_000
    table = sweep.run(client, plan, file, progress=False)
    assert len(sweep.load(file)) == len(table) == 10_000
    assert time.perf_counter() - started < 60


def test_the_fake_writes_what_the_sweep_reads():
    """The fake must be able to fail the tests above: its texts end at different lengths and split words."""
    lengths = {len(written("x", t, 12)) for t in range(6)}
    assert len(lengths) > 2


@pytest.mark.parametrize("when", ["before the thread runs", "while it is being started"])
def test_an_interrupt_inside_a_threads_start_is_an_interrupt(monkeypatch, when):
    """Nobody but the thread itself can then say whether it runs."""
    start, answered = concurrency._Asking.start, []

    def interrupted(thread):
        if when == "while it is being started":
            start(thread)
        raise KeyboardInterrupt

    def ask(request):
        time.sleep(0.05)
        answered.append(request)
        return 1

    monkeypatch.setattr(concurrency, "_STARTING_SECONDS", 0.2)
    monkeypatch.setattr(concurrency._Asking, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_all(["a", "b"], ask, ConcurrencyLimit(2))
    assert answered == ([] if when == "before the thread runs" else ["a"]), "what is under way is awaited"
