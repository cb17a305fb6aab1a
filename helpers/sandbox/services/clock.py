"""The services' clock, which tests replace by one of their own."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time, aware of its zone."""
    return datetime.now(UTC)
