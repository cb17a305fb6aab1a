"""Capacity of instances: slots, queues and routing, in virtual time and by properties."""

import asyncio
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sandbox.aws.service import AwsError
from helpers.sandbox.container.container import Container
from helpers.sandbox.engine.engine import SLOTS
from helpers.sandbox.server.body import ClientDisconnected
from helpers.sandbox.services.runtime.instances import Instances
from helpers.sandbox.services.runtime.invoke import Runtime
from helpers.sandbox.settings import Settings

from ..load import HERE, SERVICE, Endpoint, FixedPace, User, percentile, saturate, simulated, variant
from ..practice_world import World
from ..practice_world import variant as wanted
from ..virtual_time import run

LOR = "LEAST_OUTSTANDING_REQUESTS"


def test_one_instance_has_all_of_the_engine_unless_it_is_made_smaller():
    assert Settings().instance_slots == Instances().slots == SLOTS


@pytest.mark.parametrize("strategy", ["RANDOM", LOR])
def test_twice_the_instances_bear_twice_the_load(strategy):
    one, two = (run(saturate(simulated(variant(n, strategy)), users=16)).throughput for n in (1, 2))
    assert one == pytest.approx(2 / SERVICE, rel=0.02)
    assert two == pytest.approx(2 * one, rel=0.1)


@pytest.mark.parametrize(("users", "waits"), [(1, 1), (2, 1), (4, 2), (8, 4), (16, 8)])
def test_users_beyond_the_slots_wait_in_turn(users, waits):
    figures = run(saturate(simulated(variant()), users))
    assert percentile(figures.whole, 50) == pytest.approx(waits * SERVICE, rel=0.02)
    assert percentile(figures.first, 95) == pytest.approx((waits - 1) * SERVICE + SERVICE / 50, rel=0.02)


def test_least_outstanding_requests_waits_less_than_random():
    by_chance, by_count = (run(saturate(simulated(variant(2, s)), users=4)) for s in ("", LOR))
    assert percentile(by_count.whole, 95) == pytest.approx(SERVICE)
    assert percentile(by_chance.whole, 95) > 1.5 * SERVICE
    assert by_count.throughput > 1.1 * by_chance.throughput


def test_the_container_never_gets_more_than_there_are_slots():
    container = FixedPace()
    run(saturate(simulated(variant(3), container=container), users=16))
    assert container.most == 6


@pytest.mark.parametrize(("stream", "seconds"), [(False, 60), (True, 480)])
def test_waiting_counts_for_an_invocation_s_limit(stream, seconds):
    async def main():
        container = FixedPace(seconds=seconds - 10, tokens=1)
        runtime = simulated(variant(), slots=1, container=container)
        first, second = User(), User()
        await asyncio.gather(
            *(user.ask(runtime, stream=stream) for user in (first, second)), return_exceptions=True
        )
        assert first.came == [seconds - 10] if stream else first.came
        assert asyncio.get_running_loop().time() == seconds
        assert container.now == 0
        third = User()  # the slot is free
        await third.ask(runtime, stream=stream)
        assert third.came[0] == 2 * seconds - 10

    run(main())


def test_a_call_whose_time_ends_in_the_queue_is_a_model_error():
    async def main():
        runtime = simulated(variant(), slots=1, container=FixedPace(seconds=59, tokens=1))
        ahead = asyncio.create_task(User().ask(runtime, stream=False))
        await asyncio.sleep(1)
        with pytest.raises(AwsError, match="timed out") as caught:
            await User().ask(runtime, stream=False)
        assert caught.value.code == "ModelError"
        await ahead

    run(main())


