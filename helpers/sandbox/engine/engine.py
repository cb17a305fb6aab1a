"""A real language model that writes: tokens as they come, several requests at once, cancelled when asked."""

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
_ALL_TOKENS = 1 << 20  # more than any context: penalties look at everything
SLOTS = 8
READERS = 2  # texts that are tokenised at the same time: each takes 300 times its memory
CONTEXT_TOKENS = 2304  # each slot; 2048 and room for the chat markup. 23 KB of memory a token with SmolLM2.


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn: the `k` likeliest (0: all), of these the likeliest that make up `p`, then
    temperature (0: always the likeliest). Penalties act first, on each token's count in prompt and text.
    """

    temperature: float
    k: int
    p: float
    seed: int
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0

    def as_llama(self) -> dict[str, Any]:
        """The same in llama.cpp's terms."""
        # min_p and llama.cpp's other samplers are left out: Cohere's API has none of them.
        chain = ["top_k", "top_p", "temperature"]
        body = {"temperature": self.temperature, "seed": self.seed, "top_k": self.k, "top_p": self.p}
        if self.frequency_penalty or self.presence_penalty:
            chain = ["penalties", *chain]
            body |= {"frequency_penalty": self.frequency_penalty, "presence_penalty": self.presence_penalty}
            body |= {"repeat_penalty": 1.0, "repeat_last_n": _ALL_TOKENS}
        return {**body, "min_p": 0, "samplers": chain}


class Engine:
    """The model in a .gguf file, shared by all requests; what exceeds its slots waits in order of arrival.

    `context_tokens` is less than asked for if the model was trained with less. Raises EngineError.
    """

    def __init__(self, path: Path, *, slots: int = SLOTS, context_tokens: int = CONTEXT_TOKENS) -> None:
        self.name = path.stem.rpartition(".")[0] or path.stem
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
        """How many requests are being computed right now."""
        return len(self._running)

    def close(self) -> None:
        """Stop all that runs, and wait until it has stopped."""
        for cancelled in tuple(self._running):
            cancelled.set()
        self._readers.shutdown(cancel_futures=True)
        self._workers.shutdown(cancel_futures=True)

    def tokenize(self, text: str, *, special: bool = False) -> list[tuple[int, bytes]]:
        """The tokens of a text as (id, bytes); with `special`, <|im_end|> and the like are no plain text."""
        return self._llama.tokenize(text, special=special)

    async def tokens(self, text: str, *, special: bool = False) -> list[tuple[int, bytes]]:
        """The same, in a thread and in turn; one that is cancelled before its turn costs nothing.

        Hold it against `most_bytes` before.
        """
        work = partial(self.tokenize, text, special=special)
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    def most_bytes(self, tokens: int) -> int:
        """How long a text (UTF-8) of that many tokens can be at most."""
        return tokens * self._longest_piece

    def fewest_tokens(self, size: int) -> int:
        """How many tokens a text of `size` bytes has at least."""
        return -(-size // self._longest_piece)

    def conversation(self, turns: Sequence[tuple[Role, Sequence[int]]]) -> tuple[list[int], list[int]]:
        """The prompt in the model's own chat form, up to where the assistant begins to write.

        Turns hold token ids, so that nobody's text can be read as markup. Also returns, for each turn,
        where its text begins in the prompt. Raises TurnsError for roles that the model does not take so.
        """
        return self._template.form(tuple(role for role, _ in turns)).fill([tokens for _, tokens in turns])

    def as_text(self, turns: Sequence[tuple[Role, str]]) -> str:
        """The prompt that `conversation` makes, as text."""
        return self._template.form(tuple(role for role, _ in turns)).fill_text([text for _, text in turns])

    async def generate(
        self, prompt: Sequence[int], sampling: Sampling, *, max_tokens: int, stop: Sequence[str] = ()
    ) -> AsyncGenerator[Token | Finish, None]:
        """Write on from the prompt: each Token as it comes, at last a Finish.

        Closing the iterator ends the computation within one token. Raises EngineError.
        """
        limit = min(max_tokens, self.context_tokens - len(prompt))
        if limit < 1:
            raise EngineError(f"{len(prompt)} tokens of prompt leave no room in {self.context_tokens}.")
        body = {"prompt": list(prompt), "max_tokens": limit, "stream": True, "logprobs": 1}
        # Without cache_prompt a request's numbers do not depend on what its slot did before.
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
        """The log-likelihood (natural) of each token from index `start` (at least 1) on, given those before.

        One step of computation a token, about as long as writing it. Raises EngineError.
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
            except RuntimeError:  # the loop is closed: nobody reads any more
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
        """Run `work` with a slot that is nobody else's."""
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
