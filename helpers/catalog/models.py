"""Cohere's models, the packages they are sold as, and the regions; the facts are in `data/models.json`."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from ..errors import UnknownInstanceType, UnknownModel, UnsupportedRegion
from .data import document
from .settings import GENERATING_APIS, Limit, shared_limits

SUBSCRIPTIONS_URL = "https://console.aws.amazon.com/marketplace/home#/subscriptions"


@dataclass(frozen=True)
class Status:
    """Whether a model is still sold: `date` is that of the announcement, or of the page that lists it.

    Cohere's own words for the stages are active, deprecated (not for new customers) and shutdown.
    """

    stage: Literal["offered", "deprecated", "ended", "not known"]
    date: str = ""
    note: str = ""
    source: str = ""

    def __str__(self) -> str:
        since = "as of" if self.stage == "offered" else "since"
        dated = f"{self.stage} {since} {self.date}" if self.date else self.stage
        return f"{dated}{': ' if self.note else ''}{self.note}{f' ({self.source})' if self.source else ''}"


@dataclass(frozen=True)
class Model:
    """One model of Cohere's on AWS Marketplace: a model package for each instance type and region.

    `listing_id` is None where no listing is known; `arn` is set where one package alone is meant.
    """

    id: str
    name: str
    api: str
    listing_id: str | None
    packages: dict[str, str]
    regions: tuple[str, ...]
    first_regions: tuple[str, ...]
    limits: dict[str, Limit]
    context_tokens: int | None
    inference_ami_version: str | None
    practice_software_usd_per_hour: dict[str, float]
    status: Status
    as_of: str
    source: str
    arn: str | None = None
    jumpstart_ids: tuple[str, ...] = ()  # its names in SageMakerPublicHub, as far as they are known

    @property
    def listing_url(self) -> str:
        """The model's listing on AWS Marketplace, where one subscribes by hand; else your subscriptions."""
        if self.listing_id is None:
            return SUBSCRIPTIONS_URL
        return f"https://aws.amazon.com/marketplace/pp/{self.listing_id}"

    @property
    def warning(self) -> str:
        """What to know before subscribing to it; empty while it is offered."""
        if self.status.stage not in ("deprecated", "ended"):
            return ""
        return f"{self.name}: {self.status}. On AWS, expect a new subscription to be refused."

    @property
    def instance_types(self) -> tuple[str, ...]:
        """The instance types that the model's packages were published for, the recommended one first."""
        return tuple(self.packages)

    @property
    def generates(self) -> bool:
        """Whether the model writes text (embed and rerank models do not)."""
        return self.api in GENERATING_APIS

    def package_arn(self, region: str, instance_type: str | None = None) -> str:
        """Return the model package's ARN in `region`; raise UnsupportedRegion or UnknownInstanceType.

        The package id is the same everywhere; the account is AWS Marketplace's own in that region.
        """
        self.check_region(region)
        if self.arn is not None:
            self.check_instance_type(instance_type)
            return self.arn
        package = self.packages[self.check_instance_type(instance_type)]
        return f"arn:aws:sagemaker:{region}:{publishing_accounts()[region]}:model-package/{package}"

    def check_region(self, region: str) -> str:
        """Return `region`, or raise UnsupportedRegion, listing the model's regions."""
        if region not in self.regions:
            raise UnsupportedRegion(
                f"{self.name} is not published in {region}. Choose one of: {', '.join(self.regions)}."
            )
        return region

    def check_instance_type(self, instance_type: str | None) -> str:
        """Return `instance_type` (None: the recommended one), or raise UnknownInstanceType.

        Where the catalogue knows none of the package's types, each is taken and SageMaker decides.
        """
        if instance_type is None and not self.packages:
            raise UnknownInstanceType(
                f"The catalogue does not know what {self.name} runs on: set instance_type to one that the "
                "listing's Configure page names."
            )
        if instance_type is None:
            return self.instance_types[0]
        if self.packages and instance_type not in self.packages:
            raise UnknownInstanceType(
                f"{self.name} has no package for {instance_type!r}. "
                f"Choose one of: {', '.join(self.packages)}."
            )
        return instance_type


def models() -> tuple[Model, ...]:
    """Return all models of the catalogue, text-generating ones first."""
    return tuple(_models().values())


def model(model_id: str | Model) -> Model:
    """Return the model of that id (a Model: itself); raise UnknownModel, listing the known ids."""
    if isinstance(model_id, Model):
        return model_id
    if model_id not in _models():
        raise UnknownModel(f"No model {model_id!r} in the catalogue. Choose one of: {', '.join(_models())}.")
    return _models()[model_id]


def model_of_package(package_arn: str) -> Model | None:
    """Return the model of a model package's ARN (or id); None for a package the catalogue lacks."""
    package = package_arn.rpartition("/")[2]
    return next((m for m in models() if package in m.packages.values()), None)


def publishing_accounts() -> dict[str, str]:
    """Return, by region, the account that AWS Marketplace publishes model packages from."""
    return dict(document("models")["region_accounts"])


@cache
def _models() -> dict[str, Model]:
    return {entry["id"]: _read_model(entry) for entry in document("models")["models"]}


def _read_model(entry: dict[str, Any]) -> Model:
    everywhere = tuple(publishing_accounts())
    regions = everywhere if entry["regions"] == "all" else tuple(entry["regions"])
    own = {name: Limit(*triple) for name, triple in entry.get("limits", {}).items()}
    return Model(
        id=entry["id"],
        name=entry["name"],
        api=entry["api"],
        listing_id=entry.get("listing_id"),
        packages=entry["packages"],
        regions=regions,
        first_regions=tuple(entry.get("first_published", {}).get("regions", regions)),
        limits=shared_limits(entry["api"]) | own,
        context_tokens=entry.get("context_tokens"),
        inference_ami_version=entry.get("inference_ami_version"),
        practice_software_usd_per_hour=entry.get("practice_software_usd_per_hour", {}),
        status=Status(**entry["status"]),
        as_of=entry["as_of"],
        source=entry["source"],
        jumpstart_ids=tuple(entry.get("jumpstart_ids", ())),
    )
