"""All AWS services that moto answers, as the sandbox does not implement them: STS, IAM, S3, CloudWatch ...

moto is slow to import, so `load` imports it, which the server runs in the background.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, cast

from starlette.types import ASGIApp

from ..aws.service import AwsError
from ..settings import ACCOUNT
from . import stacks

logger = logging.getLogger(__name__)

_THREADS = 8


def load(roles: stacks.Roles) -> ASGIApp:
    """Return moto's server as an ASGI application; its stacks need the permissions of those roles."""
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"  # no web page may use the sandbox
    # jsonschema does without it where it is missing; its grammar takes longer to build than all that
    # CloudFormation imports besides, and nothing here checks the form of an address that way
    sys.modules.setdefault("rfc3987_syntax", cast(Any, None))
    from a2wsgi import WSGIMiddleware
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    def create(service: Any) -> Any:
        app = create_backend_app(service)
        if service == "cloudformation":
            stacks.connect(roles)
        return app

    moto = DomainDispatcherApplication(create)
    # a2wsgi's types for ASGI are narrower than Starlette's
    return cast(ASGIApp, WSGIMiddleware(_guarded(moto), workers=_THREADS))


def _guarded(wsgi: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Return moto as a WSGI application that gets the raw path, for encoded slashes in S3 keys.

    moto checks requests less than AWS does and raises on many malformed ones. It would raise again, so the
    error is a ValidationException, which clients do not retry.
    """

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        scope = environ["asgi.scope"]
        environ["RAW_URI"] = scope["raw_path"].decode("ascii")
        stacks.CALLER.set(scope["sandbox.caller"])
        try:
            return wsgi(environ, start_response)
        except Exception as error:
            logger.warning("moto stumbled", exc_info=error)
            # wording (not established): AWS has one for each mistake
            message = f"moto, which answers for this service here, could not read the request: {error!r}"
            raise AwsError("ValidationException", message) from error

    return app
