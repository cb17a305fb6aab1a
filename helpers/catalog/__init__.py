"""The catalogue: Cohere's models, the instance types they run on, the settings they take, prompts to try.

Each fact in `data/` has its date and its source there. The sandbox reads the same, so both sides of the wire
agree.
"""

from .data import DATA
from .instances import InstanceType, instance_type, instance_types
from .models import Model, model, model_of_package, models, publishing_accounts
from .prompts import load_prompts
from .settings import SETTINGS, Limit, Setting

__all__ = [
    "DATA",
    "SETTINGS",
    "InstanceType",
    "Limit",
    "Model",
    "Setting",
    "instance_type",
    "instance_types",
    "load_prompts",
    "model",
    "model_of_package",
    "models",
    "publishing_accounts",
]
