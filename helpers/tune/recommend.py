"""The recommendation of a setting from a sweep: the lowest temperature for the task, then max_tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..catalog.settings import DRAWN_BY
from ..errors import BadInput
from ..notebook.markup import count
from .choice import RESAMPLES, Candidate, Target, bootstrap
from .grades import Agreement, Grades
from .measures import check, wilson
from .metrics import embeddings
from .metrics.quality import ended, faults, graded

if TYPE_CHECKING:
    import pandas as pd

CLEAR_SHARE = 0.9  # a winner must win this share of the resampled sweeps
MIN_REPETITIONS = 4  # repetitions: resamples of three or fewer tell nothing
WANTED_IN_WORDS = {
    "one": "one right answer",
    "some": "some different answers",
    "many": "many different answers",
}
# Cohere's documentation: "Predictable outputs" (2025-05) for chat, "Temperature" (2022 to 2024) for Generate.
ONE_ANSWER = (
    "where one answer is right (a question, a summary), 0.1 to 0.3 for a chat model, below 1 for a Generate "
    'model (docs.cohere.com, "Predictable outputs" and the former "Temperature").'
)
OPEN_ENDED = (
    "start at 0.3 or 0.5 with a chat model, at 1 with a Generate model; a model that repeats itself has too "
    "low a temperature, one that goes off topic too high a one "
    '(docs.cohere.com, "Predictable outputs" and the former "Temperature").'
)


@dataclass(frozen=True)
class Recommendation:
    """A setting and why, in plain words.

    `reached`: the temperature gives as many different good answers as the task wants; where none does, it is
    the best that was tried. `clear`: resampled repetitions rarely change it. `enough`: at max_tokens most
    good answers end by themselves; where they do at no limit that was tried, it is the largest.
    `doubt`: how sure all this is, and what can't be known; `advice`: Cohere's own for such a task.
    `graded`: how many grades counted, and how far the gate agrees with them; empty without grades.
    """

    temperature: float
    max_tokens: int
    reason: str
    doubt: str
    advice: str
    reached: bool
    clear: bool
    enough: bool
    graded: str = ""

    @property
    def setting(self) -> dict[str, Any]:
        """The arguments for `Client.generate`."""
        return {"temperature": self.temperature, "max_tokens": self.max_tokens}

    @property
    def verdict(self) -> str:
        """The setting in a sentence, with a warning where it is no clear winner or not enough."""
        how = (
            ""
            if self.clear
            else "no clear winner, perhaps "
            if self.reached
            else "nothing tried does, nearest is "
        )
        limit = "" if self.enough else ", which is too small"
        told = f"{how}temperature {self.temperature:g}, max_tokens {self.max_tokens}{limit}."
        return told[0].upper() + told[1:]

    def __str__(self) -> str:
        parts = {"Why": self.reason, "Your grades": self.graded, "How sure": self.doubt}
        parts["Cohere's advice"] = self.advice
        return "\n".join([self.verdict, *(f"{name}: {text}" for name, text in parts.items() if text)])


def recommend(
    df: "pd.DataFrame",
    want: str | float,
    *,
    grades: Grades | Mapping[Any, bool] | None = None,
    allow_truncated: bool | None = None,
    share: float = 0.75,
    seed: int = 0,
) -> Recommendation:
    """Recommend the lowest temperature that gives what the task wants, then the smallest max_tokens for it.

    `want`: how many different good answers, of those that each setting was asked for: "one" (one is right: a
    summary, a fact), "some" (a choice: a third of them differ), "many" (ideas: two thirds do), or a number.
    Good is what passes the gate (`quality.faults`, with its `allow_truncated`), or what a reader's `grades`
    say (or a mapping: row label to good or not); at least `share` of the temperature's answers must be good.
    How many are different is their effective number (`diversity`), at the largest max_tokens; repetitions are
    resampled to see whether the choice would be the same.

    The task decides how many are wanted (arXiv:2509.21267). Temperature is only weakly the knob of creativity
    (arXiv:2405.00492), and from 0 to 1 it changes little in solving problems (arXiv:2402.05201).
    Raises BadInput for a table with several values of k, p or the like: choose the rows of one first.
    """
    import numpy as np

    check(df)
    for name in DRAWN_BY:
        if name != "temperature" and df[name].nunique() > 1:
            raise BadInput(f"The table has several values of {name}; pass the rows of one.")
    found = faults(df, allow_truncated=allow_truncated)
    given = grades.of(df) if isinstance(grades, Grades) else grades or {}
    judged = df.assign(fault=found, good=graded(found, given))
    rows = judged[judged["max_tokens"] == judged["max_tokens"].max()]
    tried = [Candidate(float(temperature), group) for temperature, group in rows.groupby("temperature")]
    target = Target.of(want, min(each.asked for each in tried), share)
    observed = np.array([(each.different, each.share) for each in tried]).T
    best, reached = (each.item() for each in target.choose(*observed))
    chosen = tried[best]
    sure, chance = _chance(tried, best, target, seed)
    limit, enough, ends = _limit(judged[judged["temperature"] == chosen.temperature], chosen.rows, share)
    return Recommendation(
        temperature=chosen.temperature,
        max_tokens=limit,
        reason=f"{_why(want, tried, best, target, reached)} {ends}",
        doubt=f"{chance} {_unknown(judged, rows)}",
        advice=ONE_ANSWER if want in ("one", 1) else OPEN_ENDED,
        reached=reached,
        clear=reached and sure,
        enough=enough,
        graded=_graded(judged, rows, given),
    )


def _why(want: str | float, tried: list[Candidate], best: int, target: Target, reached: bool) -> str:
    chosen, asked = tried[best], min(each.asked for each in tried)
    at, good = f"{chosen.temperature:g}", _good(chosen.rows)
    wanted = f"you want {WANTED_IN_WORDS.get(str(want), f'{want} different answers')}"
    if target.different == 1:
        wanted += f"; the lowest temperature with {target.share:.0%} good answers"
        return f"{wanted} is {at}. {good}" if reached else f"{wanted} was not tried; {at} is nearest. {good}"
    wanted += f", at least {target.different:.1f} different good ones of {asked}"
    count = f"effectively {chosen.different:.1f}"
    if not reached:
        return f"{wanted}. No temperature that was tried gives these; {at} is nearest with {count}. {good}"
    lower = f"; {tried[best - 1].temperature:g} gives {tried[best - 1].different:.1f}" if best else ""
    return f"{wanted}. The lowest temperature that gives these is {at}, with {count}{lower}. {good}"


def _good(rows: "pd.DataFrame") -> str:
    bad = rows["fault"][~rows["good"]].replace("", "graded so").value_counts()
    faulty = ", ".join(f"{count} {fault}" for fault, count in bad.items())
    told = f"{int(rows['good'].sum())} of its {len(rows)} answers are good"
    return f"{told} (not: {faulty})." if faulty else f"{told}."


def _graded(judged: "pd.DataFrame", rows: "pd.DataFrame", given: Mapping[Any, bool]) -> str:
    if not given:
        return ""
    used = Agreement.of(rows, {label: good for label, good in given.items() if label in rows.index})
    unused = Agreement.of(judged, given).graded - used.graded
    said = [
        used.graded and f"{count(used.graded, 'text')} counted by your grade, not by the gate. {used}",
        unused and f"{count(unused, 'grade')} of texts cut at a smaller max_tokens did not count.",
    ]
    return " ".join(sentence for sentence in said if sentence)


def _chance(tried: list[Candidate], best: int, target: Target, seed: int) -> tuple[bool, str]:
    """Return whether resampled sweeps choose the same temperature, and what share does, in words."""
    import numpy as np

    asked = min(each.asked for each in tried)
    if len(tried) == 1:
        return asked >= MIN_REPETITIONS, "only one temperature was tried."
    if asked < MIN_REPETITIONS:
        count = "one answer" if asked == 1 else f"{asked} answers"
        return (
            False,
            f"{count} a temperature tell nothing for sure; at least {MIN_REPETITIONS} repetitions do.",
        )
    picks = bootstrap(tried, target, seed)
    wins = float((picks == best).mean())
    ends = np.percentile(picks, [2.5, 97.5], method="nearest").astype(int)
    low, high = (tried[end].temperature for end in ends)
    others = f", 95% one from {low:g} to {high:g}" if low < high else ""
    return (
        wins >= CLEAR_SHARE,
        f"{wins:.0%} of {RESAMPLES:,} resampled sweeps choose the same temperature{others}.",
    )


def _limit(rows: "pd.DataFrame", longest: "pd.DataFrame", share: float) -> tuple[int, bool, str]:
    """Return the least max_tokens at which as many good answers end by themselves as at any.

    One that isn't reached costs nothing, so no answer is cut that would end. Where fewer than `share` of them
    do, it is the largest, and the flag is False. The words also name the least at which `share` of them end.
    """
    some = bool(longest["good"].any())
    good, named = (longest[longest["good"]], "good answers") if some else (longest, "answers")
    answers = rows.merge(good[["prompt_id", "repetition"]])
    done = ended(answers).groupby(answers["max_tokens"]).agg(["sum", "count"])
    shares = done["sum"] / done["count"]
    enough = bool(shares.max() >= share)
    limit = shares.idxmax() if enough else shares.index[-1]
    successes, trials = (int(each) for each in done.loc[limit])
    told = f"At max_tokens {limit}, {successes} of {trials} {named} end by themselves"
    if not enough:
        return int(limit), False, f"{told}, fewer than {share:.0%}: try a larger limit."
    low, high = wilson(successes, trials)
    less = shares.index[shares >= share][0]
    fewer = f"; at {less}, {int(done['sum'][less])} do" if less < limit else ""
    rest = "" if successes == trials else "; all do at no limit that was tried"
    return int(limit), True, f"{told} (95% interval {low:.0%} to {high:.0%}){fewer}{rest}."


def _unknown(df: "pd.DataFrame", rows: "pd.DataFrame") -> str:
    """List what this table can't tell, a sentence each."""
    lowest = df["temperature"].min()
    cut, unlisted = (rows["good"] & ~ended(rows)).any(), df["likelihood"].isna().all()
    said = [
        cut and "Texts that the limit cut off count too: a larger max_tokens would tell more.",
        unlisted and "Without likelihoods word salad can't be told from sense.",
        lowest > 0 and not unlisted and f"Nothing was asked for at 0, so {lowest:g} is taken for sensible.",
        not embeddings.available() and f"{embeddings.MISSING} Until then a paraphrase counts as different.",
        "Whether a text is true, or to your taste, no figure knows: read some.",
    ]
    return " ".join(sentence for sentence in said if sentence)
