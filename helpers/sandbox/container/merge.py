"""Merging of asynchronous iterators."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


async def merge(sources: Sequence[AsyncGenerator[T, None]]) -> AsyncGenerator[tuple[int, T], None]:
    """Yield the items of all sources when they arrive, each with its source's index.

    Closing the iterator closes the sources. An error of one source is raised after the others are closed.
    """
    queue: asyncio.Queue[tuple[int, T] | asyncio.Task[None]] = asyncio.Queue()

    async def read(index: int, source: AsyncGenerator[T, None]) -> None:
        async with aclosing(source):
            async for item in source:
                queue.put_nowait((index, item))

    tasks = [asyncio.create_task(read(index, source)) for index, source in enumerate(sources)]
    for task in tasks:
        task.add_done_callback(queue.put_nowait)
    try:
        for _ in tasks:
            while not isinstance(item := await queue.get(), asyncio.Task):
                yield item
            item.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
