"""Paths that no AWS service has, and that what answers behind the port would still serve."""

from urllib.parse import unquote

from ..aws.service import AwsError

# What moto answers besides AWS: its own controls (they reset, and record to disk), an instance's metadata.
_OF_MOTO = ("/moto-api", "/favicon.ico", "/latest/meta-data/", "/latest/api/")


def check_path(path: str) -> None:
    """Raise AwsError for a path (decoded) of moto's own, which is none of AWS's services."""
    if ("/" + unquote(path).lstrip("/")).startswith(_OF_MOTO):
        # wording not established: AWS has no such paths
        raise AwsError("AccessDenied", "The sandbox does not offer this path.", 403)
