"""Resources of this tutorial that still exist, found by tag and by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ..connect.aws_errors import DENIED, explained, is_missing
from ..connect.session import Session
from ..deploy.endpoint import TAG
from ..errors import NotPermitted

COULD_NOT_TELL = "could not tell"


@dataclass(frozen=True)
class Kind:
    """A kind of resource that SageMaker lists."""

    words: str
    operation: str
    member: str


KINDS = (
    Kind("endpoint", "list_endpoints", "Endpoint"),
    Kind("endpoint configuration", "list_endpoint_configs", "EndpointConfig"),
    Kind("model", "list_models", "Model"),
)


def leftovers(session: Session, endpoint_name: str = "") -> list[str]:
    """Return kind and name of this tutorial's resources in this region, found by tag or by `endpoint_name`.

    Endpoints cost money while they exist; configurations and models are free. If a permission is missing, an
    entry begins with "could not tell": only an empty list says that nothing is left.
    """
    return [line for kind in KINDS for line in _of_kind(session, kind, endpoint_name)]


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


def _of_kind(session: Session, kind: Kind, endpoint_name: str) -> Iterator[str]:
    unknown = []
    try:
        for item in _listed(session, kind):
            name = item[f"{kind.member}Name"]
            found = None if name == endpoint_name else tags(session, item[f"{kind.member}Arn"])
            if name == endpoint_name or TAG in (found or []):
                yield f"{kind.words} {name}"
            elif found is None:
                unknown.append(name)
    except NotPermitted as error:
        yield f"{COULD_NOT_TELL} which {kind.words}s there are: {error}"
    if unknown:
        yield (
            f"{COULD_NOT_TELL} whose these {kind.words}s are, as reading their tags is not permitted "
            f"(sagemaker:ListTags): {', '.join(unknown)}"
        )


def _listed(session: Session, kind: Kind) -> Iterator[dict[str, Any]]:
    """Yield all resources of a kind, except endpoints that are being deleted."""
    with explained(f"list what is left of kind {kind.words}"):
        for page in session.client("sagemaker").get_paginator(kind.operation).paginate():
            yield from (i for i in page[f"{kind.member}s"] if i.get("EndpointStatus") != "Deleting")
