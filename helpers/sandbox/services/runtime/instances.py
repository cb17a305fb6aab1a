"""The instances of production variants: which one gets a request, and the queue before each one's slots."""

import asyncio
import random
from dataclasses import dataclass, field
from weakref import WeakSet

from helpers.sandbox.settings import Settings

from ..sagemaker import Variant


class Instance:
    """One instance, which serves a number of requests at once; others wait in the order of their arrival."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._waiting: dict[Place, None] = {}  # in order
        self._serving: set[Place] = set()

    @property
    def busy(self) -> float:
        """The share of its slots that are in use, 0 to 1; more while it has just been given fewer slots."""
        return len(self._serving) / self._slots

    @property
    def outstanding(self) -> int:
        """The number of requests that it serves or that wait for it."""
        return len(self._serving) + len(self._waiting)

    def resize(self, slots: int) -> None:
        """Serve so many requests at once from now on; those that are served already go on."""
        self._slots = slots
        self._advance()

    def enter(self) -> "Place":
        """Return the place of a new request, at the end of the queue."""
        place = Place(self)
        self._waiting[place] = None
        self._advance()
        return place

    def leave(self, place: "Place") -> None:
        """Free a place, in the queue or in a slot; one that is free already stays so."""
        self._waiting.pop(place, None)
        self._serving.discard(place)
        self._advance()

    def _advance(self) -> None:
        while self._waiting and len(self._serving) < self._slots:
            place = next(iter(self._waiting))
            del self._waiting[place]
            self._serving.add(place)
            place.slot.set()


class Place:
    """A request's place at an instance: in the queue until `slot` is set, in a slot from then on."""

    def __init__(self, instance: Instance) -> None:
        self.slot = asyncio.Event()
        self._instance = instance

    def leave(self) -> None:
        """Let the next request come; may be called again."""
        self._instance.leave(self)


@dataclass
class _Fleet:
    """The running instances of a variant, as one deployment started them."""

    identity: str
    instances: list[Instance] = field(default_factory=list)


class Instances:
    """All instances, each with the same number of slots; for use by the event loop's thread.

    They follow the variants: a variant that serves with more instances has more slots, one with fewer removes
    the last ones, which finish what was routed to them, as those of a replaced deployment do.
    """

    def __init__(self, slots: int = Settings.instance_slots, chance: random.Random | None = None) -> None:
        self._slots = slots
        self._chance = chance or random.Random()  # nosec B311: chooses an instance, no secret
        self._fleets: dict[tuple[str, str, str], _Fleet] = {}
        self._all: WeakSet[Instance] = WeakSet()  # removed ones too, as long as a request is at them

    @property
    def slots(self) -> int:
        """How many requests each instance serves at once, 1 or more."""
        return self._slots

    @slots.setter
    def slots(self, slots: int) -> None:
        self._slots = slots
        for instance in tuple(self._all):
            instance.resize(slots)

    def route(self, region: str, variant: Variant) -> Place:
        """Return a place at one of the variant's instances, chosen by its RoutingConfig.

        Without one the choice is random, as AWS's default is; which of several with equally few outstanding
        requests LEAST_OUTSTANDING_REQUESTS takes: (not established), here by chance.
        """
        instances = self.of(region, variant)
        strategy = variant.spec.get("RoutingConfig", {}).get("RoutingStrategy", "RANDOM")
        if strategy == "LEAST_OUTSTANDING_REQUESTS":
            fewest = min(each.outstanding for each in instances)
            instances = [each for each in instances if each.outstanding == fewest]
        return self._chance.choice(instances).enter()

    def of(self, region: str, variant: Variant) -> list[Instance]:
        """Return the variant's running instances, as many as it has now."""
        key = region, variant.endpoint_name, variant.name
        fleet = self._fleets.get(key)
        if fleet is None or fleet.identity != variant.fleet:
            fleet = self._fleets[key] = _Fleet(variant.fleet)
        del fleet.instances[variant.instances :]
        while len(fleet.instances) < variant.instances:
            fleet.instances.append(self._new())
        return fleet.instances

    def keep_only(self, variants: list[tuple[str, Variant]]) -> None:
        """Forget the instances of all other variants, given with their regions: their endpoints are gone."""
        kept = {(region, variant.endpoint_name, variant.name) for region, variant in variants}
        self._fleets = {key: fleet for key, fleet in self._fleets.items() if key in kept}

    def _new(self) -> Instance:
        instance = Instance(self._slots)
        self._all.add(instance)
        return instance
