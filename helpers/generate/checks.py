"""The checks of a request: what the model would refuse is refused before anything is sent."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..catalog import SETTINGS, Model
from ..catalog.settings import MAX_STOP_SEQUENCES
from ..errors import BadInput
from .types import Request

LIKELIHOODS = ("NONE", "GENERATION", "ALL")


def with_settings(request: Request, settings: Mapping[str, Any]) -> Request:
    """Return `request` with these settings; raise BadInput for an unknown name."""
    unknown = [name for name in settings if name not in SETTINGS]
    if unknown:
        raise BadInput(f"There is no setting {', '.join(unknown)}; there are {', '.join(SETTINGS)}.")
    return replace(request, **settings)


def check(request: Request, model: Model, supports: Callable[[str], bool]) -> Request:
    """Return `request` with its numbers as int or float; raise BadInput for a value out of the model's range.

    `supports` says whether the model's API has a feature or setting.
    """
    _check_prompt(request.prompt)
    if request.num_generations == 1 and not supports("num_generations"):  # what it always writes
        request = replace(request, num_generations=None)
    given = {name: each for name in SETTINGS if (each := getattr(request, name)) is not None}
    for name in given:
        if not supports(name):
            raise BadInput(f"{model.name} takes no {name}; leave it out.")
    if request.max_tokens == 0 and request.likelihoods == "ALL":  # to read the prompt alone
        del given["max_tokens"]
    limits = model.limits
    numbers: dict[str, Any] = {
        name: SETTINGS[name].read(each, limits[name]) for name, each in given.items() if name in limits
    }
    _check_likelihoods(request.likelihoods, model, supports)
    _check_stop_sequences(request.stop_sequences)
    if request.frequency_penalty and request.presence_penalty:
        # docs.cohere.com, errors: "cannot specify both frequency_penalty and presence_penalty."
        raise BadInput("frequency_penalty and presence_penalty exclude each other; leave one out.")
    return replace(request, **numbers)


def _check_prompt(prompt: object) -> None:
    if not isinstance(prompt, str):
        raise BadInput(f"The prompt is of type {type(prompt).__name__}; it takes one text.")
    if not prompt.strip():
        raise BadInput("The prompt is empty; the model needs at least one token to go on from.")


def _check_likelihoods(likelihoods: str, model: Model, supports: Callable[[str], bool]) -> None:
    if likelihoods not in LIKELIHOODS:
        raise BadInput(f"likelihoods is {likelihoods!r}; it is one of {', '.join(LIKELIHOODS)}.")
    if likelihoods != "NONE" and not supports("likelihoods"):
        raise BadInput(f"{model.name} gives no likelihoods; leave likelihoods='NONE'.")


def _check_stop_sequences(stops: Any) -> None:
    if isinstance(stops, str) or len(stops) > MAX_STOP_SEQUENCES or not all(stops):
        raise BadInput(f"stop_sequences is a list of up to {MAX_STOP_SEQUENCES} texts, none of them empty.")
