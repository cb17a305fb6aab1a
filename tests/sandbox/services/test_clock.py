"""The services' clock: real times, and durations of AWS's that a speed makes shorter."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from helpers.sandbox.services.clock import Clock
from helpers.sandbox.settings import Settings


def test_times_stay_and_durations_shrink():
    then = datetime(2026, 11, 29, tzinfo=UTC)
    clock = Clock(60, now=lambda: then)
    assert clock.now() == then
    assert clock.lasts(60) == timedelta(seconds=1)
    clock.speed = 1
    assert clock.lasts(60) == timedelta(minutes=1)


def test_a_sleeper_feels_a_new_speed_at_once():
    async def run():
        clock = Clock()
        sleeper = asyncio.create_task(clock.sleep(360))
        await asyncio.sleep(0)
        clock.speed = 400
        assert not sleeper.done()
        clock.speed = 600
        await sleeper

    asyncio.run(asyncio.wait_for(run(), 30))


@pytest.mark.parametrize("text", ["0", "0.5", "601", "nan", "inf", "fast", "-1"])
def test_a_speed_that_can_t_be_is_refused_by_name(text):
    with pytest.raises(ValueError, match="SANDBOX_CLOCK_SPEED is"):
        Settings.from_environment({"SANDBOX_CLOCK_SPEED": text})


@pytest.mark.parametrize("text", ["0", "1.5", "1001", "nan", "two", "-1"])
def test_slots_that_can_t_be_are_refused_by_name(text):
    with pytest.raises(ValueError, match="SANDBOX_INSTANCE_SLOTS is"):
        Settings.from_environment({"SANDBOX_INSTANCE_SLOTS": text})


def test_settings_have_both():
    given = Settings.from_environment({"SANDBOX_INSTANCE_SLOTS": "2", "SANDBOX_CLOCK_SPEED": " 60 "})
    assert (given.instance_slots, given.clock_speed) == (2, 60.0)
    assert (Settings().instance_slots, Settings().clock_speed) == (8, 1.0)
