"""Whatever botocore is installed, its models may say other things than those that were tested.

They are made to, for every operation and every shape of its answer and its request; and no answer fails.
"""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from botocore.model import ServiceModel
from starlette.requests import Request

from helpers.sandbox.aws import drift
from helpers.sandbox.aws.drift import NotInTheModel
from helpers.sandbox.aws.service import AwsError, Service, load_model
from helpers.sandbox.services.runtime import checks

from ..fuzzing import OPERATIONS
from ..walk import walk

Raw = dict[str, Any]
Change = Callable[[Raw], None]
SIDES = ("output", "input")
NEWS = {
    "Text": {"type": "string", "enum": ["NEW"]},
    "List": {"type": "list", "member": {"shape": "NewText"}, "min": 1},
    "Map": {"type": "map", "key": {"shape": "NewText"}, "value": {"shape": "NewText"}},
    "Structure": {"type": "structure", "members": {"Inner": {"shape": "NewText"}}, "required": ["Inner"]},
    "Time": {"type": "timestamp"},
    "Count": {"type": "integer", "min": 1},
}


@pytest.fixture(autouse=True)
def forgiving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_STRICT", "0")


def described(service_name: str) -> Raw:
    model = load_model(service_name)
    return dict(model._service_description)


def reachable(shapes: Raw, name: str, found: dict[str, None]) -> dict[str, None]:
    if name not in found:
        found[name] = None
        shape = shapes[name]
        for each in [
            *shape.get("members", {}).values(),
            *(shape.get(k, {}) for k in ("member", "key", "value")),
        ]:
            if "shape" in each:
                reachable(shapes, each["shape"], found)
    return found


def drifted(service_name: str, operation: str, side: str, change: Change) -> ServiceModel:
    """The model with copies of all shapes of one side of an operation, changed; the rest is as it was."""
    raw = described(service_name)
    shapes, operations = dict(raw["shapes"]), dict(raw["operations"])
    if side in operations[operation]:
        top = operations[operation][side]["shape"]
        for name in reachable(raw["shapes"], top, {}):
            shapes[f"Drifted{name}"] = copied(raw["shapes"][name])
            change(shapes[f"Drifted{name}"])
        shapes |= {f"New{kind}": news for kind, news in NEWS.items()}
        operations[operation] = {**operations[operation], side: {"shape": f"Drifted{top}"}}
    return ServiceModel({**raw, "shapes": shapes, "operations": operations}, service_name)


def copied(shape: Raw) -> Raw:
    moved = dict(shape)
    if "members" in shape:
        moved["members"] = {n: {**m, "shape": f"Drifted{m['shape']}"} for n, m in shape["members"].items()}
        moved["required"] = list(shape.get("required", []))
    for key in ("member", "key", "value"):
        if key in shape:
            moved[key] = {**shape[key], "shape": f"Drifted{shape[key]['shape']}"}
    return moved


def requires_more(kind: str) -> Change:
    def change(shape: Raw) -> None:
        if "members" in shape:
            shape["members"]["BrandNew"] = {"shape": f"New{kind}"}
            shape["required"].append("BrandNew")

    return change


def lacks(number: int) -> Change:
    """Without the member of that number, in every structure that has so many."""

    def change(shape: Raw) -> None:
        for name in list(shape.get("members", {}))[number : number + 1]:
            del shape["members"][name]
            shape["required"] = [each for each in shape["required"] if each != name]

    return change


def retyped(number: int) -> Change:
    def change(shape: Raw) -> None:
        for name in list(shape.get("members", {}))[number : number + 1]:
            shape["members"][name] = {"shape": "NewStructure"}

    return change


def narrowed(shape: Raw) -> None:
    if "enum" in shape:
        shape["enum"] = ["NOTHING_OF_TODAY"]


def shorter(shape: Raw) -> None:
    if shape["type"] in ("string", "list", "map"):
        shape.update(max=0)
        shape.pop("min", None)


def demands_nothing(shape: Raw) -> None:
    shape.pop("required", None)


