"""The log is small, whatever is written into it."""

import logging
import sys

from helpers.sandbox.server import log


def record(message, *args, error=None):
    return logging.LogRecord("name", logging.INFO, "file", 1, message, args, error and sys.exc_info())


def test_a_line_is_a_line_and_short():
    line = log.PlainFormatter("%(message)s").format(record("refused %s", "/\n\x1b[31m\u2028" + "a" * 60_000))
    assert len(line) < 1100
    assert line.startswith("refused /\\n\\x1b[31m\\u2028aaa")
    assert "59007 characters" in line or "characters ..." in line


def test_a_traceback_keeps_its_lines_and_is_cut():
    try:
        raise ValueError("\x1b" + "b" * 60_000)
    except ValueError as error:
        text = log.PlainFormatter("%(message)s").format(record("failed", error=error))
    assert "Traceback" in text.splitlines()[1]
    assert "\x1b" not in text
    assert len(text) < 22_000


def test_of_a_file_that_has_grown_the_end_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "MAX_BYTES", 10_000)
    monkeypatch.setattr(log, "TAIL_BYTES", 1_000)
    with (tmp_path / "log").open("a+", encoding="utf-8") as file:
        handler = log.BoundedHandler(file)
        handler.setFormatter(log.PlainFormatter("%(message)s"))
        for number in range(5000):
            handler.emit(record("line %d", number))
            assert file.seek(0, 2) <= 10_100
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines[0].startswith("(the log was cut here")
    assert lines[-1] == "line 4999"
    numbers = [int(line.split()[1]) for line in lines[1:]]
    assert numbers == list(range(numbers[0], 5000))
