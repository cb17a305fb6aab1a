"""What this tutorial made and has not deleted, found by tag and by name; "could not tell" is an answer."""

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
    """A kind of thing that SageMaker lists."""

    words: str
    operation: str
    member: str


KINDS = (
    Kind("endpoint", "list_endpoints", "Endpoint"),
    Kind("endpoint configuration", "list_endpoint_configs", "EndpointConfig"),
    Kind("model", "list_models", "Model"),
)


def leftovers(session: Session, endpoint_name: str = "") -> list[str]:
    """What there is of this tutorial in this region, as kind and name, by tag, and by name if one is given.

    Endpoints bill while they exist; configurations and models cost nothing. Where a permission is missing, an
    entry begins with "could not tell", so that only a list that is empty says that nothing is left.
    """
    return [line for kind in KINDS for line in _of_kind(session, kind, endpoint_name)]


def tags(session: Session, arn: str) -> list[dict[str, str]] | None:
    """The tags of a resource; None where they may not be read. Of one that is gone, none."""
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
    """All of a kind; an endpoint that is being deleted is no longer left."""
    with explained(f"list what is left of kind {kind.words}"):
        for page in session.client("sagemaker").get_paginator(kind.operation).paginate():
            yield from (i for i in page[f"{kind.member}s"] if i.get("EndpointStatus") != "Deleting")