def test_who_leaves_the_queue_is_out_of_it_at_once():
    async def main():
        runtime = simulated(variant(), slots=1)
        users = [User() for _ in range(3)]
        tasks = [asyncio.create_task(user.ask(runtime)) for user in users]
        await asyncio.sleep(SERVICE / 2)
        users[1].gone.set()
        with pytest.raises(ClientDisconnected):
            await tasks[1]
        assert asyncio.get_running_loop().time() == SERVICE / 2
        await asyncio.gather(tasks[0], tasks[2])
        assert asyncio.get_running_loop().time() == pytest.approx(2 * SERVICE)
        assert users[1].came == []

    run(main())


def test_a_stream_holds_its_slot_to_its_end_and_a_reader_who_leaves_frees_it():
    async def main():
        runtime = simulated(variant(), slots=1)
        reader, waiting = User(), User()
        tasks = [asyncio.create_task(user.ask(runtime)) for user in (reader, waiting)]
        await asyncio.sleep(SERVICE / 2 + 0.001)
        assert reader.came
        assert not waiting.came
        reader.gone.set()
        await asyncio.gather(*tasks)
        assert asyncio.get_running_loop().time() == pytest.approx(1.5 * SERVICE, rel=0.01)

    run(main())


def test_instances_that_are_added_serve_and_removed_ones_finish():
    async def main():
        container = FixedPace()
        endpoint = Endpoint(variant(1, LOR))
        runtime = Runtime(endpoint, container, instances=Instances(2, random.Random(7)))
        before = [asyncio.create_task(User().ask(runtime)) for _ in range(4)]
        await asyncio.sleep(SERVICE / 10)
        assert container.now == 2
        endpoint.scale(2)
        after = [asyncio.create_task(User().ask(runtime)) for _ in range(2)]
        await asyncio.sleep(SERVICE / 10)
        assert (
            container.now == 4
        )  # the new instance takes the new requests; those that wait stay where they are
        endpoint.scale(1)
        late = asyncio.create_task(User().ask(runtime))
        await asyncio.gather(*before, *after, late)
        assert container.written == 7 * container.tokens

    run(main())


def test_another_deployment_has_instances_of_its_own():
    instances, first = Instances(1), variant()
    old = instances.of("us-east-1", first)
    assert instances.of("us-east-1", first) == old
    assert instances.of("eu-west-1", first) != old
    assert instances.of("us-east-1", replace(first, fleet="second")) != old
    instances.keep_only([])
    assert not instances._fleets


def test_more_slots_let_those_who_wait_in():
    async def main():
        container = FixedPace()
        instances = Instances(1)
        runtime = Runtime(Endpoint(variant()), container, instances=instances)
        tasks = [asyncio.create_task(User().ask(runtime)) for _ in range(4)]
        await asyncio.sleep(SERVICE / 10)
        instances.slots = 3
        await asyncio.sleep(SERVICE / 10)
        assert container.now == 3
        instances.slots = 1
        await asyncio.gather(*tasks)
        assert asyncio.get_running_loop().time() == pytest.approx(2.1 * SERVICE, rel=0.02)

    run(main())


def test_all_instances_together_get_no_more_than_the_machine_has(engine):
    body = b'{"prompt": "Hi", "max_tokens": 8, "stream": true}'

    async def main():
        runtime = Runtime(Endpoint(variant(3)), Container(engine), instances=Instances(8, random.Random(7)))
        users = [User(body) for _ in range(24)]
        tasks = [asyncio.create_task(user.ask(runtime)) for user in users]
        most = 0
        while not all(task.done() for task in tasks):
            most = max(most, engine.active)
            await asyncio.sleep(0.001)
        await asyncio.gather(*tasks)
        assert all(user.came for user in users)
        assert 1 < most <= SLOTS

    asyncio.run(main())


