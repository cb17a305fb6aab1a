"""Sliders for the first minutes, before anything was subscribed to or deployed: in the sandbox alone."""

from typing import TYPE_CHECKING

from ..deploy.deployment import deploy
from ..errors import EndpointNotFound, NotConnected, TutorialError
from ..generate.client import Client
from ..notebook.markup import Html
from ..subscribe import marketplace
from .rendering import line
from .widget import Playground

if TYPE_CHECKING:
    from ..connect.session import Session
    from ..generate.stream import Stream

ENDPOINT = "practice-sliders"  # 02_deploy deletes it
MODEL_ID = "command-light"  # not the notebooks' own, which 01_subscribe finds not subscribed to
ON_AWS = (
    "On your own account nothing is started here, as an endpoint costs by the hour: the sliders come in "
    "03_generate, on the endpoint that you deploy in 02_deploy."
)
GONE = "The practice endpoint is gone, as 02_deploy deletes it: run the connect cell and this one again."


def practice(session: "Session", *, prompt: str, interactive: bool | None = None) -> Playground | Html:
    """Return sliders over the practice model, on an endpoint of the sandbox's that it deploys if need be.

    On AWS, or where the sandbox refuses the endpoint (permissions, quota, region), return why there are none.
    `interactive` is as for `Playground`. Raises NotConnected if the sandbox has stopped.
    """
    if session.spends_money:
        return _told(ON_AWS)
    try:
        client = _deployed(session)
    except NotConnected:
        raise
    except TutorialError as error:  # told, as nothing else in the notebook needs the endpoint
        return _told(f"There are no sliders here now; 03_generate has them. {error}")

    def stream(prompt: str, temperature: float, max_tokens: int, p: float) -> "Stream":
        settings = {"temperature": temperature, "max_tokens": max_tokens, "p": p}
        try:
            return client.stream(prompt, likelihoods="GENERATION", **settings)
        except (EndpointNotFound, NotConnected) as error:
            raise EndpointNotFound(GONE) from error

    return Playground(
        stream,
        client.limits,
        writer=session.writer,
        interactive=interactive,
        prompt=prompt,
        temperature=1.0,
        max_tokens=60,
    )


def _deployed(session: "Session") -> Client:
    """Subscribe and deploy with the calls of 01 and 02; no deadline, as a new account has no role for one."""
    marketplace.subscribe(session, MODEL_ID, tell=_quiet)
    deploy(session, MODEL_ID, ENDPOINT, delete_after_hours=None, tell=_quiet)
    return Client(session, ENDPOINT)


def _quiet(_: str) -> None:
    """Tell nobody: what these steps are comes in 01 and 02."""


def _told(words: str) -> Html:
    return Html(line(words), words)
