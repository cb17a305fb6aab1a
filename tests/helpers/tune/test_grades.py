"""Grades of texts: kept at once, read back, and never mixed up with anything else."""

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from helpers.errors import BadInput
from helpers.records.journal import Journal
from helpers.tune import sweep
from helpers.tune.grades import Agreement, Grades
from helpers.tune.metrics.quality import CUT, SALAD

from ..fake_client import FakeClient
from .rows import row, table

# Few, so that they meet again; with what JSON and line-by-line files could stumble over.
TEXTS = st.sampled_from(["", "a", "A", "a\n", "\u2028\U0001f600", '{"good": true}\n', "\x00"])
GOOD = st.sampled_from([True, False, None])


class AsADict(RuleBasedStateMachine):
    """Whatever is set, taken back and read anew, by one kernel or two: it is as in a dictionary."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.run = Path(self.folder.name, "run.jsonl")
        self.grades, self.model = Grades(self.run), {}

    @rule(prompt=TEXTS, text=TEXTS, good=GOOD)
    def set(self, prompt: str, text: str, good: bool | None) -> None:
        self.grades.set({"prompt": prompt, "text": text}, good)
        self.model[prompt, text] = good

    @rule()
    def restart(self) -> None:
        self.grades = Grades(self.run)

    @rule(prompt=TEXTS, text=TEXTS, good=GOOD)
    def another_kernel_sets_before(self, prompt: str, text: str, good: bool | None) -> None:
        Grades(self.run).set({"prompt": prompt, "text": text}, good)
        self.model[prompt, text] = good
        self.set("a", "a", True)

    @rule(part=st.sampled_from(['{"prompt": "a", "te', "{", '{"prompt": "a", "text": "b", "good": tr']))
    def die_while_writing(self, part: str) -> None:
        if self.grades.path.exists():
            with self.grades.path.open("a") as file:
                file.write(part)

    @rule(prompt=TEXTS, text=TEXTS)
    def wrong(self, prompt: str, text: str) -> None:
        with pytest.raises(BadInput):
            self.grades.set({"prompt": prompt, "text": text}, "no")  # type: ignore[arg-type]

    @invariant()
    def equals_the_model(self) -> None:
        keys = list(self.model)
        rows = [row(text, prompt=prompt) for prompt, text in keys] or [row("never graded")]
        good = {n: self.model[key] for n, key in enumerate(keys) if self.model[key] is not None}
        assert self.grades.of(table(*rows)) == good
        assert len(self.grades) == len(good)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


TestAsADict = AsADict.TestCase
TestAsADict.settings = settings(max_examples=40, stateful_step_count=20)  # each step is on the disk


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "everything-ab12cd34.jsonl"


@pytest.fixture
def df(run: Path) -> pd.DataFrame:
    client = FakeClient(longest=30)
    plan = sweep.plan(client, "Write:", temperature=(0, 2), max_tokens=(5, 30), repetitions=2)
    return sweep.run(client, plan, run, progress=False)


def test_grades_are_kept_beside_the_run_and_not_in_it(df: pd.DataFrame, run: Path) -> None:
    before = run.read_bytes()
    grades = Grades(run)
    assert grades.path == run.with_name("everything-ab12cd34.grades.jsonl")
    assert not grades.path.exists()  # looking writes nothing
    grades.set(df.loc[3], True)
    assert run.read_bytes() == before
    assert Grades(grades.path).of(df) == Grades(str(run)).of(df) == grades.of(df) != {}


def test_a_grade_follows_its_text(tmp_path: Path) -> None:
    """To another order of rows, an equal repetition and a limit that leaves it whole; not to a cut one."""
    whole = [row("a b c d", max_tokens=limit, repetition=n) for limit in (10, 20) for n in (1, 2)]
    df = table(*whole, row("a b", max_tokens=2), row("a b c d", prompt="Another:"))
    grades = Grades(tmp_path / "run.jsonl")
    grades.set(df.loc[0], False)
    assert grades.of(df) == dict.fromkeys(range(4), False)
    assert grades.of(df.iloc[::-1].reset_index(drop=True)) == dict.fromkeys(range(2, 6), False)
    grades.set(df.loc[4], True)
    assert grades.of(df) == {**dict.fromkeys(range(4), False), 4: True}
    assert len(grades) == 2


def test_a_run_that_was_made_anew_has_no_grades_of_the_old_texts(df: pd.DataFrame, run: Path) -> None:
    grades = Grades(run)
    grades.set(df.loc[0], True)
    assert grades.of(df.assign(text="other " + df["text"])) == {}


def test_numpys_truth_is_taken_and_nothing_that_only_looks_like_it(tmp_path: Path) -> None:
    grades, df = Grades(tmp_path / "run.jsonl"), table(row())
    grades.set(df.loc[0], np.bool_(False))
    assert grades.of(df) == {0: False}
    for wrong in ("False", 1, 0, np.int64(1), float("nan"), [True]):
        with pytest.raises(BadInput, match="it takes True or False"):
            grades.set(df.loc[0], wrong)  # type: ignore[arg-type]
    assert Grades(tmp_path / "run.jsonl").of(df) == {0: False}


@pytest.mark.parametrize("what", [{}, {"text": "a"}, {"text": None, "prompt": "p"}, table(row(), row())])
def test_what_is_no_row_is_refused(tmp_path: Path, what: object) -> None:
    grades = Grades(tmp_path / "run.jsonl")
    with pytest.raises(BadInput, match=r"such as table\.loc"):
        grades.set(what, True)  # type: ignore[arg-type]
    assert not grades.path.exists()


def test_a_table_whose_labels_are_not_unique_is_refused(tmp_path: Path) -> None:
    grades = Grades(tmp_path / "run.jsonl")
    with pytest.raises(BadInput, match="one label"):
        grades.of(table(row(), row()).set_axis([0, 0]))


FOREIGN = [
    b"not JSON\n",
    b"\xff\xfe\n",
    b'{"format": 1, "kind": "batch"}\n',
    b'{"format": 1, "kind": "grades"}\n{"prompt": "p", "text": "t", "good": 1}\n',
    b'{"format": 1, "kind": "grades"}\n{"prompt": "p", "good": true}\n',
    b'{"format": 1, "kind": "grades"}\n{"prompt": "p", "te\n{"prompt": "p", "text": "t", "good": true}\n',
]


@pytest.mark.parametrize("data", FOREIGN)
def test_a_foreign_or_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, data: bytes) -> None:
    grades = Grades(tmp_path / "run.jsonl")
    grades.path.write_bytes(data)
    for touch in (lambda: Grades(tmp_path / "run.jsonl"), lambda: grades.set(row(), True)):
        with pytest.raises(
            BadInput, match=r"^The grades in run\.grades\.jsonl can't be used: .*begin anew\.$"
        ):
            touch()
        assert grades.path.read_bytes() == data
    assert len(grades) == 0


@given(st.integers(0, 10**9))
def test_cut_off_anywhere_it_keeps_all_whole_lines(cut: int) -> None:
    """As after a power cut: what was kept before stays, what comes after is kept, too."""
    with tempfile.TemporaryDirectory() as folder:
        grades = Grades(Path(folder, "run.jsonl"))
        df = table(row("a"), row("b"), row("c"))
        sizes = []
        for label in (0, 1):
            grades.set(df.loc[label], True)
            sizes.append(len(grades.path.read_bytes()))
        data = grades.path.read_bytes()[: cut % (sizes[-1] + 1)]
        grades.path.write_bytes(data)
        again = Grades(Path(folder, "run.jsonl"))
        # a line lacks only its end when all but that was written
        whole = {label: True for label, size in enumerate(sizes) if len(data) >= size - 1}
        assert again.of(df) == whole
        again.set(df.loc[2], False)
        assert Grades(Path(folder, "run.jsonl")).of(df) == whole | {2: False}


def test_two_grades_at_once_are_both_kept(tmp_path: Path) -> None:
    grades, held = Grades(tmp_path / "run.jsonl"), FileLock(tmp_path / "run.grades.jsonl.lock")
    held.acquire()
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(grades.set, row(), True)
        with pytest.raises(TimeoutError):
            waiting.result(0.2)
        held.release(force=True)
        waiting.result()
    assert len(Grades(tmp_path / "run.jsonl")) == 1


def test_while_another_kernel_writes_on_a_grade_is_refused_not_lost_silently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpers.tune.grades.PATIENCE", 0.1)
    grades = Grades(tmp_path / "run.jsonl")
    with FileLock(f"{grades.path}.lock"), pytest.raises(BadInput, match="Another run is writing"):
        grades.set(row(), True)
    grades.set(row(), True)
    assert len(grades) == 1


def test_the_file_is_plain_data_of_its_own(tmp_path: Path) -> None:
    grades = Grades(tmp_path / "run.jsonl")
    grades.set(row("sense"), True)
    header, line = map(json.loads, grades.path.read_text().splitlines())
    assert header["kind"] == "grades"
    assert line == {"prompt": "Write:", "text": "sense", "good": True}
    with Journal(grades.path, {"kind": "grades"}):
        pass  # no lock is left behind


def judged(*given: tuple[str, bool]) -> tuple[pd.DataFrame, dict[int, bool]]:
    """A table of different texts with these faults, and the grade of each."""
    df = table(*(row(f"text {n}") for n in range(len(given))))
    return df.assign(fault=[fault for fault, _ in given]), {n: good for n, (_, good) in enumerate(given)}


def test_it_says_how_often_the_gate_agrees_and_which_way_it_does_not() -> None:
    alike = [("", True), (SALAD, False), ("", True)]
    found = Agreement.of(*judged(*alike))
    assert str(found) == "The gate and you agree on 3 of 3 graded texts."
    found = Agreement.of(*judged(*alike, (CUT, True), (CUT, True), (SALAD, True), ("", False)))
    assert (found.graded, found.agreed) == (7, 3)
    assert str(found) == (
        "The gate and you agree on 3 of 7 graded texts (it does not pass what you call good: 2 cut off, "
        "1 word salad; it passes 1 that you call not good)."
    )


def test_a_text_that_many_rows_have_is_counted_once_where_it_was_longest() -> None:
    df = table(*(row(max_tokens=limit, repetition=n) for limit in (20, 4) for n in (1, 2)))
    found = Agreement.of(df.assign(fault=["", "", CUT, CUT]), dict.fromkeys(df.index, True))
    assert (found.graded, found.agreed) == (1, 1)


@given(st.lists(st.tuples(st.sampled_from(["", CUT, SALAD]), st.booleans()), min_size=1))
def test_agreed_missed_and_passed_are_all(given_: list[tuple[str, bool]]) -> None:
    found = Agreement.of(*judged(*given_))
    assert found.graded == len(given_)
    assert found.agreed == sum((fault == "") == good for fault, good in given_)
    assert sum(found.missed.values()) == sum(bool(fault) and good for fault, good in given_)
