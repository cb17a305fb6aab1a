"""Which parts make up the sandbox, and how they are joined; each part's module knows only its own concern."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from starlette.types import ASGIApp

from .address import Address
from .container.container import Container
from .engine.engine import Engine
from .faults.container import FaultyContainer
from .faults.handler import FaultControl
from .faults.streams import reshaped
from .faults.switch import Faults
from .server.gateway import Sandbox, build_app
from .services import moto
from .services.cloudwatch.records import Observer
from .services.iam import Roles
from .services.marketplace import Agreements, Discovery
from .services.pricing import Pricing
from .services.quotas import Quotas
from .services.runtime.invoke import Runtime
from .services.sagemaker import SageMaker
from .services.scheduler import Schedules
from .settings import Settings

logger = logging.getLogger(__name__)


def wire(address: Address, settings: Settings, model: Path) -> Sandbox:
    """The whole sandbox as an ASGI application.

    Loads the language model (about a second). Not in the background: xllamacpp holds Python's lock while it
    loads, so that a server would stand still for that second instead of starting that second later.
    """
    return join(address, settings, Engine(model))


def join(address: Address, settings: Settings, engine: Engine) -> Sandbox:
    """The sandbox around an engine that has been loaded."""
    faults, observer = Faults(), Observer(log_bodies=settings.log_prompts)
    agreements, roles = Agreements(settings), Roles()
    schedules = Schedules(roles)
    sagemaker = SageMaker(settings, agreements, roles, schedules, observer.started, faults=faults)
    services = [sagemaker, agreements, Discovery(), Pricing(), Quotas(faults)]
    runtime = Runtime(
        sagemaker,
        FaultyContainer(Container(engine), faults),
        reshape=partial(reshaped, faults),
        faults=faults,
        observe=observer.take,
    )

    def load_others() -> ASGIApp:
        app = moto.load()
        # what the observer has gathered goes to moto's CloudWatch, which is there only now
        for connect in (roles.connect, schedules.connect, observer.start):
            _without_failing(connect)
        return app

    return build_app(address, services, runtime, load_others, FaultControl(faults))


def _without_failing(connect: Callable[[], None]) -> None:
    """Our parts reach into moto, which promises nothing there: a new one must not take the rest along."""
    try:
        connect()
    except Exception:
        logger.exception("this moto is not the one that was tested: %s failed", connect.__qualname__)
