"""`check`: is my account ready? All looks in the order of the walk; none changes anything or costs."""

from .. import catalog
from ..connect import consent
from ..connect.session import Session
from . import identity, package, permissions, price, quota, roles, subscription
from .cases import EXAMPLE
from .table import Readiness, Row


def check(
    session: Session,
    model_id: str | catalog.Model | None = None,
    instance_type: str | None = None,
    *,
    endpoint_name: str | None = None,
    software_usd_per_hour: float | None = None,
) -> Readiness:
    """Look whether this account will get the model deployed; return a row for each look, with its cure.

    Without a model, only who you are, the region and the roles; in a region that the model is not published
    in, nothing that depends on the region. The instance type is by default the one that
    the listing recommends. `endpoint_name` is the endpoint that you will deploy: if it runs already, its
    share of the quota is no obstacle. `model_id` is of the catalogue, or a
    model of `catalog.choose`, which takes the ARN of any package. A look for which a permission is missing is
    "can't tell", never an error. Raises NotConnected where AWS can't be asked at all, BadInput for a wrong
    argument before any request.
    """
    model = None if model_id is None else catalog.model(model_id)
    own_usd = consent.amount_or_none("software_usd_per_hour", software_usd_per_hour)
    who, caller = identity.who(session)
    rows = [who, identity.region(session, model), roles.execution_role(session)]
    rows.append(roles.deadline_role(session, endpoint_name or EXAMPLE))
    if model is None:
        return Readiness(tuple(rows))
    wanted = instance_type or model.check_instance_type(None)
    rows.append(permissions.permissions(session, caller))
    subscribed = subscription.subscription(session, model)
    rows.append(subscribed)
    rows.append(subscription.terms(session, model, subscribed=subscribed.state == "ready"))
    if session.region not in model.regions:  # the rest is a matter of the region
        return Readiness(tuple(rows))
    rows += _package_rows(session, model, wanted)
    rows.append(quota.quota(session, wanted, endpoint_name))
    rows.append(price.price(session, model, wanted, own_usd))
    return Readiness(tuple(rows))


def _package_rows(session: Session, model: catalog.Model, wanted: str) -> list[Row]:
    known = wanted if wanted in model.packages or not model.packages else None
    arn = model.package_arn(session.region, known)
    seen = package.package(session, model, arn)
    if seen.state != "ready":
        return [seen]
    return [seen, package.instance_type(session, model, arn, wanted, own=model.arn is not None)]
