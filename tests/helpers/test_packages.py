"""Model packages by their ARN: the catalogue's own, and those that it lacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import catalog
from helpers.errors import BadInput, UnknownInstanceType, UnsupportedRegion

COMMAND_A = "arn:aws:sagemaker:us-east-1:865070037744:model-package/cohere-command-a-0325-0123456789abcdef"
R = catalog.model("command-r-08-2024")


@pytest.mark.parametrize("api", catalog.GENERATING_APIS)
def test_a_package_that_is_not_listed_has_the_ranges_of_its_api(api: str) -> None:
    model = catalog.choose("cohere-medium", COMMAND_A, api, "ml.p5.48xlarge")
    assert (model.api, model.listing_id, model.instance_types) == (api, None, ("ml.p5.48xlarge",))
    assert model.package_arn("us-east-1") == model.package_arn("us-east-1", "ml.p5.48xlarge") == COMMAND_A
    assert model.generates
    assert model.limits["temperature"].high == (5 if api == "generate" else 1)
    listed = next(
        each for each in catalog.models() if {each.api, api} <= {"generate"} or each.api == "chat-v1"
    )
    assert set(model.limits) == set(listed.limits)
    with pytest.raises(UnsupportedRegion, match="us-east-1"):
        model.package_arn("eu-west-1")
    with pytest.raises(UnknownInstanceType, match=r"ml\.p5\.48xlarge"):
        model.package_arn("us-east-1", "ml.g5.xlarge")


def test_where_no_type_is_said_one_has_to_be() -> None:
    model = catalog.choose("cohere-medium", COMMAND_A, "chat-v2")
    with pytest.raises(UnknownInstanceType, match="set instance_type"):
        model.check_instance_type(None)
    assert model.check_instance_type("ml.p5.48xlarge") == "ml.p5.48xlarge"


def test_a_listed_package_is_the_catalogues_model_on_its_own_types() -> None:
    arn = R.package_arn("eu-west-1", "ml.p5.48xlarge")
    model = catalog.choose("cohere-medium", arn)
    assert (model.id, model.listing_id, model.limits) == (R.id, R.listing_id, R.limits)
    assert model.instance_types == ("ml.p5.48xlarge",)
    assert model.package_arn("eu-west-1") == arn


def test_only_chat_has_two_apis_to_choose_from() -> None:
    assert catalog.choose(R.id) == R
    assert catalog.choose(R.id, api="chat-v2").api == "chat-v2"
    assert catalog.choose(R.id, api="chat-v2").limits == R.limits
    for model_id, api in ((R.id, "generate"), ("cohere-medium", "chat-v2"), ("embed-v4", "chat-v2")):
        with pytest.raises(BadInput, match=f"api is '{api}'.*leave api = None"):
            catalog.choose(model_id, api=api)


@pytest.mark.parametrize("api", [None, "chat", "embed"])
def test_an_api_has_to_be_said_of_what_is_not_listed(api: str | None) -> None:
    with pytest.raises(BadInput, match=r"set api to .*generate, chat-v1, chat-v2"):
        catalog.choose("cohere-medium", COMMAND_A, api)


@given(st.text() | st.text("arn:wsagemkpck-/1 ", max_size=80))
def test_what_is_no_arn_is_refused(text: str) -> None:
    assert not catalog.is_package_arn(text)
    with pytest.raises(BadInput, match="is not a model package's ARN"):
        catalog.of_package(text, "chat-v2")


def test_a_version_of_a_package_group_is_a_package_too() -> None:
    model = catalog.of_package("arn:aws:sagemaker:us-east-1:111122223333:model-package/group/3", "generate")
    assert (model.id, model.arn) == (
        "group-3",
        "arn:aws:sagemaker:us-east-1:111122223333:model-package/group/3",
    )
