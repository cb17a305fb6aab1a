"""Deployment guardrails, which AWS excludes Marketplace packages from: updates are all at once.

Source: SageMaker's developer guide, "Exclusions" of deployment guardrails: such an endpoint falls back to
blue/green, all at once, without a final baking period. Whether the request is refused, or taken and done all
at once, and the wording: (not established). Here it is refused, so that nobody takes it for a canary.
"""

from collections.abc import Mapping
from typing import Any

from .errors import refused


def check(params: Mapping[str, Any]) -> None:
    """Raise ValidationException if a request's `DeploymentConfig` asks for more than all at once."""
    given = params.get("DeploymentConfig", {})
    policy = given.get("BlueGreenUpdatePolicy", {})
    traffic = policy.get("TrafficRoutingConfiguration", {}).get("Type", "ALL_AT_ONCE")
    asked = {
        "RollingUpdatePolicy": given.get("RollingUpdatePolicy"),
        "AutoRollbackConfiguration": given.get("AutoRollbackConfiguration", {}).get("Alarms"),
        "TerminationWaitInSeconds": policy.get("TerminationWaitInSeconds"),
        f"traffic routing of type {traffic}": traffic != "ALL_AT_ONCE",
    }
    if wanted := [name for name, value in asked.items() if value]:
        raise refused(
            f"Deployment guardrails do not support Marketplace containers, which are updated blue/green with "
            f"ALL_AT_ONCE traffic routing only: {', '.join(wanted)} can't be used."
        )
