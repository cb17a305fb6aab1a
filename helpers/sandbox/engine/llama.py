"""llama.cpp in this process, through xllamacpp: completes, tokenises, renders, and decides nothing else."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .door import Door, DoorError

Chunk = dict[str, Any]
_GUARD = "\n"
OTHER_FILE = (
    "Take the .gguf file of an instruct or chat model, or unset SANDBOX_MODEL to use the practice model."
)


class EngineError(RuntimeError):
    """The language model could not be loaded, or could not answer; the message says why."""


class RefusedError(EngineError):
    """llama.cpp read what it was asked and declined it; the message is llama.cpp's own."""


class Llama:
    """A loaded model with `slots` places that compute at the same time, `context_tokens` tokens each.

    Every slot has a cache of its own (not llama.cpp's unified one): up to about 256 tokens of prompt and text
    a seed then gives the same text alone and in company. Beyond that llama.cpp sums in another order when
    others compute beside it, and a seed is best effort, as it is with Cohere's hosted models.
    """

    def __init__(self, path: Path, slots: int, context_tokens: int) -> None:
        xllamacpp = _xllamacpp()
        self._key = secrets.token_urlsafe(24)
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.n_parallel = slots
        parameters.n_ctx = slots * context_tokens
        parameters.kv_unified = False
        parameters.cache_ram_mib = 0
        parameters.verbosity = 0
        parameters.ui = False
        parameters.prefill_assistant = False  # a last turn of the assistant's has been said
        parameters.force_pure_content_parser = True  # text only: no tool calls or thoughts are looked for
        # Its HTTP listener cannot be turned off: a door for this process, and a key that nobody else has.
        parameters.api_keys = [self._key]
        self._door = Door()
        parameters.hostnames = [self._door.host]
        try:
            self._server = xllamacpp.Server(parameters)
        except (RuntimeError, ValueError) as error:
            raise EngineError(_why_not(xllamacpp, parameters, path, error)) from error
        self._door.open(self._server.listening_address)
        properties = self._ask("/props")
        # less than was asked for if the model was trained with less
        self.context_tokens = int(properties["default_generation_settings"]["n_ctx"])
        self._guard = self._tokens(_GUARD) if len(self._joined("a")) > 1 else []
        self.begin = self._begin(str(properties["bos_token"]))

    def complete(self, body: dict[str, Any], on_chunk: Callable[[Chunk], bool]) -> None:
        """Compute, calling `on_chunk` for each token until it returns True; blocks, without the GIL.

        `on_chunk` must not raise: xllamacpp drops exceptions of a callback.
        """
        self._server.handle_completions(body, on_chunk)

    def tokenize(self, text: str, *, special: bool = False) -> list[tuple[int, bytes]]:
        """The text's tokens as (id, bytes); `special`: markup such as <|im_end|> counts as such, not as text.

        The text must be encodable as UTF-8.
        """
        # Models of Llama 2's kind put a blank before each text: here it comes before the guard, which goes.
        tokens = self._tokens(_GUARD + text if self._guard else text, special=special)
        before = len(self._guard)
        return tokens[before:] if tokens[:before] == self._guard else self._tokens(text, special=special)

    def render(self, messages: list[dict[str, str]]) -> str:
        """The messages (role, content) in the file's chat form, up to where the assistant begins to write.

        Without the mark in `begin`, if the model wants one. Raises RefusedError if the template does.
        """
        # A model that can think aloud is asked not to: max_tokens would end it before it answers.
        body = {"messages": messages, "chat_template_kwargs": {"enable_thinking": False}}
        return str(self._ask("/apply-template", body)["prompt"])

    def _begin(self, mark: str) -> str:
        """The mark (BOS) that the model wants at the beginning of every prompt; "" if it wants none."""
        return mark if mark.encode() in [piece for _, piece in self._tokens("", whole=True)] else ""

    def _tokens(self, text: str, *, special: bool = False, whole: bool = False) -> list[tuple[int, bytes]]:
        body = {"content": text, "with_pieces": True, "add_special": whole, "parse_special": special}
        return [(each["id"], _piece(each["piece"])) for each in self._ask("/tokenize", body)["tokens"]]

    def _joined(self, text: str) -> bytes:
        return b"".join(piece for _, piece in self._tokens(text))

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        # In process xllamacpp offers none of this: 0.3 ms over its own listener.
        try:
            status, said = self._door.ask(path, self._key, json.dumps(body).encode() if body else None)
            answer: dict[str, Any] = json.loads(said)
        except (DoorError, ValueError) as error:
            raise EngineError(f"llama.cpp did not answer {path}: {error}") from error
        if status != 200:
            raise RefusedError(f"llama.cpp refused {path}: {answer.get('error', {}).get('message', answer)}")
        return answer


def _why_not(xllamacpp: Any, parameters: Any, path: Path, error: Exception) -> str:
    """Why llama.cpp did not load: it renders the chat template once, and does not say so when that fails."""
    parameters.chat_template = "chatml"
    another_door = Door()  # the first one's file is there already
    parameters.hostnames = [another_door.host]
    try:
        server = xllamacpp.Server(parameters)
        another_door.open(server.listening_address)
        another_door.ask("/props", "", None)  # one that ends before it listens waits for itself for ever
    except (RuntimeError, ValueError):
        return f"llama.cpp cannot load {path}: {error}"
    return f"llama.cpp cannot render the chat template in {path}. {OTHER_FILE}"


def _piece(piece: str | list[int]) -> bytes:
    return piece.encode() if isinstance(piece, str) else bytes(piece)


def _xllamacpp() -> Any:
    # llama.cpp's threads meet after every operation. libgomp lets them spin there for milliseconds before
    # they sleep, and two busy processes on two cores then all but stop (over 100 s for 540 tokens). After
    # 1,000 turns they sleep: as fast on an idle machine (about 95 tokens/s), 31 tokens/s each for two.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        import xllamacpp
    except ImportError as error:
        raise EngineError(
            f"The language model's engine cannot be imported ({error}). Install it with "
            "`python -m pip install xllamacpp`; it has ready-made wheels for Linux, macOS and Windows on "
            "x86-64 and ARM64. On another platform use the tutorial with connect('aws')."
        ) from error
    return xllamacpp
