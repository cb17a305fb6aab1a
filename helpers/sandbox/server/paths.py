"""Paths that moto would answer although no AWS service has them."""

from urllib.parse import unquote

from ..aws.service import AwsError

# moto's controls, which reset it or record to disk, and an instance's metadata
_OF_MOTO = ("/moto-api", "/favicon.ico", "/latest/meta-data/", "/latest/api/")


def check_path(path: str) -> None:
    """Raise AwsError (403) if a decoded path is one of moto's own, which no AWS service has."""
    if ("/" + unquote(path).lstrip("/")).startswith(_OF_MOTO):
        # wording (not established): AWS has no such paths
        raise AwsError("AccessDenied", "The sandbox does not offer this path.", 403)
