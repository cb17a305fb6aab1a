"""A language model that streams tokens, serves several requests at once, and can be cancelled."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from .chat_template import ChatTemplate, Role, TurnsError
from .llama import Chunk, EngineError, Llama
from .reader import Finish, Reader, Token
from .scoring import score
from .vocabulary import longest_piece

__all__ = ["Engine", "EngineError", "Finish", "Role", "Sampling", "Token", "TurnsError"]

T = TypeVar("T")
_ALL_TOKENS = 1 << 20  # more than any context, so that penalties count all tokens
SLOTS = 8
READERS = 2  # texts that are tokenized at once; each takes 300 times its memory
CONTEXT_TOKENS = 2304  # of each slot: 2048 and chat markup; SmolLM2 takes 23 KB of memory a token


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn: from the `k` likeliest (0: all), cut to probability `p`, at `temperature`.

    Temperature 0 always takes the likeliest. The penalties apply first, to each token's count in prompt and
    text.
    """

    temperature: float
    k: int
    p: float
    seed: int
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0

    def as_llama(self) -> dict[str, Any]:
        """Return llama.cpp's parameters."""
        # min_p and llama.cpp's other samplers are left out: Cohere's API has none of them.
        chain = ["top_k", "top_p", "temperature"]
        body = {"temperature": self.temperature, "seed": self.seed, "top_k": self.k, "top_p": self.p}
        if self.frequency_penalty or self.presence_penalty:
            chain = ["penalties", *chain]
            body |= {"frequency_penalty": self.frequency_penalty, "presence_penalty": self.presence_penalty}
            body |= {"repeat_penalty": 1.0, "repeat_last_n": _ALL_TOKENS}
        return {**body, "min_p": 0, "samplers": chain}


class Engine:
    """The model in a .gguf file, shared by all requests; those beyond its slots wait in order of arrival.

    `context_tokens` is less than asked for if the model was trained with less. Raises EngineError.
    """

    def __init__(self, path: Path, *, slots: int = SLOTS, context_tokens: int = CONTEXT_TOKENS) -> None:
        self.path = path
        self._llama = Llama(path, slots, context_tokens)
        self._template = ChatTemplate(self._llama, path)
        self.context_tokens = min(context_tokens, self._llama.context_tokens)
        self._longest_piece = longest_piece(path)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="tokenize")
        self._workers = ThreadPoolExecutor(slots, thread_name_prefix="generate")
        self._slots: SimpleQueue[int] = SimpleQueue()
        for slot in range(slots):
            self._slots.put(slot)
        self._running: set[threading.Event] = set()

    @property
    def active(self) -> int:
        """The number of requests that are being computed now."""
        return len(self._running)

    def close(self) -> None:
        """Stop all computations and wait for their end."""
        for cancelled in tuple(self._running):
            cancelled.set()
        self._readers.shutdown(cancel_futures=True)
        self._workers.shutdown(cancel_futures=True)

    def tokenize(self, text: str, *, special: bool = False) -> list[tuple[int, bytes]]:
        """Return a text's tokens as (id, bytes); with `special`, <|im_end|> and the like count as markup."""
        return self._llama.tokenize(text, special=special)

    async def tokens(self, text: str, *, special: bool = False) -> list[tuple[int, bytes]]:
        """Tokenize in a thread; at most two texts at once, and a call that is cancelled early costs nothing.

        Check the text against `most_bytes` first, as tokenizing takes 300 times its memory.
        """
        work = partial(self.tokenize, text, special=special)
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    def most_bytes(self, tokens: int) -> int:
        """Return the length in UTF-8 bytes that a text of that many tokens has at most."""
        return tokens * self._longest_piece

    def fewest_tokens(self, size: int) -> int:
        """Return the number of tokens that a text of `size` bytes has at least."""
        return -(-size // self._longest_piece)

    def conversation(self, turns: Sequence[tuple[Role, Sequence[int]]]) -> tuple[list[int], list[int]]:
        """Return the prompt in the model's chat form, and the index where each turn's text begins in it.

        Turns are token ids, so that no text can be read as markup. Raises TurnsError for roles that the
        model's template rejects.
        """
        return self._template.form(tuple(role for role, _ in turns)).fill([tokens for _, tokens in turns])

    def as_text(self, turns: Sequence[tuple[Role, str]]) -> str:
        """Return the prompt of `conversation` as text."""
        return self._template.form(tuple(role for role, _ in turns)).fill_text([text for _, text in turns])

    async def generate(
        self, prompt: Sequence[int], sampling: Sampling, *, max_tokens: int, stop: Sequence[str] = ()
    ) -> AsyncGenerator[Token | Finish, None]:
        """Continue the prompt: yield each Token when it is drawn, and a Finish at the end.

        Closing the iterator ends the computation within one token. Raises EngineError.
        """
        limit = min(max_tokens, self.context_tokens - len(prompt))
        if limit < 1:
            raise EngineError(f"{len(prompt)} tokens of prompt leave no room in {self.context_tokens}.")
        body = {"prompt": list(prompt), "max_tokens": limit, "stream": True, "logprobs": 1}
        # no cache_prompt, so that likelihoods do not depend on the slot's earlier requests
        body |= {"timings_per_token": True, "cache_prompt": False, **sampling.as_llama()}  # nosec B105: none
        reader = Reader(stop, cut_by_context=limit < max_tokens)
        chunks = self._chunks(body)
        try:
            async for chunk in chunks:
                for item in reader.read(chunk):
                    yield item
                    if isinstance(item, Finish):
                        return
        finally:
            await chunks.aclose()
        raise EngineError("llama.cpp ended without saying why.")

    async def score(self, prompt: Sequence[int], start: int) -> list[float | None]:
        """Return the natural log-likelihood of each token from index `start` (at least 1) on.

        Takes about as long as writing these tokens. Raises EngineError.
        """
        cancelled = threading.Event()
        future = self._workers.submit(
            self._occupied, cancelled, lambda slot: score(self._llama, slot, prompt, start, cancelled)
        )
        try:
            return await asyncio.wrap_future(future)
        finally:
            cancelled.set()

    async def _chunks(self, body: dict[str, Any]) -> AsyncGenerator[Chunk, None]:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Chunk | None] = asyncio.Queue()
        cancelled = threading.Event()

        def put(chunk: Chunk | None) -> None:
            try:
                loop.call_soon_threadsafe(queue.put_nowait, chunk)
            except RuntimeError:  # the event loop is closed, so nobody reads
                cancelled.set()

        def on_chunk(chunk: Chunk) -> bool:
            put(chunk)
            return cancelled.is_set()

        def work(slot: int) -> None:
            self._llama.complete({**body, "id_slot": slot}, on_chunk)

        future = self._workers.submit(self._occupied, cancelled, work)
        future.add_done_callback(lambda _: put(None))
        try:
            while (chunk := await queue.get()) is not None:
                yield chunk
            _raise_failure(future)
        finally:
            cancelled.set()
            future.cancel()

    def _occupied(self, cancelled: threading.Event, work: Callable[[int], T]) -> T:
        """Run `work` with a slot of its own."""
        slot = self._slots.get()
        self._running.add(cancelled)
        try:
            if cancelled.is_set():
                raise EngineError("The request was cancelled before it began.")
            return work(slot)
        finally:
            self._running.discard(cancelled)
            self._slots.put(slot)


def _raise_failure(future: "Future[None]") -> None:
    if not future.cancelled():
        future.result()
