"""Checks of the notebooks' parameters, as papermill, a batch table or a reader sets them.

papermill passes all of `-r` as text, and of `-p` everything but numbers, None, True and False as Python
writes them; `-y` and a reader's edits keep their types. A wrong value ends the notebook before any request.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import catalog
from ..connect.consent import AMOUNT, YES_OR_NO, is_amount, is_yes_or_no, refusal
from ..deploy.deadline import HOURS_RULE, is_hours
from ..deploy.endpoint import NAME_RULE, is_name
from ..errors import BadInput

REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
INSTANCE = re.compile(r"ml\.[a-z][a-z0-9-]*\.\d*x?large", re.ASCII)
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)


@dataclass(frozen=True)
class Rule:
    """The values that a parameter takes: a test, and its description for errors."""

    fits: Callable[[Any], bool]
    takes: str
    only_text: bool = False

    @property
    def or_none(self) -> "Rule":
        """The same rule, which also takes None."""
        return Rule(lambda value: value is None or self.fits(value), f"{self.takes}, or None")

    def describe(self, value: object) -> str:
        """Return what the parameter takes; for text, also how papermill passes other types."""
        if self.only_text or not isinstance(value, str):
            return self.takes
        return f"{self.takes} (with papermill: -p for a number, True, False or None, -y for a list)"


def check(**given: object) -> None:
    """Raise BadInput, naming the parameter and what it takes, if a given one is wrong; sends no request.

    A number in `want` is at most `repetitions`. With a `model_id`, also check `max_tokens`,
    `max_tokens_values`, `temperature`, `temperatures` (the lowest, as a notebook leaves out what is too
    high) and `instance_type` against what that model takes, or that of `model_package_arn`, whose region
    must be `region`; `api` must fit it.
    """
    for name, value in given.items():
        if name not in RULES:
            raise BadInput(f"There is no rule for a parameter {name}; there are {', '.join(RULES)}.")
        if not RULES[name].fits(value):
            raise refusal(name, value, RULES[name].describe(value))
    _check_want(given.get("want"), given.get("repetitions"))
    if "model_id" in given:
        _check_for_model(given)


def _check_want(want: Any, repetitions: Any) -> None:
    if repetitions is not None and type(want) in (int, float) and want > repetitions:
        raise BadInput(
            f"want is {want:g} different answers, but each setting is asked {repetitions} times: want fewer, "
            "or set more repetitions. Nothing was done."
        )


def _check_for_model(given: Mapping[str, Any]) -> None:
    model, api = catalog.model(given["model_id"]), given.get("api")
    arn = given.get("model_package_arn")
    if arn is not None:
        _check_region(arn, given.get("region"))
        model = catalog.of_package(arn, api, given.get("instance_type"))
    # Without an ARN, another api may be meant for what the endpoint serves: its client will see.
    limits = model.limits if api in (None, model.api) else catalog.package_limits(api)
    for name, limit in limits.items():
        if name in given:
            limit.check(name, given[name])
    if "max_tokens" in limits:
        for value in given.get("max_tokens_values", ()):
            limits["max_tokens"].check("each of max_tokens_values", value)
    if "temperature" in limits and "temperatures" in given:
        limits["temperature"].check("the lowest of temperatures", min(given["temperatures"]))
    if "instance_type" in given:
        model.check_instance_type(given["instance_type"])


def _check_region(package_arn: str, region: object) -> None:
    own = catalog.package_region(package_arn)
    if region is not None and own != region:
        raise BadInput(
            f"model_package_arn is of {own}, and region is {region!r}: a package runs in its own region. "
            f"The listing's Configure page has the ARN of each region."
        )


def _is_text(value: object) -> bool:
    return type(value) is str and bool(value.strip())


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: type(value) is str and bool(pattern.fullmatch(value))


def _one_of(names: Callable[[], list[str]]) -> Callable[[object], bool]:
    return lambda value: type(value) is str and value in names()


def _is_count(value: object) -> bool:
    return type(value) is int and is_amount(value) and value >= 1


def _is_speed(value: object) -> bool:
    return is_amount(value) and 1 <= value <= 600  # type: ignore[operator]


def _are_counts(value: object) -> bool:
    return type(value) is list and bool(value) and all(map(_is_count, value))


def _are_amounts(value: object) -> bool:
    return type(value) is list and bool(value) and all(map(is_amount, value))


def _model_ids() -> list[str]:
    return [each.id for each in catalog.models()]


_COUNT = Rule(_is_count, "a whole number of 1 or more")
_AMOUNT = Rule(is_amount, AMOUNT)
_YES_OR_NO = Rule(is_yes_or_no, YES_OR_NO)
_APIS = ", ".join(catalog.GENERATING_APIS)
_PACKAGE = "arn:aws:sagemaker:us-east-1:865070037744:model-package/name"
_TEXT = Rule(_is_text, "text that is not empty", only_text=True)

RULES: dict[str, Rule] = {
    "runtime": Rule(_one_of(lambda: ["sandbox", "aws"]), "'sandbox' or 'aws'", only_text=True),
    "region": Rule(_matches(REGION), "the name of an AWS region, such as 'us-east-1'", only_text=True),
    "model_id": Rule(_one_of(_model_ids), f"one of {', '.join(_model_ids())}", only_text=True),
    "accept_terms": _YES_OR_NO,
    "set_up_account": _YES_OR_NO,
    "cancel_subscription": _YES_OR_NO,
    "endpoint_name": Rule(is_name, NAME_RULE, only_text=True),
    "instance_type": Rule(
        _matches(INSTANCE), "an instance type of SageMaker, such as 'ml.g5.xlarge'"
    ).or_none,
    "role_arn": Rule(_matches(ROLE), "a role's ARN, such as 'arn:aws:iam::111122223333:role/name'").or_none,
    "max_usd_per_hour": _AMOUNT.or_none,
    "software_usd_per_hour": _AMOUNT.or_none,
    "delete_after_hours": Rule(is_hours, HOURS_RULE),
    "prompt": _TEXT,
    "max_tokens": _COUNT,
    "temperature": _AMOUNT,
    "max_tokens_values": Rule(_are_counts, "a list of whole numbers of 1 or more"),
    "temperatures": Rule(_are_amounts, "a list of numbers of 0 or more"),
    "repetitions": _COUNT,
    "users": Rule(_are_counts, "a list of whole numbers of 1 or more"),
    "seconds_each": _AMOUNT,
    "clock_speed": Rule(_is_speed, "a number from 1 to 600"),
    "want": Rule(catalog.is_want, catalog.WANT_RULE),
    "runs_folder": _TEXT,
    "model_package_arn": Rule(catalog.is_package_arn, f"a model package's ARN, such as {_PACKAGE!r}").or_none,
    "api": Rule(_one_of(lambda: list(catalog.GENERATING_APIS)), f"one of {_APIS}").or_none,
}
