"""What Application Auto Scaling may do to an endpoint, for the price of attaching to it."""

from ..connect.aws_errors import explained, if_there
from ..connect.session import Session
from .capacity import Capacity, capacity
from .endpoint import variants_of


def capacity_with_scaling(session: Session, endpoint_name: str) -> Capacity:
    """Return the most instances that an endpoint may run on, also those that a scaling target allows.

    Raises NotPermitted without application-autoscaling:DescribeScalableTargets: what is not seen may cost.
    """
    prefix = f"endpoint/{endpoint_name}/variant/"
    with explained(f"see how far {endpoint_name!r} may scale"):
        sagemaker, scaling = session.client("sagemaker"), session.client("application-autoscaling")
        endpoint = sagemaker.describe_endpoint(EndpointName=endpoint_name)
        name = endpoint.get("EndpointConfigName", "")
        config = if_there(sagemaker.describe_endpoint_config, EndpointConfigName=name) or {}
        pages = scaling.get_paginator("describe_scalable_targets").paginate(ServiceNamespace="sagemaker")
        most = {
            each["ResourceId"].removeprefix(prefix): int(each["MaxCapacity"])
            for page in pages
            for each in page["ScalableTargets"]
            if each["ResourceId"].startswith(prefix)
        }
    return capacity(variants_of(config), variants_of(endpoint), most)
