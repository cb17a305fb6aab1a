"""SearchAgreements' filters: their names, which can be combined, and what they match.

Source of names and combinations: botocore's documentation.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from .agreement_views import RESOURCE_TYPE, TYPE, Agreement
from .errors import invalid

NAMES = {
    "ResourceIdentifier",
    "ResourceType",
    "PartyType",
    "AcceptorAccountId",
    "OfferId",
    "Status",
    "BeforeEndTime",
    "AfterEndTime",
    "BeforeStartTime",
    "AfterStartTime",
    "BeforeLastUpdateTime",
    "AfterLastUpdateTime",
    "AgreementType",
    "OfferSetId",
    "EndTimeBehaviorType",
    "EndTimeBehaviorReasonCode",
    "InitialAgreementId",
    "LicenseArn",
    "IncludesContactOfType",
}
STATUSES = {"ACTIVE", "CANCELLED", "EXPIRED", "RENEWED", "REPLACED", "TERMINATED"}
# filters that an acceptor may combine, in addition to PartyType, AgreementType and the two end times
COMBINATIONS: list[set[str]] = [
    set(),
    {"Status"},
    {"ResourceIdentifier"},
    {"ResourceIdentifier", "Status"},
    {"ResourceType"},
    {"OfferId"},
    {"OfferId", "Status"},
    {"OfferSetId"},
    {"OfferSetId", "Status"},
]
END_TIMES = {"BeforeEndTime", "AfterEndTime"}


def matching(
    agreements: Iterable[Agreement], filters: list[dict[str, Any]], now: datetime
) -> list[Agreement]:
    """Return the agreements that pass. Raises ValidationException for filters that AWS does not support."""
    conditions = _read(filters)
    tests: dict[str, Callable[[Agreement, str], bool]] = {
        "Status": lambda a, value: a.status(now) == value,
        "ResourceIdentifier": lambda a, value: a.listing.product_id == value,
        "ResourceType": lambda a, value: value == RESOURCE_TYPE,
        "OfferId": lambda a, value: a.listing.offer_id == value,
        "OfferSetId": lambda a, value: False,
        "BeforeEndTime": lambda a, value: a.ends < _time(value),
        "AfterEndTime": lambda a, value: a.ends > _time(value),
        "PartyType": lambda a, value: value == "Acceptor",
        "AgreementType": lambda a, value: value == TYPE,
    }
    return [a for a in agreements if all(tests[name](a, value) for name, value in conditions.items())]


def sort_key(agreement: Agreement) -> tuple[str, str]:
    """Return the end time, the only order that an acceptor can ask for."""
    return agreement.ends.astimezone(UTC).isoformat(timespec="microseconds"), agreement.id


def _read(filters: list[dict[str, Any]]) -> dict[str, str]:
    conditions: dict[str, str] = {}
    for each in filters:
        name, values = each.get("name"), each.get("values")
        if name not in NAMES:
            raise invalid("INVALID_FILTER_NAME", f"Unknown filter {name!r}.", "filters")
        if not values:
            raise invalid("MISSING_FILTER_VALUES", f"Filter {name} has no value.", "filters")
        conditions[name] = values[0]
    _check(conditions)
    return conditions


def _check(conditions: dict[str, str]) -> None:
    if conditions.get("PartyType") not in ("Acceptor", "Proposer"):
        reason = "INVALID_PARTY_TYPE" if "PartyType" in conditions else "MISSING_PARTY_TYPE"
        raise invalid(reason, "PartyType must be Acceptor or Proposer.", "filters")
    if conditions.get("Status", "ACTIVE") not in STATUSES:
        raise invalid("INVALID_FILTER_VALUES", f"Unknown status {conditions['Status']!r}.", "filters")
    rest = conditions.keys() - {"PartyType", "AgreementType"} - END_TIMES
    if "AgreementType" not in conditions or rest not in COMBINATIONS:
        message = f"This combination of filters is not supported: {', '.join(sorted(conditions))}."
        raise invalid("UNSUPPORTED_FILTERS", message, "filters")
    for name in END_TIMES & conditions.keys():
        _time(conditions[name])


def _time(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise invalid("INVALID_FILTER_VALUES", f"Not a time: {value!r}.", "filters") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
