"""The sandbox's boto3 session: its clients reach this machine alone, and nothing of the user's account."""

import os
import socket
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config

from ..errors import SandboxStopped

# codes for an unknown key, of JSON services, query services and S3
UNKNOWN_KEY_CODES = ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId")


class SandboxSession(boto3.Session):  # type: ignore[misc]
    """A boto3 session whose clients all call the sandbox, whatever the environment says.

    It reads no profile, credentials file or proxy setting, so nothing of the user's own account can be read
    or sent.
    """

    def __init__(self, url: str, access_key_id: str, secret_access_key: str, region: str) -> None:
        self._url = url
        nothing = (None, None, None, None)
        nowhere = (None, None, os.devnull, None)
        isolated = botocore.session.Session(
            {"profile": nothing, "config_file": nowhere, "credentials_file": nowhere}
        )
        super().__init__(access_key_id, secret_access_key, region_name=region, botocore_session=isolated)

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        """Return a client of that AWS service, which the sandbox answers."""
        kwargs["endpoint_url"] = self._url
        kwargs["config"] = Config(proxies={}).merge(kwargs.get("config") or Config())
        client = super().client(service_name, *args, **kwargs)
        service_id = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first(f"needs-retry.{service_id}", self._stop_if_gone)
        return client

    def _stop_if_gone(self, response: Any = None, caught_exception: Any = None, **_: Any) -> None:
        """Raise SandboxStopped at once instead of retrying a refused connection for seconds."""
        stale = response is not None and response[1].get("Error", {}).get("Code") in UNKNOWN_KEY_CODES
        if stale or (caught_exception is not None and not _listens(self._url)):
            raise SandboxStopped(
                "The sandbox has stopped, and what you had made in it is gone with it. Run this notebook's "
                "connect(...) cell again for a new one, then start over from 01_subscribe."
            ) from caught_exception


def _listens(url: str) -> bool:
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname, address.port), timeout=1).close()
    except OSError:
        return False
    return True
