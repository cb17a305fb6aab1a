"""The limits of the service, whatever its users do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.production.app.limits import MINUTE, Limits, TooMany, Usage

LIMITS = Limits(at_once=2, a_minute=4, in_all=3)
# what happens: a user begins or ends something, or seconds pass
deeds = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["begin", "end", "wait"])), max_size=60)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(deeds, st.lists(st.sampled_from([0.5, 7.0, 20.0, 61.0]), min_size=60, max_size=60))
def test_no_limit_is_passed_and_no_one_is_refused_below_it(
    done: list[tuple[str, str]], pauses: list[float]
) -> None:
    clock = Clock()
    usage = Usage(LIMITS, clock)
    running: list[str] = []
    begun: list[tuple[str, float]] = []
    for (user, deed), pause in zip(done, pauses, strict=False):
        if deed == "wait":
            clock.now += pause
        elif deed == "end" and user in running:
            usage.end(user)
            running.remove(user)
        elif deed == "begin":
            recent = [at for who, at in begun if who == user and at > clock.now - MINUTE]
            free = running.count(user) < 2 and len(running) < 3 and len(recent) < 4
            if free:
                usage.begin(user)
                running.append(user)
                begun.append((user, clock.now))
            else:
                with pytest.raises(TooMany) as told:
                    usage.begin(user)
                assert 0 < told.value.seconds <= MINUTE
        assert usage.running == len(running)


def test_who_waits_as_long_as_told_is_let_in() -> None:
    clock = Clock()
    usage = Usage(Limits(at_once=9, a_minute=2, in_all=9), clock)
    for clock.now in (0.0, 10.0):
        usage.begin("a")
    clock.now = 15.0
    with pytest.raises(TooMany, match="wait 45 s") as told:
        usage.begin("a")
    clock.now += told.value.seconds
    usage.begin("a")


def test_those_who_are_gone_take_no_room() -> None:
    clock = Clock()
    usage = Usage(Limits(), clock)
    for number in range(10_000):
        clock.now = number / 10
        usage.begin(f"user {number}")
        usage.end(f"user {number}")
    assert len(usage._begun) <= 10 * MINUTE + 1
    assert not usage._running
