"""How far Application Auto Scaling lets an endpoint's variants grow."""

from ..connect.aws_errors import explained
from ..connect.session import Session


def maxima(session: Session, endpoint_name: str) -> dict[str, int]:
    """Return variant -> the most instances that its scaling target allows; variants without one are left out.

    Raises NotPermitted without application-autoscaling:DescribeScalableTargets: what is not seen may cost.
    """
    prefix = f"endpoint/{endpoint_name}/variant/"
    with explained(f"see how far {endpoint_name!r} may scale"):
        scaling = session.client("application-autoscaling")
        pages = scaling.get_paginator("describe_scalable_targets").paginate(ServiceNamespace="sagemaker")
        return {
            each["ResourceId"].removeprefix(prefix): int(each["MaxCapacity"])
            for page in pages
            for each in page["ScalableTargets"]
            if each["ResourceId"].startswith(prefix)
        }
