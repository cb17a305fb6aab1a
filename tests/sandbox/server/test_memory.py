"""What was freed goes back to the machine, although something beside it stays."""

import subprocess
import sys

import pytest

CODE = """
from pathlib import Path
from helpers.sandbox.server.memory import trim_memory
def pages():
    return int(Path("/proc/self/statm").read_text().split()[1])
kept = [bytes(3000) for _ in range(40_000)]
full = pages()
del kept[::2], kept[::2], kept[::2], kept[::2]
held = pages()
trim_memory()
print((full - held) * 4096 / 1e6, (held - pages()) * 4096 / 1e6)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked to give memory back")
def test_freed_memory_between_what_is_kept_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    by_itself, given_back = map(float, done.stdout.split())
    assert by_itself < 20
    assert given_back > 40
