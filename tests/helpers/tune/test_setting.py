"""A setting that is saved is whole, whenever it is read."""

from pathlib import Path

import pytest

from helpers.tune.setting import load_setting, save_setting


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
