"""The Resource Groups Tagging API, which is moto's, and sees what this sandbox's SageMaker has tagged."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from ..settings import ACCOUNT


class Tagged(Protocol):
    """A service with tagged resources; `sagemaker.SageMaker` is one."""

    def tagged(self, region: str) -> Iterable[tuple[str, str, dict[str, str]]]:
        """Return the ARN, type ("sagemaker:endpoint") and tags of each of the region's resources."""
        ...


class Tagging:
    """SageMaker's resources for moto's Tagging API, which may only read their tags."""

    def __init__(self, sagemaker: Tagged) -> None:
        self._sagemaker = sagemaker

    def connect(self) -> None:
        """Let moto's Tagging API see them from now on."""
        from moto.core.base_backend import BackendDict, BaseBackend
        from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource

        sagemaker = self._sagemaker

        class Resources(BaseBackend, TaggableResourcesMixin):
            SERVICE_NAMESPACE = "sagemaker"

            def iter_tagged_resources(self) -> Iterator[Any]:
                for arn, kind, tags in sagemaker.tagged(self.region_name):
                    yield TaggedResource(arn, dict(tags), kind)

        _ = BackendDict(Resources, "sagemaker")[ACCOUNT]
