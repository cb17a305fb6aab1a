"""AWS Marketplace's buyer APIs: discovery of listings, and agreements (subscriptions)."""

from .agreements import Agreements
from .discovery import Discovery

__all__ = ["Agreements", "Discovery"]
