"""An endpoint in the started sandbox, made and removed with the tutorial's own helpers."""

from collections.abc import Iterator
from contextlib import contextmanager

from helpers.clean_up.delete import delete
from helpers.connect.session import Session, connect
from helpers.deploy.deployment import deploy
from helpers.subscribe import marketplace

REGION = "us-west-2"  # quotas count by region: the other tests' endpoints are in us-east-1


def silent(_: str) -> None:
    """Where progress goes."""


@contextmanager
def subscribed(model_id: str, region: str) -> Iterator[Session]:
    """A session, subscribed to the model; afterwards as it was before."""
    session = connect(region=region)
    before = marketplace.subscription(session, model_id)
    marketplace.subscribe(session, model_id, tell=silent)
    yield session
    if before is None:
        marketplace.cancel(session, model_id, confirm=True)


@contextmanager
def deployed(name: str, model_id: str = "cohere-medium", region: str = REGION) -> Iterator[Session]:
    """A session of a region in which that endpoint is InService."""
    with subscribed(model_id, region) as session:
        deploy(session, model_id, name, delete_after_hours=None, tell=silent)
        yield session
        delete(session, name, tell=silent)
