"""The grades that a reader gives to the texts of a run, and how far the gate of quality agrees with them."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..connect.consent import is_yes_or_no
from ..errors import BadInput
from ..notebook.markup import count
from ..records import payload
from ..records.journal import Journal
from .measures import check
from .metrics.quality import SAME_LABEL, plain_grade

if TYPE_CHECKING:
    import pandas as pd

SUFFIX = ".grades.jsonl"
# Seconds that a grade waits for another's: JupyterLab may hand two thumbs to two threads of a kernel at once.
PATIENCE = 5.0


class Grades:
    """The grades of a run's texts, good or not, kept beside the run's file: `Grades("runs/a.jsonl")`.

    A grade is for a text as an answer to its prompt. It counts in every row that has this very text: in
    equal repetitions, and at each max_tokens that leaves it whole; a text that a limit cut is another one.
    `path` is the file of the grades, written at the first one. Raises BadInput if it holds anything else.
    """

    def __init__(self, run: str | Path) -> None:
        named = Path(run)
        self.path = named if named.name.endswith(SUFFIX) else named.with_suffix(SUFFIX)
        self._good: dict[tuple[str, str], bool] = {}
        if self.path.exists():
            self._open()

    def __len__(self) -> int:
        """Count the graded texts."""
        return len(self._good)

    def of(self, df: "pd.DataFrame") -> dict[Hashable, bool]:
        """Return the grades of a sweep's table, by row label; rows without one are left out."""
        check(df)
        if not df.index.is_unique:
            raise BadInput(SAME_LABEL)
        rows = zip(df.index, zip(df["prompt"], df["text"], strict=True), strict=True)
        return {label: self._good[key] for label, key in rows if key in self._good}

    def set(self, row: "Mapping[str, Any] | pd.Series[Any]", good: bool | None) -> None:
        """Grade the text of one row: `grades.set(table.loc[3], True)`; None takes its grade back.

        The grade is on the disk when this returns. Raises BadInput if it can't be kept.
        """
        plain = None if good is None else plain_grade(good)
        record = {name: row.get(name) for name in ("prompt", "text")}
        if not all(isinstance(text, str) for text in record.values()):
            raise BadInput("A grade is for one row of a sweep's table, such as table.loc[3].")
        self._open({**record, "good": plain})

    def _open(self, *records: Mapping[str, Any]) -> None:
        """Add the records, and read all that there are: another kernel may have graded, too."""
        try:
            with Journal(self.path, {"kind": "grades"}, _grade, PATIENCE) as file:
                for record in records:
                    file.append(record)
                listed = [*file.records, *records]
        except (BadInput, OSError) as error:
            raise BadInput(
                f"The grades in {self.path.name} can't be used: {error} Or move it away and begin anew."
            ) from error
        last = dict(map(_grade, listed))
        self._good = {key: good for key, good in last.items() if good is not None}


def _grade(record: Mapping[str, Any]) -> tuple[tuple[str, str], bool | None]:
    """Read a line of the file; raise WrongShape for one that no Grades wrote."""
    good = record.get("good")
    if good is not None and not is_yes_or_no(good):
        raise payload.WrongShape("good is neither true nor false nor null")
    return (payload.text(record, "prompt"), payload.text(record, "text")), good


@dataclass(frozen=True)
class Agreement:
    """How many texts were graded, on how many the gate agrees, and the two ways in which it does not.

    `missed`: how many texts called good have which of the gate's faults. `passed`: texts called not good that
    pass the gate.
    """

    graded: int
    missed: Mapping[str, int]
    passed: int

    @classmethod
    def of(cls, df: "pd.DataFrame", grades: Mapping[Any, bool]) -> "Agreement":
        """Compare the gate's judgement, the table's column `fault`, with the grades of row labels.

        A text that several rows have is one, judged at the largest max_tokens.
        """
        rows = df.loc[list(grades)].assign(good=list(grades.values()))
        texts = rows.sort_values("max_tokens", kind="stable").drop_duplicates(
            ["prompt", "text", "good"], keep="last"
        )
        good, passes = texts["good"].astype(bool), texts["fault"] == ""
        missed = texts["fault"][good & ~passes].value_counts()
        return cls(len(texts), {str(name): int(n) for name, n in missed.items()}, int((~good & passes).sum()))

    @property
    def agreed(self) -> int:
        """How many texts the gate and the reader judge alike."""
        return self.graded - sum(self.missed.values()) - self.passed

    def __str__(self) -> str:
        faulty = ", ".join(f"{number} {fault}" for fault, number in self.missed.items())
        ways = [
            f"it does not pass what you call good: {faulty}" if faulty else "",
            f"it passes {self.passed} that you call not good" if self.passed else "",
        ]
        told = "; ".join(filter(None, ways))
        agreed = f"The gate and you agree on {self.agreed} of {count(self.graded, 'graded text')}"
        return f"{agreed} ({told})." if told else f"{agreed}."