MOST = 60  # members of a structure
CHANGES = {
    **{f"requires another {kind}": requires_more(kind) for kind in NEWS},
    **{f"lacks member {number}": lacks(number) for number in range(MOST)},
    **{f"has another type for member {number}": retyped(number) for number in range(MOST)},
    "has other enums": narrowed,
    "has other lengths": shorter,
    "requires nothing": demands_nothing,
}


def test_the_walk_asks_for_every_operation() -> None:
    assert {operation for operation, _ in walk()} == {operation for _, operation in OPERATIONS}


def test_no_structure_has_more_members_than_are_taken_away() -> None:
    for service, operation in OPERATIONS:
        raw = described(service)
        tops = [
            raw["operations"][operation][side]["shape"]
            for side in SIDES
            if side in raw["operations"][operation]
        ]
        shapes = [raw["shapes"][name] for top in tops for name in reachable(raw["shapes"], top, {})]
        assert max(len(shape.get("members", {})) for shape in shapes) <= MOST


@pytest.mark.parametrize("change", CHANGES)
def test_every_answer_is_given_whatever_the_model_says_of_it(change: str) -> None:
    usual = dict(walk())

    def drift_of(service: Service, operation: str) -> None:
        vars(service)["model"] = drifted(service.service_name, operation, "output", CHANGES[change])

    for operation, answer in walk(drift_of):
        assert answer.keys() - {"BrandNew"} <= usual[operation].keys()
        if change.startswith("requires") or change == "has other enums":
            assert answer.keys() - {"BrandNew"} == usual[operation].keys(), "all that was known is told"


@pytest.mark.parametrize("operation", sorted({operation for _, operation in OPERATIONS}))
def test_every_request_is_answered_or_refused_whatever_the_model_says_of_it(operation: str) -> None:
    for name, change in CHANGES.items():

        def drift_of(service: Service, asked: str, change: Change = change) -> None:
            vars(service).pop("model", None)
            if asked == operation:
                vars(service)["model"] = drifted(service.service_name, operation, "input", change)

        assert 200 <= status_of(lambda drift_of=drift_of: until(operation, drift_of)) < 500, name


def until(operation: str, before: Callable[[Service, str], None]) -> None:
    for asked, _ in walk(before):
        if asked == operation:
            return


def status_of(call: Callable[[], None]) -> int:
    try:
        call()
    except AwsError as refused:
        return refused.status
    return 200


def test_a_difference_is_logged_once_and_is_an_error_under_test(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drift_of(service: Service, operation: str) -> None:
        if operation == "GetListing":
            vars(service)["model"] = drifted(service.service_name, operation, "output", requires_more("Text"))

    drift._logged.clear()
    with caplog.at_level(logging.WARNING, drift.__name__):
        for _ in range(3):
            answers = dict(walk(drift_of))
    told = [record.message for record in caplog.records if "BrandNew" in record.message]
    assert len(told) == len(set(told)) > 0
    assert "BrandNew" not in answers["GetListing"]
    monkeypatch.setenv("SANDBOX_STRICT", "1")
    with pytest.raises(NotInTheModel, match="BrandNew"):
        dict(walk(drift_of))


def test_what_a_newer_model_requires_is_empty_where_that_is_true() -> None:
    def drift_of(kind: str) -> Callable[[Service, str], None]:
        def before(service: Service, operation: str) -> None:
            vars(service)["model"] = drifted(service.service_name, operation, "output", requires_more(kind))

        return before

    assert dict(walk(drift_of("List")))["GetListing"]["BrandNew"] == []
    assert dict(walk(drift_of("Map")))["GetListing"]["BrandNew"] == {}
    assert "BrandNew" not in dict(walk(drift_of("Count")))["GetListing"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("operation", ["InvokeEndpoint", "InvokeEndpointWithResponseStream"])
def test_an_invocation_is_passed_on_or_refused(operation: str, change: str) -> None:
    model = drifted("sagemaker-runtime", operation, "input", CHANGES[change])
    headers = [(b"content-type", b"application/json"), (b"x-amzn-sagemaker-target-variant", b"AllTraffic")]
    request = Request({"type": "http", "headers": headers})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "load_model", lambda service_name: model)
        stream = operation != "InvokeEndpoint"
        assert 200 <= status_of(lambda: checks.check_members(request, "e", stream)) < 500
