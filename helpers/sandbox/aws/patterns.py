"""The Java regular expressions of AWS's service models, translated for Python's `re`."""

import re
import unicodedata
from functools import cache

_ASSIGNED_END = 0x32400  # no character beyond belongs to a category that these patterns name
_SIMPLE = {"Alnum": "a-zA-Z0-9", "ASCII": r"\x00-\x7f", "Print": r"\x20-\x7e"}
_PROPERTY = re.compile(r"\\p\{(\w+)\}")
_CLASS = re.compile(r"\[(?:\\.|[^\]\\])*\]|\\p\{\w+\}")


@cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    r"""Return the pattern for `fullmatch`; None if Python can't express it (surrogate pairs, a repeated `$`).

    As in Java, `\d` and `\w` match ASCII only; `\p{L}` and the like become ranges taken from `unicodedata`.
    """
    spelt_out = _CLASS.sub(_spell_out, pattern).replace(r"\z", r"\Z")
    try:
        return re.compile(spelt_out, re.ASCII)
    except (re.error, OverflowError):
        return None


def _spell_out(match: re.Match[str]) -> str:
    text = _PROPERTY.sub(lambda found: _ranges(found[1]), match[0])
    return text if text.startswith("[") else f"[{text}]"


def _ranges(name: str) -> str:
    return _SIMPLE[name] if name in _SIMPLE else "".join(_categories()[name[:1]])


@cache
def _categories() -> dict[str, list[str]]:
    """Return character-class ranges by the first letter of a general category (L, M, N, ...)."""
    ranges: dict[str, list[str]] = {letter: [] for letter in "LMNPSZC"}
    start, letter = 0, unicodedata.category("\0")[0]
    for code in range(1, _ASSIGNED_END + 1):
        now = unicodedata.category(chr(code))[0]
        if now != letter or code == _ASSIGNED_END:
            ranges[letter].append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start, letter = code, now
    return ranges
