"""Every AWS service that the sandbox does not practise itself is moto's: STS, IAM, S3, CloudWatch, Logs, ...

moto is slow to import, so this module imports it inside `load`, which the server runs in the background.
"""

import logging
import os
from collections.abc import Callable, Iterable
from typing import Any, cast

from starlette.types import ASGIApp

from ..aws.service import AwsError
from ..settings import ACCOUNT

logger = logging.getLogger(__name__)

_THREADS = 8


def load() -> ASGIApp:
    """moto's server as an ASGI application."""
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"  # no web page has business here
    from a2wsgi import WSGIMiddleware
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    moto = DomainDispatcherApplication(create_backend_app)
    # a2wsgi types the same protocol more closely than Starlette does
    return cast(ASGIApp, WSGIMiddleware(_guarded(moto), workers=_THREADS))


def _guarded(wsgi: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """moto with the path as it was sent, which it needs for encoded slashes in S3 keys.

    moto hardly checks requests as AWS does: it stumbles over what it can't read. The same request would make
    it stumble again, so that is told as the request's fault, which no client tries again.
    """

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["RAW_URI"] = environ["asgi.scope"]["raw_path"].decode("ascii")
        try:
            return wsgi(environ, start_response)
        except Exception as error:
            logger.warning("moto stumbled", exc_info=error)
            # wording not established: AWS has one for each mistake
            message = f"moto, which answers for this service here, could not read the request: {error!r}"
            raise AwsError("ValidationException", message) from error

    return app
