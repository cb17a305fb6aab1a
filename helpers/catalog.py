"""The catalogue: Cohere's models, the regions they are published in, the instance types they run on.

The facts are in `data/models.json` and `data/instances.json`, each with its date and its source. The sandbox
reads the same files, so both sides of the wire agree.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .errors import BadInput, UnknownInstanceType, UnknownModel, UnsupportedRegion

DATA = Path(__file__).resolve().parent.parent / "data"
GENERATING_APIS = ("generate", "chat-v1", "chat-v2")


@dataclass(frozen=True)
class Limit:
    """A parameter's range, both ends included, and what the API takes when it is left out."""

    low: float
    high: float
    default: float

    def check(self, name: str, value: float) -> None:
        """Raise BadInput unless `value` is a number within the range."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (is_number and self.low <= value <= self.high):
            raise BadInput(f"{name} is {value!r}; this model takes {self.low:g} to {self.high:g}.")


@dataclass(frozen=True)
class InstanceType:
    """A SageMaker hosting instance type.

    Memory is in GB for each GPU; `usd_per_hour` is an estimate for us-east-1 (None: not established).
    """

    type: str
    gpu: str
    gpus: int
    gpu_memory_gb_each: int
    usd_per_hour: float | None
    as_of: str
    source: str
    note: str = ""

    @property
    def gpu_memory_gb(self) -> int:
        """All GPUs' memory together, in GB."""
        return self.gpus * self.gpu_memory_gb_each


@dataclass(frozen=True)
class Model:
    """One model of Cohere's as AWS Marketplace sells it: a model package an instance type and region."""

    id: str
    name: str
    api: str
    listing_id: str
    packages: dict[str, str]
    regions: tuple[str, ...]
    first_regions: tuple[str, ...]
    limits: dict[str, Limit]
    context_tokens: int | None
    inference_ami_version: str | None
    practice_software_usd_per_hour: dict[str, float]
    status: str
    as_of: str
    source: str

    @property
    def listing_url(self) -> str:
        """The listing's page on AWS Marketplace: subscribe here by hand."""
        return f"https://aws.amazon.com/marketplace/pp/{self.listing_id}"

    @property
    def instance_types(self) -> tuple[str, ...]:
        """The instance types that the model's packages were published for, the recommended one first."""
        return tuple(self.packages)

    @property
    def generates(self) -> bool:
        """Whether the model writes text (embed and rerank models do not)."""
        return self.api in GENERATING_APIS

    def package_arn(self, region: str, instance_type: str | None = None) -> str:
        """The model package's ARN in `region`; raises UnsupportedRegion or UnknownInstanceType.

        The package id is the same everywhere; the account is AWS Marketplace's own in that region.
        """
        self.check_region(region)
        package = self.packages[self.check_instance_type(instance_type)]
        return f"arn:aws:sagemaker:{region}:{publishing_accounts()[region]}:model-package/{package}"

    def check_region(self, region: str) -> str:
        """Return `region`, or raise UnsupportedRegion with the regions there are."""
        if region not in self.regions:
            raise UnsupportedRegion(
                f"{self.name} is not published in {region}. Choose one of: {', '.join(self.regions)}."
            )
        return region

    def check_instance_type(self, instance_type: str | None) -> str:
        """Return `instance_type` (None: the recommended one), or raise UnknownInstanceType."""
        if instance_type is None:
            return self.instance_types[0]
        if instance_type not in self.packages:
            raise UnknownInstanceType(
                f"{self.name} has no package for {instance_type!r}. "
                f"Choose one of: {', '.join(self.packages)}."
            )
        return instance_type


def models() -> tuple[Model, ...]:
    """All models of the catalogue, text-generating ones first."""
    return tuple(_models().values())


def model(model_id: str) -> Model:
    """The model of that id; raises UnknownModel with the ids there are."""
    if model_id not in _models():
        raise UnknownModel(f"No model {model_id!r} in the catalogue. Choose one of: {', '.join(_models())}.")
    return _models()[model_id]


def model_of_package(package_arn: str) -> Model | None:
    """The model that a model package's ARN (or id) belongs to; None for a package the catalogue lacks."""
    package = package_arn.rpartition("/")[2]
    return next((m for m in models() if package in m.packages.values()), None)


def instance_types() -> tuple[InstanceType, ...]:
    """All instance types of the catalogue, the smallest first."""
    return tuple(_instance_types().values())


def instance_type(name: str) -> InstanceType:
    """The instance type of that name; raises UnknownInstanceType with the names there are."""
    if name not in _instance_types():
        raise UnknownInstanceType(
            f"No instance type {name!r} in the catalogue. Choose one of: {', '.join(_instance_types())}."
        )
    return _instance_types()[name]


def publishing_accounts() -> dict[str, str]:
    """Region -> the account that AWS Marketplace publishes model packages from in that region."""
    return dict(_document("models")["region_accounts"])


@cache
def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return document


@cache
def _instance_types() -> dict[str, InstanceType]:
    return {entry["type"]: InstanceType(**entry) for entry in _document("instances")["instances"]}


@cache
def _models() -> dict[str, Model]:
    return {entry["id"]: _read_model(entry) for entry in _document("models")["models"]}


def _read_model(entry: dict[str, Any]) -> Model:
    everywhere = tuple(publishing_accounts())
    regions = everywhere if entry["regions"] == "all" else tuple(entry["regions"])
    return Model(
        id=entry["id"],
        name=entry["name"],
        api=entry["api"],
        listing_id=entry["listing_id"],
        packages=entry["packages"],
        regions=regions,
        first_regions=tuple(entry.get("first_published", {}).get("regions", regions)),
        limits={name: Limit(*triple) for name, triple in entry.get("limits", {}).items()},
        context_tokens=entry.get("context_tokens"),
        inference_ami_version=entry.get("inference_ami_version"),
        practice_software_usd_per_hour=entry.get("practice_software_usd_per_hour", {}),
        status=entry.get("status", ""),
        as_of=entry["as_of"],
        source=entry["source"],
    )


def load_prompts(path: str | Path = DATA / "prompts.json") -> dict[str, str]:
    """The prompts of a file, by id; raises BadInput if it is missing or of another shape."""
    try:
        listed = json.loads(Path(path).read_text(encoding="utf-8"))["prompts"]
        return {entry["id"]: entry["prompt"] for entry in listed}
    except FileNotFoundError as error:
        raise BadInput(f"There are no prompts in {path}: the file does not exist.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f'{path} is not a file of prompts: it takes {{"prompts": [{{"id": ..., "prompt": ...}}]}}.'
        ) from error
