"""The subscription on AWS Marketplace, and whether SageMaker knows of it."""

from .. import catalog
from ..connect.session import Session
from ..errors import NotOffered
from ..subscribe import marketplace
from .table import Row, looked

SUBSCRIBE = "run 01_subscribe with the same model_id"
WAIT = "wait some minutes, then check again"


@looked("subscription", "aws-marketplace")
def subscription(session: Session, model: catalog.Model) -> Row:
    """Return whether the account is subscribed and the entitlement provisioned."""
    if model.listing_id is None:
        why = f"the catalogue knows no listing of {model.name}"
        return Row("subscription", "can't tell", why, f"look at {model.listing_url}")
    found = marketplace.subscription(session, model)
    if found is None:
        return Row("subscription", "not ready", f"this account has none to {model.id}", SUBSCRIBE)
    if not found.ready:
        why = f"agreement {found.agreement_id} is accepted, its entitlement is pending"
        return Row("subscription", "not ready", why, WAIT)
    return Row("subscription", "ready", f"agreement {found.agreement_id}, entitlement provisioned")


@looked("terms", "aws-marketplace")
def terms(session: Session, model: catalog.Model, *, subscribed: bool) -> Row:
    """Return the documents of the offer, and whether it takes new subscribers."""
    if model.listing_id is None:
        return Row("terms", "can't tell", "they are on the listing", f"read them at {model.listing_url}")
    try:
        found = marketplace.offer(session, model)
    except NotOffered as error:
        if subscribed:
            return Row("terms", "ready", f"you are subscribed; the listing has no open offer now: {error}")
        return Row("terms", "not ready", str(error), "model_id = one that is offered")
    if not (subscribed or found.takes_subscribers):
        why = f"{found.title} takes no new subscribers ({found.listing_url})"
        return Row("terms", "not ready", why, "model_id = one that is offered")
    read = ", ".join(found.documents) or found.listing_url
    return Row("terms", "ready", f"{read}; refunds: {found.refund_policy or 'see the listing'}")
