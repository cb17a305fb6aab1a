"""The load of the instances, looked at every 10 s for CloudWatch, whether requests come or not."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from ..clock import Clock
from ..cloudwatch.records import SAMPLE_SECONDS, Load
from ..sagemaker import Variant
from .instances import Instances

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Serving(Protocol):
    """What knows all variants; `sagemaker.SageMaker` is one."""

    def serving(self) -> list[tuple[str, Variant]]:
        """Return the variants that answer invocations now, each with its region."""
        ...


class Sampler:
    """What looks at the instances of all variants and has it recorded.

    An instance without requests counts as 0; that AWS publishes these zeros as well: (not established).
    """

    def __init__(
        self, sagemaker: Serving, instances: Instances, clock: Clock, observe: Callable[[Load], None]
    ) -> None:
        self._sagemaker = sagemaker
        self._instances = instances
        self._clock = clock
        self._observe = observe

    async def run(self) -> None:
        """Look once in each interval of 10 of AWS's seconds, in its middle, so that none is left out."""
        while True:
            interval = self._clock.lasts(SAMPLE_SECONDS)
            past = (self._clock.now() - _EPOCH) % interval / interval
            await self._clock.sleep(SAMPLE_SECONDS * (1.5 - past))
            self.sample()

    def sample(self) -> None:
        """Record what each instance does now, and forget the instances of variants that are gone."""
        serving = self._sagemaker.serving()
        self._instances.keep_only(serving)
        for region, variant in serving:
            looked = tuple((each.outstanding, each.busy) for each in self._instances.of(region, variant))
            self._observe(Load(variant, region, self._clock.now(), looked))
