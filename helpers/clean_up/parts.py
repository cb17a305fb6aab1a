"""Deletion of an endpoint's configuration and models, which are free: in doubt they stay."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..connect.aws_errors import explained, if_there
from ..connect.session import Session
from ..errors import NotPermitted
from . import usage
from .leftovers import has_tag


@dataclass(frozen=True)
class Kind:
    """Endpoint configurations or models: SageMaker's operations and members, and what finds their users."""

    words: str
    member: str
    users: Callable[..., list[str]]

    def ask(self, session: Session, verb: str, name: str) -> dict[str, Any] | None:
        """Call "describe" or "delete" and return the response; None if there is none of that name."""
        operation = f"{verb}_{'model' if self is MODEL else 'endpoint_config'}"
        with explained(f"{verb} the {self.words} {name!r}"):
            return if_there(getattr(session.client("sagemaker"), operation), **{f"{self.member}Name": name})


CONFIG = Kind("endpoint configuration", "EndpointConfig", usage.users_of_config)
MODEL = Kind("model", "Model", usage.users_of_model)


def delete_parts(
    session: Session, endpoint_name: str, endpoint: dict[str, Any], tell: Callable[[str], object]
) -> list[str]:
    """Delete the endpoint's configurations and models as far as allowed; return each one's kind and name.

    `endpoint` is its description, {} if unknown. A part is deleted if it has this tutorial's tag or the
    endpoint's own name, and nothing else uses it; `tell` is called with the reason why another stays.
    """
    deleted, models = [], [endpoint_name]
    for name in dict.fromkeys([*usage.configs_of(endpoint), endpoint_name]):
        config = _described(session, CONFIG, name)
        models += usage.models_of(config or {})
        if config is not None and _delete(session, CONFIG, name, config, endpoint_name, tell):
            deleted.append(f"{CONFIG.words} {name}")
    for name in dict.fromkeys(models):
        model = _described(session, MODEL, name)
        if model is not None and _delete(session, MODEL, name, model, endpoint_name, tell):
            deleted.append(f"{MODEL.words} {name}")
    return deleted


def _described(session: Session, kind: Kind, name: str) -> dict[str, Any] | None:
    """Return the description; None if there is none, {} if it may not be described."""
    try:
        return kind.ask(session, "describe", name)
    except NotPermitted:
        return {}


def _delete(
    session: Session,
    kind: Kind,
    name: str,
    described: dict[str, Any],
    endpoint_name: str,
    tell: Callable[[str], object],
) -> bool:
    try:
        why = _why_it_stays(session, kind, name, described.get(f"{kind.member}Arn"), endpoint_name)
        if not why:
            return kind.ask(session, "delete", name) is not None
    except NotPermitted as error:
        why = str(error)
    tell(f"The {kind.words} {name} stays, at no cost: {why}")
    return False


def _why_it_stays(session: Session, kind: Kind, name: str, arn: str | None, endpoint_name: str) -> str:
    if name != endpoint_name:
        ours = has_tag(session, arn) if arn else None
        if ours is None:
            return "whether this tutorial has made it could not be told."
        if not ours:
            return "it lacks this tutorial's tag."
    others = kind.users(session, name, besides=endpoint_name)
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return f"in use by {', '.join(others[:3])}{more}." if others else ""
