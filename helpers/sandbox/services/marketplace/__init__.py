"""AWS Marketplace for a buyer: discovery of listings, agreements (subscriptions)."""

from .agreements import Agreements
from .discovery import Discovery

__all__ = ["Agreements", "Discovery"]
