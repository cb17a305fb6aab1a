"""The catalogue: every entry can be used, and every mistake is named before a request."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import catalog
from helpers.errors import BadInput, UnknownInstanceType, UnknownModel, UnsupportedRegion


@pytest.mark.parametrize("model", catalog.models(), ids=lambda model: model.id)
def test_every_model_has_a_package_for_every_region_and_instance_type(model: catalog.Model) -> None:
    for region in model.regions:
        for instance_type in model.instance_types:
            arn = model.package_arn(region, instance_type)
            assert catalog.model_of_package(arn) == model
            assert f":{region}:{catalog.publishing_accounts()[region]}:" in arn
    assert model.as_of
    assert model.source
    assert model.status.date
    assert model.status.source
    assert bool(model.warning) == (model.status.stage != "offered")


@pytest.mark.parametrize("model", catalog.models(), ids=lambda model: model.id)
def test_every_instance_type_of_a_model_is_described(model: catalog.Model) -> None:
    assert all(catalog.instance_type(name).gpu_memory_gb for name in model.instance_types)


def test_medium_was_first_published_in_two_regions() -> None:
    assert set(catalog.model("cohere-medium").first_regions) == {"us-east-1", "eu-west-1"}


def test_mistakes_name_the_choices() -> None:
    with pytest.raises(UnknownModel, match="cohere-medium"):
        catalog.model("cohere-xl")
    with pytest.raises(UnsupportedRegion, match="us-east-1"):
        catalog.model("cohere-medium").package_arn("af-south-1")
    with pytest.raises(UnknownInstanceType, match=r"ml\.g5\.xlarge"):
        catalog.model("cohere-medium").package_arn("us-east-1", "ml.t3.medium")
    with pytest.raises(UnknownInstanceType):
        catalog.instance_type("ml.g99.xlarge")


@pytest.mark.parametrize("value", [-0.1, 5.1, True, "1", None, float("nan")])
def test_a_limit_refuses_what_is_no_number_in_its_range(value: object) -> None:
    with pytest.raises(BadInput):
        catalog.Limit(0, 5, 1).check("temperature", value)  # type: ignore[arg-type]


def test_both_ends_are_in_the_range() -> None:
    for value in (0, 5, 2.5):
        catalog.Limit(0, 5, 1).check("temperature", value)


@given(st.sampled_from(sorted(catalog.SETTINGS)), st.floats() | st.integers())
def test_a_setting_reads_a_number_within_its_range_and_refuses_all_others(name: str, value: float) -> None:
    setting, limit = catalog.SETTINGS[name], catalog.Limit(0, 10, 1)
    fits = 0 <= value <= 10 and not (setting.is_whole and value != int(value))
    if fits:
        read = setting.read(value, limit)
        assert (read, type(read)) == (value, int if setting.is_whole else float)
    else:
        with pytest.raises(BadInput, match=name):
            setting.read(value, limit)


@pytest.mark.parametrize("value", [10.7, 0.5])
def test_a_fraction_is_no_whole_number(value: float) -> None:
    with pytest.raises(BadInput, match=f"max_tokens is {value}; it takes a whole number"):
        catalog.SETTINGS["max_tokens"].read(value, catalog.Limit(0, 100, 20))


def test_a_range_stands_in_the_table_or_with_the_models_and_not_in_both() -> None:
    listed = json.loads((catalog.DATA / "models.json").read_text())["models"]
    shared = {name for name, setting in catalog.SETTINGS.items() if setting.limit}
    assert not shared & {name for each in listed for name in each.get("limits", ())}
