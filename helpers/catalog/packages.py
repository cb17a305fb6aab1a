"""Model packages by their ARN, the catalogue's and all others, and the API that one talks to them by."""

import re
from dataclasses import replace

from ..errors import BadInput
from .models import Model, Status, model, model_of_package
from .settings import CHAT_APIS, GENERATING_APIS, package_limits

PACKAGE_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:"
    r"model-package/([a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}(?:/\d{1,9})?)",
    re.ASCII,
)
# Cohere's setup guide asks for it for all software after 1.0.5 (cohere-developer-experience@e814c8a).
CHAT_AMI = "al2-ami-sagemaker-inference-gpu-2"


def is_package_arn(value: object) -> bool:
    """Return whether it has the shape of a model package's ARN."""
    return type(value) is str and bool(PACKAGE_ARN.fullmatch(value))


def package_region(package_arn: str) -> str:
    """Return the region of a model package's ARN. Raises BadInput for another text."""
    return _parts(package_arn)[0]


def choose(
    model_id: str, package_arn: str | None = None, api: str | None = None, instance_type: str | None = None
) -> Model:
    """Return the model to use: the package's if its ARN is given, otherwise the catalogue's `model_id`.

    `api` replaces the catalogue's within generate or within chat; a package that the catalogue lacks needs
    it. Raises BadInput, or UnknownModel for the id.
    """
    if package_arn is None:
        return with_api(model(model_id), api)
    return of_package(package_arn, api, instance_type)


def of_package(package_arn: str, api: str | None = None, instance_type: str | None = None) -> Model:
    """Return the model of that one package; one that the catalogue lacks needs its `api`. Raises BadInput."""
    region, package = _parts(package_arn)
    known = model_of_package(package_arn)
    if known is None:
        return custom(package_arn, api, *([instance_type] if instance_type else []))
    types = {kind: each for kind, each in known.packages.items() if each == package}
    return replace(with_api(known, api), packages=types, regions=(region,), arn=package_arn)


def custom(package_arn: str, api: str | None, *instance_types: str) -> Model:
    """Return a model for a package that the catalogue lacks; its ranges are those of the API's models.

    Raises BadInput for what is no such ARN, or no API that writes text.
    """
    region, package = _parts(package_arn)
    if api not in GENERATING_APIS:
        raise BadInput(
            f"The catalogue does not know the package {package}: set api to the one it is talked to by, "
            f"{', '.join(GENERATING_APIS)} (Command A and newer: chat-v2)."
        )
    name = package.replace("/", "-")
    return Model(
        id=name,
        name=name,
        api=api,
        listing_id=None,
        packages=dict.fromkeys(instance_types, package),
        regions=(region,),
        first_regions=(region,),
        limits=package_limits(api),
        context_tokens=None,
        inference_ami_version=CHAT_AMI if api in CHAT_APIS else None,
        practice_software_usd_per_hour={},
        status=Status("not known", note="the catalogue does not list this package"),
        as_of="",
        source="the package's ARN, as given",
        arn=package_arn,
    )


def with_api(known: Model, api: str | None) -> Model:
    """Return the model, talked to by `api` (None: by its own). Raises BadInput for one it can't have."""
    if api is None or api == known.api:
        return known
    if {api, known.api} <= set(CHAT_APIS):
        return replace(known, api=api)
    raise BadInput(f"api is {api!r}, and {known.name} is talked to by {known.api}: leave api = None.")


def _parts(package_arn: str) -> tuple[str, str]:
    """Return an ARN's region and package id. Raises BadInput."""
    found = PACKAGE_ARN.fullmatch(package_arn)
    if found is None:
        raise BadInput(
            f"{package_arn!r} is not a model package's ARN, such as "
            "arn:aws:sagemaker:us-east-1:865070037744:model-package/name: copy the Product ARN from the "
            "listing's Configure page."
        )
    return found[1], found[2]
