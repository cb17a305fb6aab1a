"""A setting that is saved is whole, whenever it is read, and its reasons are kept beside it."""

import json
from pathlib import Path
from unittest.mock import Mock

import pytest

from helpers.connect.session import connect
from helpers.generate.client import Client
from helpers.records.recommended import Recommended
from helpers.tune.grades import Grades
from helpers.tune.recommend import recommend
from helpers.tune.setting import load_setting, save_recommendation, save_setting

from .rows import row, table


def test_whoever_reads_while_a_setting_is_written_reads_a_whole_one(tmp_path: Path) -> None:
    path = save_setting(tmp_path / "setting.json", {"temperature": 0.5})
    with path.open(encoding="utf-8") as reader:
        save_setting(path, {"temperature": 1.0})
        assert '"temperature": 0.5' in reader.read()
    assert load_setting(path) == {"temperature": 1.0}
    assert list(tmp_path.iterdir()) == [path]


def test_a_setting_that_cannot_be_written_leaves_the_old_one_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_setting(tmp_path / "setting.json", {"temperature": 0.5})

    def full(self: Path, text: str, **given: str) -> int:
        with self.open("w", encoding="utf-8") as file:
            file.write(text[:5])
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="no space"):
        save_setting(path, {"temperature": 1.0})
    assert load_setting(path) == {"temperature": 0.5}
    assert list(tmp_path.iterdir()) == [path]


def kept(path: Path) -> Recommended:
    return Recommended.from_record(json.loads(path.read_text(encoding="utf-8")))


def client(*, spends_money: bool = False) -> Mock:
    return Mock(session=Mock(writer="the <b>model</b>", spends_money=spends_money))


def swept(*texts: str) -> list[dict[str, object]]:
    return [row(text, temperature=0.0, repetition=n, max_tokens=20) for n, text in enumerate(texts, start=1)]


def test_a_recommendation_is_kept_with_its_doubt_and_an_answer_of_its_setting(tmp_path: Path) -> None:
    df = table(*swept("a cat sat here today"), row("hot", temperature=2.0, max_tokens=20))
    found = recommend(df, "one")
    told = kept(save_recommendation(tmp_path / "new" / "r.json", found, df, client()))
    assert (told.verdict, told.reason, told.doubt, told.advice) == (
        *(found.verdict, found.reason, found.doubt, found.advice),
    )
    assert (told.text, told.prompt, told.writer) == ("a cat sat here today", "Write:", "the <b>model</b>")
    assert told.instance_usd_per_hour is told.software_usd_per_hour is None


def test_the_answer_that_is_kept_passes_the_gate_if_one_does(tmp_path: Path) -> None:
    df = table(*swept("", "the best one of all"))
    assert kept(save_recommendation(tmp_path / "r.json", recommend(df, "one"), df, client())).text != ""
    df = table(*swept("", ""))
    assert kept(save_recommendation(tmp_path / "r.json", recommend(df, "one"), df, client())).text == ""


def test_the_answer_that_is_kept_is_one_that_the_reader_graded_good(tmp_path: Path) -> None:
    df = table(*swept("a cat sat here today", "the best one of all"))
    grades = Grades(tmp_path / "run.jsonl")
    grades.set(df.loc[0], good=False)
    found = recommend(df, "one", grades=grades)
    told = kept(save_recommendation(tmp_path / "r.json", found, df, client(), grades))
    assert told.text == "the best one of all"


@pytest.mark.slow
def test_on_aws_the_price_is_kept_with_its_parts(tmp_path: Path, medium: Client) -> None:
    paying = connect()
    paying.runtime = "aws"  # as far as money is concerned; the requests still go to the sandbox
    df = table(*swept("a cat sat"))
    path = save_recommendation(
        tmp_path / "r.json", recommend(df, "one"), df, Client(paying, medium.endpoint_name)
    )
    told = kept(path)
    assert (told.instance_usd_per_hour, told.software_usd_per_hour) == (pytest.approx(1.408), 2.0)
