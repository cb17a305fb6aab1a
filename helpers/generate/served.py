"""The model that an endpoint serves, and the API that one talks to it by."""

from .. import catalog
from ..connect.session import Session
from ..deploy import endpoint
from ..errors import BadInput, EndpointNotReady, UnknownModel

ANSWERING = ("InService", "Updating", "SystemUpdating", "RollingBack")


def served_model(
    session: Session,
    endpoint_name: str,
    model_id: str | None = None,
    model_package_arn: str | None = None,
    api: str | None = None,
) -> catalog.Model:
    """Return the model of the endpoint's own package, talked to by `api` (None: by its own).

    What is expected, `model_package_arn` or else `model_id`, is checked against it (BadInput). Raises
    UnknownModel for a package that the catalogue lacks, without an `api`; EndpointNotFound; EndpointNotReady.
    """
    expected = catalog.model(model_id) if model_id else None
    served = endpoint.describe(session, endpoint_name)
    if served.status not in ANSWERING:
        raise EndpointNotReady(
            f"{endpoint_name!r} is {served.status}, so it cannot generate. "
            f"{served.failure_reason or 'Wait for it in 02_deploy.'}"
        )
    if not served.package_arn:
        return _gone(endpoint_name, model_id, model_package_arn, api)
    if model_package_arn not in (None, served.package_arn):
        raise BadInput(
            f"{endpoint_name!r} serves {served.package_arn}: set model_package_arn to that, or to None."
        )
    known = served.model
    if known is None:
        return _unlisted(endpoint_name, served.package_arn, api)
    if model_package_arn is None and expected is not None and known.id != expected.id:
        raise BadInput(f"{endpoint_name!r} serves {known.id}: set model_id to that, not {model_id!r}.")
    return catalog.with_api(known, api)


def _gone(
    endpoint_name: str, model_id: str | None, model_package_arn: str | None, api: str | None
) -> catalog.Model:
    """Return what is expected of an endpoint that outlives the Model it was made from."""
    if model_id is None and model_package_arn is None:
        raise UnknownModel(
            f"What {endpoint_name!r} serves can't be told: the model it was made from is gone. Say which it "
            f"is: model_id=..., or model_package_arn=... and api=..."
        )
    return catalog.choose(model_id or "", model_package_arn, api)


def _unlisted(endpoint_name: str, package_arn: str, api: str | None) -> catalog.Model:
    if api is None:
        raise UnknownModel(
            f"{endpoint_name!r} serves a model package that data/models.json does not list. Say by which API "
            f"one talks to it: api = 'chat-v2' for Command A and newer, 'chat-v1' for Command R, 'generate' "
            f"for what came before."
        )
    return catalog.custom(package_arn, api)
