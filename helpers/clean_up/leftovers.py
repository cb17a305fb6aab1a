"""Resources of this tutorial that still exist, found by tag and by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from ..connect.aws_errors import DENIED, explained, is_missing
from ..connect.session import Session
from ..deploy.deadline import deadlines
from ..deploy.endpoint import TAG
from ..errors import NotConnected, NotPermitted, SandboxStopped, Throttled

COULD_NOT_TELL = "could not tell"
Tagged = dict[str, str]


@dataclass(frozen=True)
class Kind:
    """A kind of resource that SageMaker lists."""

    words: str
    type: str
    operation: str
    member: str


KINDS = (
    Kind("endpoint", "endpoint", "list_endpoints", "Endpoint"),
    Kind("endpoint configuration", "endpoint-config", "list_endpoint_configs", "EndpointConfig"),
    Kind("model", "model", "list_models", "Model"),
)
NEW = timedelta(hours=1)


def leftovers(session: Session, endpoint_name: str = "") -> list[str]:
    """Return kind and name of this tutorial's resources in this region, found by tag or by `endpoint_name`.

    Endpoints cost money while they exist; configurations and models are free, and so are deadlines, which
    come with their time, also those of endpoints that are gone. Ten alarms and three dashboards are free. A
    dashboard has no tags, so that of `endpoint_name` alone is found. If a permission is missing, an entry
    begins with "could not tell": only an empty list says that nothing is left.
    """
    tagged = _tagged(session)
    found = [line for kind in KINDS for line in _of_kind(session, kind, endpoint_name, tagged)]
    return [*found, *_deadlines(session), *_alarms(tagged), *_dashboards(session, endpoint_name)]


def tags(session: Session, arn: str) -> list[dict[str, str]] | None:
    """Return the tags of a resource; [] if it is gone, None if they may not be read."""
    try:
        return list(session.client("sagemaker").list_tags(ResourceArn=arn)["Tags"])
    except ClientError as error:
        if error.response["Error"]["Code"] in DENIED:
            return None
        if is_missing(error):
            return []
        raise


def has_tag(session: Session, arn: str) -> bool | None:
    """Return whether a resource has this tutorial's tag, so that it is ours; None if that may not be read."""
    found = tags(session, arn)
    return None if found is None else TAG in found


def _tagged(session: Session) -> Tagged | None:
    """Return the ARNs of what has this tutorial's tag, under their lower case; None if not permitted."""
    api = session.client("resourcegroupstaggingapi")
    asked = {
        "TagFilters": [{"Key": TAG["Key"], "Values": [TAG["Value"]]}],
        "ResourceTypeFilters": [*(f"sagemaker:{each.type}" for each in KINDS), "cloudwatch:alarm"],
    }
    try:
        with explained("look for what has this tutorial's tag"):
            pages = api.get_paginator("get_resources").paginate(**asked)
            arns = [each["ResourceARN"] for page in pages for each in page["ResourceTagMappingList"]]
            return {arn.lower(): arn for arn in arns}
    except SandboxStopped:
        raise
    except (NotPermitted, NotConnected, Throttled, ClientError):
        return None


def _deadlines(session: Session) -> Iterator[str]:
    try:
        for name, moment in deadlines(session).items():
            yield f"deadline of {name}, {moment:%Y-%m-%d %H:%M} UTC"
    except NotPermitted as error:
        yield f"{COULD_NOT_TELL} which deadlines there are: {error}"


def _alarms(tagged: Tagged | None) -> Iterator[str]:
    if tagged is None:
        yield f"{COULD_NOT_TELL} which alarms there are, as nobody says what has a tag (tag:GetResources)"
    for arn in (tagged or {}).values():
        if ":alarm:" in arn:
            yield f"alarm {arn.partition(':alarm:')[2]}"


def _dashboards(session: Session, endpoint_name: str) -> Iterator[str]:
    if not endpoint_name:
        return
    try:
        if name := find_dashboard(session, endpoint_name):
            yield f"dashboard {name}"
    except NotPermitted as error:
        yield f"{COULD_NOT_TELL} whether there is a dashboard: {error}"


def dashboard_name(endpoint_name: str) -> str:
    """Return the name of the tutorial's dashboard of an endpoint."""
    return f"{endpoint_name}-dashboard"


def find_dashboard(session: Session, endpoint_name: str) -> str:
    """Return the name of the endpoint's dashboard, "" if there is none. Raises NotPermitted."""
    name = dashboard_name(endpoint_name)
    with explained(f"look for the dashboard {name!r}"):
        api = session.client("cloudwatch")
        found = api.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    return name if name in [each["DashboardName"] for each in found] else ""


def _of_kind(session: Session, kind: Kind, endpoint_name: str, tagged: Tagged | None) -> Iterator[str]:
    unknown = []
    try:
        for item in _listed(session, kind):
            name = item[f"{kind.member}Name"]
            ours = name == endpoint_name or _is_ours(session, kind, item, tagged)
            if ours:
                yield f"{kind.words} {name}"
            elif ours is None:
                unknown.append(name)
    except NotPermitted as error:
        yield f"{COULD_NOT_TELL} which {kind.words}s there are: {error}"
    if unknown:
        yield (
            f"{COULD_NOT_TELL} whose these {kind.words}s are, as reading their tags is not permitted "
            f"(tag:GetResources, sagemaker:ListTags): {', '.join(unknown)}"
        )


def _is_ours(session: Session, kind: Kind, item: dict[str, Any], tagged: Tagged | None) -> bool | None:
    """Return whether the item has our tag; None if that may not be read."""
    arn = item[f"{kind.member}Arn"]
    if tagged is not None:
        if arn.lower() in tagged:
            return True
        # The Tagging API may know a new tag some time later (not established when).
        if datetime.now(UTC) - item["CreationTime"] > NEW:
            return False
    return has_tag(session, arn)


def _listed(session: Session, kind: Kind) -> Iterator[dict[str, Any]]:
    """Yield all resources of a kind, except endpoints that are being deleted."""
    with explained(f"list what is left of kind {kind.words}"):
        for page in session.client("sagemaker").get_paginator(kind.operation).paginate():
            yield from (i for i in page[f"{kind.member}s"] if i.get("EndpointStatus") != "Deleting")
