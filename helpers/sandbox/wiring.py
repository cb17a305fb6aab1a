"""Which parts make up the sandbox, and how they are joined; each part's module knows only its own concern."""

from datetime import UTC, datetime
from pathlib import Path

from . import others
from .container import Container
from .engine import Engine
from .faults import Faults
from .marketplace import Agreements, Discovery
from .pricing import Pricing
from .process import Address
from .quotas import Quotas
from .runtime import Runtime
from .sagemaker import SageMaker
from .server import Sandbox, build_app
from .settings import Settings


def wire(address: Address, settings: Settings, model: Path) -> Sandbox:
    """The whole sandbox as an ASGI application.

    Loads the language model (about a second). Not in the background: xllamacpp holds Python's lock while it
    loads, so that a server would stand still for that second instead of starting that second later.
    """
    faults = Faults()
    agreements = Agreements(settings)
    sagemaker = SageMaker(settings, agreements, _now, faults)
    services = [sagemaker, agreements, Discovery(), Pricing(), Quotas(faults)]
    runtime = Runtime(sagemaker, Container(Engine(model)))
    return build_app(address, services, runtime, others.load)


def _now() -> datetime:
    return datetime.now(UTC)
