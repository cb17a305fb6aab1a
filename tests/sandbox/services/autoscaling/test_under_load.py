"""Users ask while the endpoint grows and shrinks: runtime, instances, metrics, alarms and policies in one."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from helpers.sandbox.services.cloudwatch.writer import CloudWatch
from helpers.sandbox.services.runtime.instances import Instances
from helpers.sandbox.services.runtime.invoke import Runtime
from helpers.sandbox.services.runtime.sampling import Sampler

from ...load import FixedPace, User
from ...practice_world import Clock, variant
from ...virtual_time import run
from .practice import PER_INSTANCE, Practice

MINUTE = 60
TOKENS, SECONDS_A_TOKEN = 4, 2.5  # ten seconds a request
LEAST = {"RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}}


class LoopClock(Clock):
    """The practice world's clock, that goes with the event loop."""

    @property
    def now(self):
        try:
            passed = asyncio.get_running_loop().time()
        except RuntimeError:
            passed = 0.0
        return self.start + timedelta(seconds=passed)

    @now.setter
    def now(self, moment):
        self.start = moment


class Load:
    """Users around a practice endpoint, each of whom asks again as soon as the answer is there."""

    def __init__(self, **practice):
        self.practice = Practice(clock=LoopClock(), **practice)
        world = self.practice.world
        world.create_config("least", variant(**LEAST))
        world.sagemaker("UpdateEndpoint", EndpointName="e", EndpointConfigName="least")
        world.clock.wait(3)
        self.instances = Instances(4, random.Random(7))
        writer = CloudWatch(self.practice.clock)
        self.runtime = Runtime(
            world.service,
            FixedPace(SECONDS_A_TOKEN, TOKENS),
            instances=self.instances,
            observe=lambda each: writer.write(replace(each, at=world.clock.now)),  # virtual time, too
        )
        self.sampler = Sampler(world.service, self.instances, self.practice.clock, writer.write)
        self.answered, self.lost = 0, []
        self.counts = []
        self.wanted = 0

    async def user(self, number):
        while number < self.wanted:
            user = User()
            try:
                await user.ask(self.runtime)
                self.answered += 1
                # four tokens, each in a frame of its own
                assert len(user.came) == TOKENS
            except Exception as error:
                self.lost.append(error)

    async def noted(self):
        while True:
            self.counts.append(self.practice.count)
            await asyncio.sleep(5)

    async def users(self, phases):
        """So many users for so many seconds, one phase after another."""
        always = [self.sampler.run(), self.practice.scaling.run(), self.noted()]
        work = [asyncio.create_task(each) for each in always]
        asked = set()
        for users, seconds in phases:
            new, self.wanted = range(self.wanted, users), users
            asked |= {asyncio.create_task(self.user(number)) for number in new}
            await asyncio.sleep(seconds)
        self.wanted = 0
        await asyncio.gather(*asked)
        for task in work:
            task.cancel()


def test_a_step_from_1_to_12_users_is_followed_and_no_request_is_lost():
    load = Load()
    practice = load.practice
    practice.register(1, 6)
    practice.track(4.0)
    began = practice.world.clock.now
    run(load.users([(1, 2 * MINUTE), (12, 8 * MINUTE), (1, 20 * MINUTE)]))
    assert load.lost == []
    assert load.answered > 12 * 8 * MINUTE / 10 * 0.9
    out, less = practice.activities()
    # three data points of ten seconds, and the look at them
    delay = out["StartTime"] - began - timedelta(minutes=2)
    assert timedelta(seconds=30) <= delay <= timedelta(seconds=45)
    assert (out["StatusCode"], less["StatusCode"]) == ("Successful", "Successful")
    assert [after for before, after in pairwise(load.counts) if after != before] == [3, 1]
    # fifteen data points of a minute
    idle = less["StartTime"] - began - timedelta(minutes=10)
    assert timedelta(minutes=15) <= idle <= timedelta(minutes=17)


def test_with_a_quota_of_one_activities_fail_and_no_request_does():
    load = Load(quota=2)  # UpdateEndpoint needs a second one for a moment
    practice = load.practice
    practice.faults.set("quota", {"instance_type": "ml.g5.xlarge", "limit": 1})
    practice.register(1, 6)
    practice.track(4.0)
    run(load.users([(12, 5 * MINUTE)]))
    assert load.lost == []
    assert load.answered >= 4 * 5 * MINUTE / 10
    assert set(load.counts) == {1}
    codes = {each["StatusCode"] for each in practice.activities()}
    assert codes == {"Failed"}


def test_invocations_per_instance_scale_out_and_with_no_traffic_in_again():
    load = Load()
    practice = load.practice
    practice.register(1, 6)
    practice.track(12.0, PER_INSTANCE)
    run(load.users([(4, 12 * MINUTE), (0, 30 * MINUTE)]))  # 24 invocations a minute
    assert load.lost == []
    assert practice.activities()[0]["Description"] == "Setting desired instance count to 2."
    assert max(load.counts) == 2
    assert load.counts[-1] == 1
