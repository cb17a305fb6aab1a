"""SageMaker's control plane: models, endpoint configurations, endpoints, model packages, tags."""

from helpers.sandbox.aws.service import AwsError, Context

from .endpoints import EndpointOperations
from .hub import HubOperations
from .lifecycle import Variant
from .model_packages import PackageOperations
from .models import ModelOperations
from .tags import TagOperations

__all__ = ["SageMaker", "Variant"]


class SageMaker(PackageOperations, HubOperations, ModelOperations, EndpointOperations, TagOperations):
    """The service `sagemaker`, for hosting of Marketplace model packages; all state is in memory."""

    def route(self, endpoint_name: str, context: Context, target_variant: str | None = None) -> Variant:
        """Return the variant that answers an invocation: `target_variant`, or one drawn by weight.

        Raises AwsError ValidationError, in the runtime's wording.
        """
        endpoint = self._region(context).endpoints.get(endpoint_name)
        if endpoint is None:
            raise _no_route(f"Endpoint {endpoint_name} of account {context.account} not found.")
        if not endpoint.serving:
            # wording (not established)
            raise _no_route(
                f"Endpoint {endpoint_name} of account {context.account} is not in service: "
                f"its status is {endpoint.status}."
            )
        return self._choose(endpoint.serving, target_variant)

    def _choose(self, variants: tuple[Variant, ...], target_variant: str | None) -> Variant:
        if target_variant is not None:
            for variant in variants:
                if variant.name == target_variant:
                    return variant
            raise _no_route(f"Variant {target_variant} not found for Request")
        largest = max(variant.weight for variant in variants)
        # what AWS does if every weight is 0 (not established): here all are equally likely
        shares = [variant.weight / largest for variant in variants] if largest else None
        return self._chance.choices(variants, shares)[0]


def _no_route(message: str) -> AwsError:
    return AwsError("ValidationError", message)
