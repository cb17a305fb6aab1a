"""CloudFormation, which is moto's: it makes and deletes what the caller may, and refuses what it can't.

Alone, moto calls a stack CREATE_COMPLETE whose resources it has skipped, as it has no class for them
(AWS::Budgets::Budget), or made where this sandbox looks for none (AWS::SageMaker::Endpoint), and
UPDATE_COMPLETE whose roles are what they were; and it makes a role for a caller who may make none.
"""

from .operations import CALLER, Roles, connect

__all__ = ["CALLER", "Roles", "connect"]
