"""The catalogue: Cohere's models, the instance types they run on, the settings they take, prompts and tasks.

Each fact in `data/` has its date and its source there. The sandbox reads the same, so both sides of the wire
agree.
"""

from .data import DATA
from .instances import InstanceType, instance_type, instance_types
from .models import Model, Status, model, model_of_package, models, publishing_accounts
from .packages import choose, custom, is_package_arn, of_package, package_region, with_api
from .prompts import load_prompts
from .settings import GENERATING_APIS, SETTINGS, Limit, Setting, package_limits
from .tasks import WANT_RULE, WANTS, is_want

__all__ = [
    "DATA",
    "GENERATING_APIS",
    "SETTINGS",
    "WANTS",
    "WANT_RULE",
    "InstanceType",
    "Limit",
    "Model",
    "Setting",
    "Status",
    "choose",
    "custom",
    "instance_type",
    "instance_types",
    "is_package_arn",
    "is_want",
    "load_prompts",
    "model",
    "model_of_package",
    "models",
    "of_package",
    "package_limits",
    "package_region",
    "publishing_accounts",
    "with_api",
]
