"""How the sandbox's parts are joined into one application; no other module knows them all."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from starlette.types import ASGIApp

from .address import Address
from .container.container import Container
from .engine.engine import Engine
from .faults.client import CONTROL_PATH
from .faults.container import FaultyContainer
from .faults.handler import FaultControl
from .faults.streams import reshaped
from .faults.switch import Faults
from .server.gateway import Sandbox, build_app
from .server.keys import Keys
from .server.parts import Control
from .server.practice import PRACTICE_PATH, Practice
from .services import moto
from .services.authorization.authorizer import Authorizer
from .services.authorization.client import POLICY_PATH
from .services.authorization.control import PolicyControl
from .services.authorization.simulation import Simulation
from .services.autoscaling import AutoScaling
from .services.clock import Clock
from .services.cloudwatch.alarms import Alarms
from .services.cloudwatch.observer import Observer
from .services.iam import Roles
from .services.marketplace import Agreements, Discovery
from .services.pricing import Pricing
from .services.quotas import Quotas
from .services.runtime.client import CAPACITY_PATH
from .services.runtime.control import CapacityControl
from .services.runtime.instances import Instances
from .services.runtime.invoke import Runtime
from .services.runtime.sampling import Sampler
from .services.sagemaker import SageMaker
from .services.scheduler import Schedules
from .services.sts import Sts
from .services.tagging import Tagging
from .settings import Settings

logger = logging.getLogger(__name__)


def wire(address: Address, settings: Settings, model: Path) -> Sandbox:
    """Load the language model (about a second) and return the whole sandbox as an ASGI application.

    It is not loaded in the background: xllamacpp holds Python's GIL meanwhile, so a server that listened
    already would answer nothing for that second.
    """
    return join(address, settings, Engine(model))


def join(address: Address, settings: Settings, engine: Engine) -> Sandbox:
    """Return the sandbox around an engine that is already loaded."""
    faults, clock, instances = Faults(), Clock(settings.clock_speed), Instances(settings.instance_slots)
    observer = Observer(clock, log_bodies=settings.log_prompts)
    agreements, roles = Agreements(settings), Roles()
    schedules = Schedules(roles)
    sagemaker = SageMaker(settings, agreements, roles, schedules, observer.started, clock.now, faults)
    keys, authorizer = Keys(address), Authorizer(roles, sagemaker, faults)
    alarms = Alarms(clock)
    autoscaling = AutoScaling(sagemaker, alarms, clock, roles)
    sagemaker.scaling = autoscaling
    services = [
        *(sagemaker, agreements, Discovery(), Pricing(), Quotas(faults)),
        *(Sts(keys, roles), Simulation(roles), autoscaling),
    ]
    runtime = Runtime(
        sagemaker,
        FaultyContainer(Container(engine), faults),
        reshape=partial(reshaped, faults),
        faults=faults,
        observe=observer.take,
        instances=instances,
    )

    def load_others() -> ASGIApp:
        app = moto.load(roles)
        # the observer writes its records to moto's CloudWatch, which exists only now
        for connect in (
            *(roles.connect, schedules.connect, Tagging(sagemaker).connect),
            *(alarms.connect, observer.start),
        ):
            _without_failing(connect)
        return app

    def put_back() -> None:
        instances.slots, clock.speed = settings.instance_slots, settings.clock_speed
        faults.clear()

    practice = Practice(put_back)
    controls: dict[str, Control] = {
        CONTROL_PATH: FaultControl(faults),
        POLICY_PATH: PolicyControl(roles, authorizer),
        CAPACITY_PATH: CapacityControl(instances, clock),
        PRACTICE_PATH: practice,
    }
    return build_app(
        *(address, services, runtime, load_others),
        controls=controls,
        keys=keys,
        authorizer=authorizer,
        settle=sagemaker.settle,
        work=[Sampler(sagemaker, instances, clock, observer.take).run, autoscaling.run, practice.run],
    )


def _without_failing(connect: Callable[[], None]) -> None:
    """Connect a part to moto's internals; a version in which they differ must not stop the other parts."""
    try:
        connect()
    except Exception:
        logger.exception("this moto is not the one that was tested: %s failed", connect.__qualname__)
