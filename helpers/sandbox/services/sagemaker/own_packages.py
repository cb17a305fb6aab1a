"""The account's own model packages, one for each API, to practise with what no catalogue lists.

On AWS they would be the account's own, or shared with it by a seller: such a package needs no subscription.
"""

from helpers import catalog
from helpers.sandbox.aws.service import Context

API_OF_PACKAGE = {
    "practice-generate": "generate",
    "practice-chat-v1": "chat-v1",
    "practice-chat-v2": "chat-v2",
}
INSTANCE_TYPES = ("ml.g5.xlarge", "ml.g6.xlarge")
PUBLISHED = "2026-11-29"


def own_packages(context: Context) -> dict[str, catalog.Model]:
    """Return ARN -> model of all the packages that the account itself has in this region."""
    arns = {own_arn(name, context): api for name, api in API_OF_PACKAGE.items()}
    return {arn: catalog.custom(arn, api, *INSTANCE_TYPES) for arn, api in arns.items()}


def own_arn(name: str, context: Context) -> str:
    """Return the ARN of the account's own package of that name in this region."""
    return f"arn:aws:sagemaker:{context.region}:{context.account}:model-package/{name}"
