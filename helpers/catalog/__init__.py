"""The catalogue: Cohere's models, the instance types they run on, the settings they take, prompts and tasks.

Each fact in `data/` has its date and its source there. The sandbox reads the same, so both sides of the wire
agree.
"""

from .data import DATA
from .instances import InstanceType, instance_type, instance_types
from .models import Model, model, model_of_package, models, publishing_accounts
from .prompts import load_prompts
from .settings import SETTINGS, Limit, Setting
from .tasks import WANT_RULE, WANTS, is_want

__all__ = [
    "DATA",
    "SETTINGS",
    "WANTS",
    "WANT_RULE",
    "InstanceType",
    "Limit",
    "Model",
    "Setting",
    "instance_type",
    "instance_types",
    "is_want",
    "load_prompts",
    "model",
    "model_of_package",
    "models",
    "publishing_accounts",
]
