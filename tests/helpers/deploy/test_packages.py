"""A package is refused for an instance type only where SageMaker says so itself."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers.deploy.packages import Package, check_package, describe_package
from helpers.errors import NotConnected, UnknownInstanceType

ARN = "arn:aws:sagemaker:us-east-1:865070037744:model-package/a"


class Described:
    """A session whose SageMaker describes a package, or fails."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def client(self, service: str) -> "Described":
        assert service == "sagemaker"
        return self

    def describe_model_package(self, ModelPackageName: str) -> Any:  # noqa: N803
        assert ModelPackageName == ARN
        if isinstance(self.answer, str):
            raise ClientError({"Error": {"Code": self.answer, "Message": "words"}}, "DescribeModelPackage")
        return {"ModelPackageStatus": "Completed", **self.answer}


def types(*names: str) -> dict[str, Any]:
    return {"InferenceSpecification": {"SupportedRealtimeInferenceInstanceTypes": list(names)}}


def test_a_type_that_the_package_does_not_list_is_refused_with_those_it_does() -> None:
    described: Any = Described(types("ml.a", "ml.b"))
    assert describe_package(described, ARN) == Package("Completed", ("ml.a", "ml.b"))
    check_package(described, ARN, "ml.b")
    with pytest.raises(UnknownInstanceType, match=r"does not run on ml\.c\. Choose one of: ml\.a, ml\.b"):
        check_package(described, ARN, "ml.c")


@pytest.mark.parametrize(
    "answer", [{}, types(), "AccessDeniedException", "ValidationException", "ThrottlingException"]
)
def test_what_is_not_told_stops_nobody(answer: Any) -> None:
    described: Any = Described(answer)
    check_package(described, ARN, "ml.c")


def test_who_is_not_connected_is_told_so() -> None:
    described: Any = Described("ExpiredTokenException")
    with pytest.raises(NotConnected):
        check_package(described, ARN, "ml.c")
