"""The price an hour, as 02_deploy shows it again before anything costs."""

from .. import catalog
from ..connect.session import Session
from ..deploy import costs
from .table import Row, looked


@looked("price", "pricing")
def price(session: Session, model: catalog.Model, instance_type: str, software_usd: float | None) -> Row:
    """Return whether both parts of the price are known: without them nothing is created on AWS."""
    found = costs.price(session, model, instance_type, software_usd_per_hour=software_usd)
    lines = str(found).replace("\n    ", " ").splitlines()  # each part of the price is wrapped to be printed
    detail = "; ".join(line.strip() for line in lines)
    if found.usd_per_hour is not None:
        return Row("price", "ready", detail)
    fix = "attach data/iam-policy.json (pricing:GetProducts), or choose us-east-1, where estimates are known"
    if found.software_usd is None:
        fix = f"software_usd_per_hour = the software's price on {model.listing_url}"
    return Row("price", "not ready", detail, fix)
