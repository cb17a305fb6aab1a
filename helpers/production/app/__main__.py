"""`python -m helpers.production.app`: the service in front of an endpoint, on this machine's loopback.

In the sandbox it subscribes and deploys the practice endpoint if it is not there. On AWS it uses the endpoint
of that name and creates nothing; it needs the permissions of data/app-policy.json and no others.
"""

import argparse
import ipaddress
import logging
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

import uvicorn

from ... import catalog
from ...connect.session import Session, connect
from ...deploy.deployment import deploy
from ...deploy.endpoint import find
from ...errors import BadInput, TutorialError
from ...generate.client import Client
from ...notebook import parameters
from ...subscribe import marketplace
from ...tune.setting import load_setting
from .limits import Limits
from .service import LOOPBACK, Service

SETTING = {"max_tokens": 300}  # without 04_tune's
MOST_CONNECTIONS = 256
GRACE_SECONDS = 5  # for answers on their way when the service ends


def main(arguments: Iterable[str] | None = None) -> int:
    """Serve until interrupted; return 2 if an argument is wrong."""
    given = _parser().parse_args(None if arguments is None else list(arguments))
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        parameters.check(**{name: getattr(given, name) for name in CHECKED})
        service = _service(given)
    except BadInput as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    host = f"[{given.host}]" if ":" in given.host else given.host
    hosts = (host, *LOOPBACK) if is_loopback(given.host) else ("*",)
    config = uvicorn.Config(
        service.application(hosts),
        given.host,
        given.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # a reader could write any address into them
        timeout_graceful_shutdown=GRACE_SECONDS,
        limit_concurrency=MOST_CONNECTIONS,
    )
    print(f"Open http://{host}:{given.port} in a browser; Ctrl-C ends the service.", flush=True)
    uvicorn.Server(config).run()
    return 0


CHECKED = ("runtime", "region", "model_id", "endpoint_name", "model_package_arn", "api")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m helpers.production.app", description=__doc__)
    parser.add_argument("--runtime", default="sandbox", help="sandbox, or aws (%(default)s)")
    parser.add_argument("--region", default="us-east-1", help="the AWS region (%(default)s)")
    parser.add_argument("--endpoint-name", default="cohere-gpt-medium", help="the endpoint (%(default)s)")
    parser.add_argument("--model-id", default="cohere-medium", help="the model it serves (%(default)s)")
    parser.add_argument("--model-package-arn", help="another package that it serves")
    parser.add_argument("--api", help="generate, chat-v1 or chat-v2; without: the model's own")
    parser.add_argument("--setting", help="the setting.json of 04_tune; without: 300 tokens at most")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument(
        "--proxy", action="store_true", help="others reach it through a proxy here: tell them no details"
    )
    parser.add_argument("--port", type=int, default=8000, help="the port to listen on (%(default)s)")
    parser.add_argument(
        "--at-once", type=int, default=2, help="texts at a time for one address (%(default)s)"
    )
    parser.add_argument(
        "--a-minute", type=int, default=20, help="texts a minute for one address (%(default)s)"
    )
    return parser


def _service(given: argparse.Namespace) -> Service:
    """Return the service; where it can't reach its endpoint yet, say why, as its page will."""
    if given.runtime == "sandbox" and not is_loopback(given.host):
        raise BadInput(f"The sandbox stays on this machine: leave --host {given.host} out, or use AWS.")
    limits = Limits(given.at_once, given.a_minute)
    setting: dict[str, Any] = load_setting(given.setting) if given.setting else SETTING
    model = catalog.choose(given.model_id, given.model_package_arn, given.api)
    try:
        session = connect(given.runtime, given.region)
        if not session.spends_money:
            _practise(session, model, given.endpoint_name)
    except TutorialError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    make = partial(_client, given.runtime, given.region, given.endpoint_name, model)
    return Service(make, setting, limits=limits, local=is_loopback(given.host) and not given.proxy)


def _client(runtime: str, region: str, endpoint_name: str, model: catalog.Model) -> Client:
    return Client(connect(runtime, region), endpoint_name, model=model)


def _practise(session: Session, model: catalog.Model, endpoint_name: str) -> None:
    if find(session, endpoint_name) is None:
        if model.arn is None:
            marketplace.subscribe(session, model)
        deploy(session, model, endpoint_name, delete_after_hours=None)


def is_loopback(host: str) -> bool:
    """Tell whether who listens on that address is reached from this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    sys.exit(main())
