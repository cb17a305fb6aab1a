"""Before 02: is my account ready? Whether it will get through the walk, and the cure of what will not."""

from .quota import QuotaRequest, request_quota
from .readiness import check
from .table import Readiness, Row

__all__ = ["QuotaRequest", "Readiness", "Row", "check", "request_quota"]
