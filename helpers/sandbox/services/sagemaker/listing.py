"""Filtering, sorting and paging of all List operations."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from helpers.sandbox.aws.paging import page

from .errors import refused
from .state import Record

PAGE = 10  # botocore's documentation of ListEndpoints; for the others (not established)


@dataclass(frozen=True)
class Row:
    """A resource in a list: the values to filter and sort by, and the summary that is returned."""

    name: str
    created: datetime
    modified: datetime
    status: str
    summary: dict[str, Any]


def answer(member: str, rows: Iterable[Row], params: dict[str, Any]) -> dict[str, Any]:
    """Return a List operation's response: the rows that pass, newest first by default."""
    sort_by = params.get("SortBy", "CreationTime")
    chosen, token = page(
        [row for row in rows if _passes(row, params)],
        lambda row: _sort_key(row, sort_by),
        size=params.get("MaxResults", PAGE),
        token=params.get("NextToken"),
        bad_token=refused("Invalid NextToken."),  # wording (not established)
        descending=params.get("SortOrder", "Descending") == "Descending",
    )
    return {member: [row.summary for row in chosen], **({"NextToken": token} if token else {})}


def records(member: str, found: Iterable[Record], params: dict[str, Any]) -> dict[str, Any]:
    """Return the response of ListModels or ListEndpointConfigs; `member` is "Model" or "EndpointConfig"."""
    rows = []
    for each in found:
        summary = {f"{member}Name": each.name, f"{member}Arn": each.arn, "CreationTime": each.created}
        rows.append(Row(each.name, each.created, each.created, "", summary))
    return answer(f"{member}s", rows, params)


def _sort_key(row: Row, sort_by: str) -> tuple[str, str]:
    created = row.created.astimezone(UTC).isoformat(timespec="microseconds")
    return {"Name": row.name, "HubContentName": row.name, "Status": row.status}.get(
        sort_by, created
    ), row.name


def _passes(row: Row, params: dict[str, Any]) -> bool:
    return (
        params.get("NameContains", "") in row.name
        and params.get("StatusEquals", row.status) == row.status
        and _within(row.created, params, "CreationTime")
        and _within(row.modified, params, "LastModifiedTime")
    )


def _within(moment: datetime, params: dict[str, Any], name: str) -> bool:
    after, before = params.get(f"{name}After"), params.get(f"{name}Before")
    return (after is None or moment >= after) and (before is None or moment < before)
