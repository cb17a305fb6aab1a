"""JumpStart's hub, and what of it is Cohere's."""

import json

import pytest

from helpers import catalog

from ..practice_world import World, error

HUB = {"HubName": "SageMakerPublicHub", "HubContentType": "Model"}


@pytest.fixture
def world():
    return World()


def test_cohere_s_models_are_listed_in_pages(world):
    listed, params = [], {**HUB, "MaxResults": 3, "SortBy": "HubContentName", "SortOrder": "Ascending"}
    while True:
        page = world.sagemaker("ListHubContents", **params)
        assert len(page["HubContentSummaries"]) <= 3
        listed += page["HubContentSummaries"]
        if "NextToken" not in page:
            break
        params["NextToken"] = page["NextToken"]
    names = [each["HubContentName"] for each in listed]
    assert sorted(names) == sorted(name for model in catalog.models() for name in model.jumpstart_ids)
    assert len(set(names)) == len(names) > 5
    chosen = world.sagemaker("ListHubContents", **HUB, NameContains="rerank")["HubContentSummaries"]
    assert [each["HubContentName"] for each in chosen if "rerank" not in each["HubContentName"]] == []
    arn = {**HUB, "HubName": "arn:aws:sagemaker:us-east-1:aws:hub/SageMakerPublicHub", "MaxResults": 100}
    assert len(world.sagemaker("ListHubContents", **arn)["HubContentSummaries"]) == len(names)


def test_a_model_is_described_with_its_package_and_its_listing(world):
    model = catalog.model("cohere-medium")
    found = world.sagemaker("DescribeHubContent", **HUB, HubContentName="cohere-gpt-medium")
    assert found["HubContentDisplayName"] == model.name
    assert found["SupportStatus"] == "Deprecated"
    assert json.loads(found["HubContentDocument"]) == {
        "ModelSubscriptionLink": model.listing_url,
        "HostingModelPackageArn": model.package_arn("us-east-1"),
        "DefaultInferenceInstanceType": "ml.g5.xlarge",
        "SupportedInferenceInstanceTypes": list(model.packages),
    }


def test_every_entry_can_be_described(world):
    for model in catalog.models():
        for name in model.jumpstart_ids:
            if "us-east-1" in model.regions:
                found = world.sagemaker("DescribeHubContent", **HUB, HubContentName=name)
                assert found["HubContentName"] == name


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        ("ListHubContents", {"HubName": "mine"}),
        ("DescribeHubContent", {"HubName": "mine", "HubContentName": "cohere-gpt-medium"}),
        ("DescribeHubContent", {"HubContentName": "meta-llama"}),
        ("DescribeHubContent", {"HubContentName": "cohere-gpt-medium", "HubContentType": "Notebook"}),
        ("DescribeHubContent", {"HubContentName": "cohere-gpt-medium", "HubContentVersion": "9.9.9"}),
    ],
)
def test_what_is_not_there(world, operation, changes):
    assert error(world.sagemaker, operation, **{**HUB, **changes}).startswith("ResourceNotFound: ")


def test_there_are_no_notebooks_of_cohere_s(world):
    notebooks = {**HUB, "HubContentType": "Notebook"}
    assert world.sagemaker("ListHubContents", **notebooks) == {"HubContentSummaries": []}