def test_instances_follow_the_endpoint_when_an_update_is_in_service():
    world = World().deployed()
    instances = Instances(2)

    def running():
        return list(instances.of("us-east-1", world.route()))

    desired = {"VariantName": "AllTraffic", "DesiredInstanceCount": 2}
    (first,) = running()
    world.sagemaker(
        "UpdateEndpointWeightsAndCapacities", EndpointName="e", DesiredWeightsAndCapacities=[desired]
    )
    assert running() == [first]  # it takes the time of a start
    world.clock.wait(3)
    assert len(running()) == 2
    assert running()[0] is first
    world.create_config("d", wanted(instance_type="ml.g5.2xlarge"))
    world.sagemaker("UpdateEndpoint", EndpointName="e", EndpointConfigName="d")
    assert running()[0] is first  # the old instances serve until the new ones do
    world.clock.wait(3)
    assert len(running()) == 1
    assert running()[0] is not first


def test_the_routing_configuration_is_the_endpoint_configuration_s():
    routing = {"RoutingConfig": {"RoutingStrategy": LOR}}
    world = World().ready()
    world.create_config("lor", wanted(**routing))
    world.create_endpoint(config="lor")
    world.clock.wait(3)
    assert world.route().spec["RoutingConfig"] == routing["RoutingConfig"]


steps = st.one_of(
    st.just(("arrive", 0)),
    st.tuples(st.just("leave"), st.integers(0, 30)),
    st.tuples(st.just("instances"), st.integers(1, 4)),
    st.tuples(st.just("slots"), st.integers(1, 4)),
    st.tuples(st.just("deployment"), st.integers(0, 3)),
)


@given(st.lists(steps, max_size=60), st.sampled_from(["RANDOM", LOR]), st.randoms(use_true_random=False))
def test_no_slot_is_lost_and_none_is_given_twice(steps, strategy, chance):
    instances, serving, slots = Instances(2, chance), variant(1, strategy), 2
    inside = []  # places, in the order of arrival
    grown = False  # fewer slots than before: what is served goes on
    for what, number in steps:
        if what == "arrive":
            inside.append(instances.route("us-east-1", serving))
        elif what == "leave" and inside:
            place = inside.pop(number % len(inside))
            place.leave()
            place.leave()
        elif what == "instances":
            serving = replace(serving, instances=number)
        elif what == "deployment":
            serving = replace(serving, fleet=str(number))
        elif what == "slots":
            grown, slots = grown or number < slots, number
            instances.slots = number
        for instance in {place._instance for place in inside}:
            here = [place for place in inside if place._instance is instance]
            served = [place for place in here if place.slot.is_set()]
            assert instance.outstanding == len(here)
            assert here[: len(served)] == served  # first come, first served
            assert len(served) <= slots or grown
            assert len(served) >= min(slots, len(here))  # no slot is idle while somebody waits
    for place in inside:
        place.leave()
    assert all(each.outstanding == 0 and each.busy == 0 for each in instances._all)


visit = st.tuples(st.floats(0, 5), st.one_of(st.none(), st.floats(0, 5)), st.booleans())


@given(
    st.lists(visit, min_size=1, max_size=12),
    st.lists(st.tuples(st.floats(0, 5), st.integers(1, 3)), max_size=3),
)
def test_whatever_comes_and_goes_the_queues_are_empty_at_the_end(visits, changes):
    async def main():
        container, endpoint = FixedPace(0.2, 5), Endpoint(variant(1, LOR))
        instances = Instances(2, random.Random(1))
        runtime = Runtime(endpoint, container, instances=instances)
        answered = []

        async def come(arrives, stays, stream):
            await asyncio.sleep(arrives)
            user = User()
            if stays is not None:
                asyncio.get_running_loop().call_later(stays, user.gone.set)
            try:
                await user.ask(runtime, stream=stream)
            except ClientDisconnected:
                assert stays is not None
            answered.append(stays is not None or bool(user.came))

        async def scale(when, count):
            await asyncio.sleep(when)
            endpoint.scale(count)

        await asyncio.gather(*(come(*each) for each in visits), *(scale(*each) for each in changes))
        assert len(answered) == len(visits)
        assert all(answered)
        assert container.now == 0
        assert all(each.outstanding == 0 for each in instances.of(HERE.region, endpoint.serving))

    run(main())
