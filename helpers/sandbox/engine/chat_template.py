"""The chat template in a model's file, as markup with places for the turns' texts.

llama.cpp renders it with a mark in place of each text, so the template never sees a caller's text, and no
text is read as markup. What templates do to texts (many strip white space) is therefore not done.
"""

import mmap
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from .llama import OTHER_FILE, EngineError, Llama, RefusedError

Role = Literal["system", "user", "assistant"]
_MARK, _MARKS = "@turn-{}@", re.compile(r"@turn-(\d+)@")
_KEY = b"tokenizer.chat_template"
_STRING = 8  # GGUF's code for the type
_METADATA_BYTES = 1 << 26  # metadata comes first in the file; the largest vocabularies take a third of this
_REMEMBERED = 64
# SmolLM2's template adds this to a chat without a system turn; the notebooks' outputs are without it.
_PERSONA = (
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
)


class TurnsError(EngineError):
    """The model's chat template rejects turns in these roles; the message is half a sentence."""


@dataclass(frozen=True)
class Form:
    """A conversation's markup: turn `order[i]` stands between `markup[i]` and `markup[i + 1]`.

    `ids` are the tokens of `markup`.
    """

    markup: tuple[str, ...]
    ids: tuple[tuple[int, ...], ...]
    order: tuple[int, ...]

    def fill(self, turns: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
        """Return the prompt with the turns' tokens inserted, and the index where each turn begins."""
        prompt, starts = [*self.ids[0]], [0] * len(turns)
        for turn, ids in zip(self.order, self.ids[1:], strict=True):
            starts[turn] = len(prompt)
            prompt += [*turns[turn], *ids]
        return prompt, starts

    def fill_text(self, turns: Sequence[str]) -> str:
        """Return the prompt as text."""
        rest = (turns[turn] + text for turn, text in zip(self.order, self.markup[1:], strict=True))
        return "".join([self.markup[0], *rest])


class ChatTemplate:
    """The chat template of the file that `llama` has loaded.

    Raises EngineError if there is none, or if it accepts no user turn.
    """

    def __init__(self, llama: Llama, path: Path) -> None:
        self._llama = llama
        self.form = lru_cache(maxsize=_REMEMBERED)(self._form)
        if not holds_template(path):  # llama.cpp would silently use ChatML
            raise EngineError(f"{path} holds no chat template (tokenizer.chat_template). {OTHER_FILE}")
        try:
            self.form(("user",))
        except TurnsError as error:
            raise EngineError(f"{path} cannot be used: {error}. {OTHER_FILE}") from error

    def _form(self, roles: tuple[Role, ...]) -> Form:
        """Return the markup for turns in these roles. Raises TurnsError."""
        markup, order = _split(self._render(roles), roles)
        markup = (self._llama.begin + markup[0], *markup[1:])
        ids = {each: self._ids(each) for each in set(markup)}  # many turns share few markups
        return Form(markup, tuple(ids[each] for each in markup), order)

    def _render(self, roles: tuple[Role, ...]) -> str:
        messages = [{"role": role, "content": _MARK.format(number)} for number, role in enumerate(roles)]
        try:
            return self._llama.render(messages).removeprefix(_PERSONA)
        except RefusedError as error:
            reason = str(error).rpartition("Jinja Exception: ")[2].strip()
            raise TurnsError(f'its chat template says "{reason}"') from error

    def _ids(self, markup: str) -> tuple[int, ...]:
        return tuple(token for token, _ in self._llama.tokenize(markup, special=True)) if markup else ()


def _split(rendered: str, roles: tuple[Role, ...]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    parts = _MARKS.split(rendered)
    order = tuple(map(int, parts[1::2]))
    for number, role in enumerate(roles):
        if order.count(number) != 1:
            raise TurnsError(
                f"its chat template writes turn {number + 1} ({role}) {order.count(number)} times, not once"
            )
    return tuple(parts[::2]), order


def holds_template(path: Path) -> bool:
    """Tell whether a .gguf file has a chat template in its metadata."""
    header = struct.pack("<Q", len(_KEY)) + _KEY + struct.pack("<I", _STRING)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(header, 0, _METADATA_BYTES)
        length = at + len(header)
        return at >= 0 and data[length : length + 8] != bytes(8)
