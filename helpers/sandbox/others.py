"""Every AWS service that the sandbox does not practise itself is moto's: STS, IAM, S3, CloudWatch, Logs, ...

moto is slow to import, so this module imports it inside `load`, which the server runs in the background.
"""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any, cast

from starlette.types import ASGIApp

from .settings import ACCOUNT, ROLE_NAME, ROLE_PATH

_THREADS = 8
_SAGEMAKER_MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def load() -> ASGIApp:
    """moto's server as an ASGI application, with the execution role of the notebooks in its IAM."""
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"  # no web page has business here
    from a2wsgi import WSGIMiddleware
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    _create_role()
    moto = DomainDispatcherApplication(create_backend_app)
    # a2wsgi types the same protocol more closely than Starlette does
    return cast(ASGIApp, WSGIMiddleware(_with_raw_path(moto), workers=_THREADS))


def _create_role() -> None:
    from moto.backends import get_backend

    get_backend("iam")[ACCOUNT]["aws"].create_role(
        role_name=ROLE_NAME,
        assume_role_policy_document=json.dumps(_SAGEMAKER_MAY_ASSUME),
        path=ROLE_PATH,
        permissions_boundary=None,
        description="What SageMaker may do on your behalf while it runs your endpoint.",
        tags=[],
        max_session_duration="3600",
    )


def _with_raw_path(wsgi: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Pass the path on as it was sent: moto needs it for encoded slashes in S3 keys."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["RAW_URI"] = environ["asgi.scope"]["raw_path"].decode("ascii")
        return wsgi(environ, start_response)

    return app
