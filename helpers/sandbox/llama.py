"""llama.cpp in this process, through xllamacpp: complete, tokenise, and nothing that other modules decide."""

import http.client
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Chunk = dict[str, Any]
_TOKENIZE_SECONDS = 30


class EngineError(RuntimeError):
    """The language model could not be loaded, or could not answer; the message says why."""


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
        # Its HTTP listener cannot be turned off: loopback only (its default), and a key that nobody else has.
        parameters.api_keys = [self._key]
        try:
            self._server = xllamacpp.Server(parameters)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"llama.cpp cannot load {path}: {error}") from error
        self._address = urlsplit(self._server.listening_address)

    def complete(self, body: dict[str, Any], on_chunk: Callable[[Chunk], bool]) -> None:
        """Compute, calling `on_chunk` for each token until it returns True; blocks, without the GIL.

        `on_chunk` must not raise: xllamacpp drops exceptions of a callback.
        """
        self._server.handle_completions(body, on_chunk)

    def tokenize(self, text: str, *, special: bool = False) -> list[tuple[int, bytes]]:
        """The text's tokens as (id, bytes); `special`: markup such as <|im_end|> counts as such, not as text.

        The text must be encodable as UTF-8.
        """
        body = {"content": text, "with_pieces": True, "add_special": False, "parse_special": special}
        return [(each["id"], _piece(each["piece"])) for each in self._post("/tokenize", body)["tokens"]]

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        # In process xllamacpp offers no tokeniser: 0.3 ms over its own listener.
        connection = http.client.HTTPConnection(
            self._address.hostname or "127.0.0.1", self._address.port, timeout=_TOKENIZE_SECONDS
        )
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise EngineError(f"llama.cpp did not answer {path}: {error}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise EngineError(f"llama.cpp refused {path}: {answer}")
        return answer


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
