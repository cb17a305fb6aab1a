"""llama.cpp in this process, through xllamacpp: completion, tokenization and chat templates."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .llama_http import LlamaHttp, LlamaHttpError

Chunk = dict[str, Any]
_GUARD = "\n"
OTHER_FILE = (
    "Take the .gguf file of an instruct or chat model, or unset SANDBOX_MODEL to use the practice model."
)


class EngineError(RuntimeError):
    """The language model could not be loaded or could not answer; the message says why."""


class RefusedError(EngineError):
    """llama.cpp rejected a request; the message is its own."""


class Llama:
    """A loaded model with `slots` parallel slots of `context_tokens` tokens each.

    Each slot has a cache of its own (not llama.cpp's unified one). Up to about 256 tokens of prompt and text
    a seed then gives the same text whether or not others compute. Beyond that llama.cpp sums in another order
    when others compute, and a seed is best effort, as with Cohere's hosted models.
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
        parameters.prefill_assistant = False  # a last assistant turn is complete and not to be continued
        parameters.force_pure_content_parser = True  # the text is not parsed for tool calls or thoughts
        # its HTTP listener cannot be turned off, so only this process gets the key and the socket
        parameters.api_keys = [self._key]
        self._http = LlamaHttp()
        parameters.hostnames = [self._http.host]
        try:
            self._server = xllamacpp.Server(parameters)
        except (RuntimeError, ValueError) as error:
            raise EngineError(_why_not(xllamacpp, parameters, path, error)) from error
        self._http.open(self._server.listening_address)
        properties = self._ask("/props")
        # less than was asked for if the model was trained with less
        self.context_tokens = int(properties["default_generation_settings"]["n_ctx"])
        self._guard = self._tokens(_GUARD) if len(self._joined("a")) > 1 else []
        self.begin = self._begin(str(properties["bos_token"]))

    def complete(self, body: dict[str, Any], on_chunk: Callable[[Chunk], bool]) -> None:
        """Compute, and call `on_chunk` for each token until it returns True; blocks without holding the GIL.

        `on_chunk` must not raise, as xllamacpp discards a callback's exceptions.
        """
        self._server.handle_completions(body, on_chunk)

    def tokenize(self, text: str, *, special: bool = False) -> list[tuple[int, bytes]]:
        """Return the text's tokens as (id, bytes); with `special`, <|im_end|> and the like count as markup.

        The text must be encodable as UTF-8.
        """
        # Tokenizers like Llama 2's add a blank before a text: it goes before the guard, which is removed.
        tokens = self._tokens(_GUARD + text if self._guard else text, special=special)
        before = len(self._guard)
        return tokens[before:] if tokens[:before] == self._guard else self._tokens(text, special=special)

    def render(self, messages: list[dict[str, str]]) -> str:
        """Return the messages (role, content) in the file's chat form, up to the assistant's text.

        The result lacks the BOS mark, which is in `begin`. Raises RefusedError if the template rejects the
        messages.
        """
        # no reasoning text, which would use up max_tokens before the answer
        body = {"messages": messages, "chat_template_kwargs": {"enable_thinking": False}}
        return str(self._ask("/apply-template", body)["prompt"])

    def _begin(self, mark: str) -> str:
        """Return the BOS mark that the model needs before every prompt; "" if it needs none."""
        return mark if mark.encode() in [piece for _, piece in self._tokens("", whole=True)] else ""

    def _tokens(self, text: str, *, special: bool = False, whole: bool = False) -> list[tuple[int, bytes]]:
        body = {"content": text, "with_pieces": True, "add_special": whole, "parse_special": special}
        return [(each["id"], _piece(each["piece"])) for each in self._ask("/tokenize", body)["tokens"]]

    def _joined(self, text: str) -> bytes:
        return b"".join(piece for _, piece in self._tokens(text))

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        # xllamacpp has no function for this; its HTTP listener takes 0.3 ms
        try:
            status, answer_body = self._http.ask(path, self._key, json.dumps(body).encode() if body else None)
            answer: dict[str, Any] = json.loads(answer_body)
        except (LlamaHttpError, ValueError) as error:
            raise EngineError(f"llama.cpp did not answer {path}: {error}") from error
        if status != 200:
            raise RefusedError(f"llama.cpp refused {path}: {answer.get('error', {}).get('message', answer)}")
        return answer


def _why_not(xllamacpp: Any, parameters: Any, path: Path, error: Exception) -> str:
    """Return why loading failed: llama.cpp renders the template while it loads, but reports no such error."""
    parameters.chat_template = "chatml"
    another = LlamaHttp()  # as the first one's socket file exists
    parameters.hostnames = [another.host]
    try:
        server = xllamacpp.Server(parameters)
        another.open(server.listening_address)
        another.ask("/props", "", None)  # a server that is deleted before it listens would hang
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
