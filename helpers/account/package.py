"""The model package: whether SageMaker sees it, and on which instance types it runs."""

from botocore.exceptions import ClientError

from .. import catalog
from ..connect.session import Session
from ..deploy.packages import describe_package
from .table import Row, looked


@looked("model package", "sagemaker")
def package(session: Session, model: catalog.Model, arn: str) -> Row:
    """Return whether SageMaker sees the model package of that ARN in the region."""
    try:
        status = describe_package(session, arn).status
    except ClientError as error:
        told = error.response["Error"]
        if told["Code"] not in ("ValidationException", "ResourceNotFoundException", "ResourceNotFound"):
            raise
        why = f"SageMaker does not see {arn}: {told['Message']}"
        return Row("model package", "not ready", why, _copy(session, model))
    if status != "Completed":
        return Row("model package", "not ready", f"{arn} is {status}", _copy(session, model))
    return Row("model package", "ready", arn)


@looked("instance type", "sagemaker")
def instance_type(session: Session, model: catalog.Model, arn: str, wanted: str, *, own: bool) -> Row:
    """Return whether the package runs on the instance type.

    `own` says that the ARN is the reader's: then the catalogue, which knows its own packages, is not asked.
    """
    supported = describe_package(session, arn).instance_types
    possible = list(supported) if own else [each for each in model.instance_types if each in supported]
    if wanted in possible:
        return Row("instance type", "ready", f"the package runs on {wanted}")
    why = f"the package does not run on {wanted}, but on {', '.join(possible or supported)}"
    fix = f'instance_type = "{possible[0]}"' if possible else _copy(session, model)
    return Row("instance type", "not ready", why, fix)


def _copy(session: Session, model: catalog.Model) -> str:
    return (
        f"copy the package's ARN for {session.region} from the Configure page of {model.listing_url} "
        f"into model_package_arn"
    )
