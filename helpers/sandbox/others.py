"""Every AWS service that the sandbox does not practise itself is moto's: STS, IAM, S3, CloudWatch, Logs, ...

moto is slow to import, so this module imports it inside `load`, which the server runs in the background.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any, cast

from starlette.types import ASGIApp

from .settings import ACCOUNT

_THREADS = 8


def load() -> ASGIApp:
    """moto's server as an ASGI application."""
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"  # no web page has business here
    from a2wsgi import WSGIMiddleware
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    moto = DomainDispatcherApplication(create_backend_app)
    # a2wsgi types the same protocol more closely than Starlette does
    return cast(ASGIApp, WSGIMiddleware(_with_raw_path(moto), workers=_THREADS))


def _with_raw_path(wsgi: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Pass the path on as it was sent: moto needs it for encoded slashes in S3 keys."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["RAW_URI"] = environ["asgi.scope"]["raw_path"].decode("ascii")
        return wsgi(environ, start_response)

    return app
