"""EventBridge Scheduler's schedules that delete endpoints: moto stores them, SageMaker runs them."""

from .checks import TARGET
from .schedules import Deletion, Schedules

__all__ = ["TARGET", "Deletion", "Schedules"]
