"""What runs beside the server: one loading, and then work without end."""

import asyncio
import threading

from helpers.sandbox.server.background import BackgroundLoader


def test_work_begins_when_the_loading_is_done():
    async def run():
        may_load, worked = threading.Event(), asyncio.Event()

        async def work():
            assert may_load.is_set()
            worked.set()

        loader = BackgroundLoader("slow", lambda: may_load.wait(20), [work])
        loader.start()
        await asyncio.sleep(0)
        assert not worked.is_set()
        may_load.set()
        assert await loader.get()
        await worked.wait()

    asyncio.run(asyncio.wait_for(run(), 30))


def test_work_that_fails_ends_no_other(caplog):
    async def run():
        worked = asyncio.Event()

        async def fails():
            raise RuntimeError("a defect")

        async def works():
            worked.set()

        BackgroundLoader("quick", lambda: None, [fails, works]).start()
        await worked.wait()

    asyncio.run(asyncio.wait_for(run(), 30))
    assert "a defect" in caplog.text
