"""Application Auto Scaling of endpoints' variants: targets, policies, scheduled actions, activities."""

from .service import AutoScaling

__all__ = ["AutoScaling"]
